"""The quality report: says what to decide, where each fault is, and nothing that figures could inject."""

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from data_checks import render_quality_report, run_audit
from data_checks.findings import AuditResult, RuleOutcome
from disclosure.catalog import load_catalog
from disclosure.demo_figures import demo_figures, demo_history
from disclosure.errors import DisclosureError
from disclosure.figures import Source
from disclosure.periods import Period

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
Q1 = Period(2025, "q1")
NIGHT = dt.datetime(2025, 4, 27, 17, 30, tzinfo=dt.UTC)
ATTACK = "<script>alert(1)</script>\"'>&"


def page(result, *, demo=False):
    return render_quality_report(CATALOG, Q1, result, round_number=2, made_at=NIGHT, demo=demo)


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split("</style>")[1]))


@pytest.fixture(scope="module")
def good():
    return run_audit(CATALOG, Q1, demo_figures(CATALOG, Q1), demo_history(CATALOG, Q1))


@pytest.fixture(scope="module")
def bad():
    changed = []
    for figure in demo_figures(CATALOG, Q1):
        if figure.indicator == "unemployment.income":
            where = Source(file_name=f"就业中心{ATTACK}.xlsx", sheet="失业<b>", cell="D7")
            figure = replace(figure, value=figure.value * 10000, source=where)  # noqa: PLW2901
        if figure.indicator == "resident_medical.income":
            figure = replace(figure, value=None, state="not_provided", text=ATTACK)  # noqa: PLW2901
        if figure.indicator == "employee_pension.dependency_ratio":
            figure = replace(figure, value=None, text=ATTACK)  # noqa: PLW2901
        if figure.indicator == "work_injury.accumulated_balance":
            figure = replace(figure, value=figure.value + Decimal("7.00"))  # noqa: PLW2901
        changed.append(figure)
    changed.append(replace(changed[0], region=ATTACK, indicator=ATTACK, centre=ATTACK, unit=ATTACK))
    return run_audit(CATALOG, Q1, changed, demo_history(CATALOG, Q1))


def outcome(**fields):
    blank = {"rule": "R14", "name": "名", "description": "述", "reason": "因", "source": "据", "severity": "warning"}
    return RuleOutcome(**{**blank, "checked": 0, "failed": 0, "error": "", **fields})


def test_the_verdict_stands_at_the_top(good, bad):
    assert "可以通过" in text_of(page(good))[:200]
    assert "只能退回" in text_of(page(bad))[:200]
    warned = replace(bad, findings=tuple(f for f in bad.findings if f.severity == "warning"))
    assert "通过前须逐条说明" in text_of(page(warned))[:200]


def test_a_check_that_could_not_run_means_return_and_says_why():
    result = AuditResult(Q1, "d", "s", (), (outcome(error="检查没有运行成功（缺列），按严重问题处理。"),))
    shown = text_of(page(result))
    assert "只能退回" in shown[:200]
    assert "未能运行的检查（1）" in shown
    assert "缺列" in shown


def test_a_finding_shows_everything_a_statistician_needs(bad):
    shown = text_of(page(bad))
    found = next(f for f in bad.findings if f.rule == "R70")
    for words in (
        "工作表“失业&lt;b&gt;”单元格 D7",
        "楚雄彝族自治州",
        "基金收入",
        found.value,
        found.expected,
        found.difference,
    ):
        assert words in shown
    assert "应为万元，填成了元" in shown


def test_counts_by_severity_and_centre(bad):
    html = page(bad)
    counts = re.findall(
        r'<tr><th scope="row">([^<]+)</th><td[^>]*>(\d+)</td><td[^>]*>(\d+)</td><td[^>]*>(\d+)</td>', html
    )
    assert {name for name, *_ in counts} >= {centre.name for centre in CATALOG.centres}
    assert [sum(int(row[n]) for row in counts) for n in (1, 2, 3)] == [
        bad.count(severity) for severity in ("critical", "warning", "info")
    ]


def test_every_rule_is_in_the_coverage_with_what_it_compared(good):
    html = page(good).split('id="coverage"')[1]
    for rule in good.rules:
        row = html.split(f"<code>{rule.rule}</code>")[1].split("</tr>")[0]
        assert f">{rule.checked:,}<" in row
        assert f">{rule.skipped:,}<" in row
        assert rule.description in row
        assert ("无可比" in text_of(f"</style>{row.split('status')[1]}")) == (rule.checked == 0)


def test_the_run_signs_with_digest_version_and_local_time(good):
    html = page(good)
    assert good.data_digest in html
    assert good.suite_version in html
    assert "2025-04-28 01:30" in html
    assert "第2轮" in html


def test_demo_is_labelled_and_only_then(good):
    assert "演示" in text_of(page(good, demo=True))
    assert "演示" not in text_of(page(good))


def test_nothing_a_figure_says_becomes_markup(bad):
    html = page(bad)
    assert "<script" not in html
    assert ATTACK not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "失业<b>" not in html


class _Addresses(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.open = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in {"src", "href", "action", "data"}]
        if tag not in {"meta", "br", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_leads_nowhere_else(bad):
    html = page(bad, demo=True)
    parser = _Addresses()
    parser.feed(html)
    assert parser.open == []
    assert all(address.startswith("#") for address in parser.found)
    assert not re.search(r"https?:|url\(|@import", html)
    assert {address[1:] for address in parser.found} <= set(re.findall(r'id="([^"]+)"', html))


def test_a_time_without_zone_and_another_period_are_refused(good):
    with pytest.raises(DisclosureError, match="时区"):
        render_quality_report(CATALOG, Q1, good, round_number=1, made_at=dt.datetime(2025, 4, 1), demo=False)  # noqa: DTZ001
    with pytest.raises(DisclosureError, match="2025年1季度"):
        render_quality_report(CATALOG, Period(2025, "h1"), good, round_number=1, made_at=NIGHT, demo=False)
