"""The quality report: says what to decide, where each fault is, one cause once, and nothing that figures could inject.

The page and the sheets are made from one report; the seeded errors of Chuxiong's demonstration are what it shows.
"""

import datetime as dt
import io
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser

import pikepdf
import pytest

from data_checks import ReportContext, build_report, render_quality_report, render_quality_sheets, run_audit
from data_checks.audit import audit_tables
from data_checks.findings import SEVERITIES, AuditResult, RuleOutcome
from data_checks.report.data_docs import write_data_docs
from data_checks.report.sparklines import sparkline
from data_checks.tables import Tables
from data_checks.texts import with_texts
from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.collection.workbook.layout import address, lay_out
from disclosure.cycle.compilation import CompiledContent
from disclosure.figures.figures import FigureSource
from disclosure.figures.narrative import NarrativeText, html_of
from disclosure.platform.errors import DisclosureError
from disclosure.rendering.read_numbers import pdf_text
from disclosure.simulation.demo_errors import seeded_errors, text_with_errors, with_errors
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
Q1 = Period(2025, "q1")
YEAR = Period(2025, "annual")
NIGHT = dt.datetime(2025, 4, 27, 17, 30, tzinfo=dt.UTC)
ATTACK = "<script>alert(1)</script>\"'>&"


def report(result, *, demo=False, **context):
    return build_report(
        CATALOG, result.period, result, round_number=2, made_at=NIGHT, demo=demo, context=ReportContext(**context)
    )


def page(result, *, demo=False, **context):
    return render_quality_report(report(result, demo=demo, **context))


def text_of(html):
    html = re.sub(r"<(style|script)>.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def audited(figures, period=Q1):
    """Our own checks' findings: how they are shown does not depend on Great Expectations, which takes seconds."""
    return audit_tables(Tables.of(CATALOG, period, figures, demo_history(CATALOG, period)))


@pytest.fixture(scope="module")
def good():
    return audited(demo_figures(CATALOG, Q1))


@pytest.fixture(scope="module")
def bad():
    changed = []
    for figure in demo_figures(CATALOG, Q1):
        if figure.indicator == "unemployment.income":
            where = FigureSource(file_name=f"就业中心{ATTACK}.xlsx", sheet="失业<b>", cell="D7")
            figure = replace(figure, value=figure.value * 10000, source=where)  # noqa: PLW2901
        if figure.indicator == "resident_medical.income":
            figure = replace(figure, value=None, state="not_provided", text=ATTACK)  # noqa: PLW2901
        if figure.indicator == "employee_pension.dependency_ratio":
            figure = replace(figure, value=None, text=ATTACK)  # noqa: PLW2901
        if figure.indicator == "work_injury.accumulated_balance":
            figure = replace(figure, value=figure.value + Decimal("7.00"))  # noqa: PLW2901
        changed.append(figure)
    changed.append(replace(changed[0], region=ATTACK, indicator=ATTACK, centre=ATTACK, unit=ATTACK))
    return audited(changed)


@cache
def cells():
    """(sheet, cell) of every figure in the workbooks."""
    return {
        (region.code, indicator.id): (sheet.name, address(row, column))
        for centre in CATALOG.centres
        for sheet in lay_out(CATALOG, YEAR, centre.id).sheets
        for indicator, region, row, column in sheet.inputs()
    }


@pytest.fixture(scope="module")
def seeded():
    """The year's sample figures with every seeded error in them, each from its cell of the workbook."""
    history = demo_history(CATALOG, YEAR)
    spoiled = with_errors(CATALOG, demo_figures(CATALOG, YEAR), history, seeded_errors(CATALOG.folder))
    figures = [
        replace(f, source=FigureSource(file_name="2025年度报表.xlsx", sheet=where[0], cell=where[1]))
        for f in spoiled
        for where in [cells()[f.region, f.indicator]]
    ]
    result = run_audit(CATALOG, YEAR, figures, history)
    blocks = text_with_errors({}, seeded_errors(CATALOG.folder))
    written = {section: html_of(said) for section, said in blocks.items()}
    text = NarrativeText(CATALOG.writers[0].id, "马起草", "", "文稿.docx", written)
    content = CompiledContent(YEAR, tuple(figures), (), (), (text,))
    return with_texts(CATALOG, content, history, result), figures, history


def outcome(**fields):
    blank = {"rule": "R14", "name": "名", "description": "述", "reason": "因", "source": "据", "severity": "warning"}
    return RuleOutcome(**{**blank, "checked": 0, "failed": 0, "error": "", **fields})


def test_the_verdict_stands_at_the_top_in_words(good, bad):
    assert "没有问题" in text_of(page(good))[:200]
    assert "只能退回" in text_of(page(bad))[:200]
    warned = replace(bad, findings=tuple(f for f in bad.findings if f.severity == "warning"))
    number = len(warned.findings)
    assert f"可以审核：须说明 {number} 个" in text_of(page(warned))[:250]
    told = replace(warned, findings=tuple(replace(f, explanation="属实", explained_by="甲") for f in warned.findings))
    assert f"可以审核：须说明的 {number} 个均已说明" in text_of(page(told))[:250]


def test_a_check_that_could_not_run_means_return_and_says_why():
    result = AuditResult(Q1, "d", "s", (), (outcome(error="检查没有运行成功（缺列），按严重问题处理。"),))
    shown = text_of(page(result))
    assert "只能退回" in shown[:200]
    assert "有 1 条规则未能运行" in shown[:300]
    assert "未能运行的检查（1）" in shown
    assert "缺列" in shown


def test_a_finding_shows_everything_a_statistician_needs(bad):
    shown = text_of(page(bad))
    found = next(f for f in bad.findings if f.rule == "R70")
    for words in (
        "工作表“失业&lt;b&gt;”单元格 D7",
        "楚雄州 · 失业 · 基金收入",
        found.value,
        found.expected,
        found.difference,
    ):
        assert words in shown
    assert "应为万元，填成了元" in shown


@pytest.mark.parametrize("name", seeded_errors(CATALOG.folder))
def test_each_seeded_error_is_named_by_region_indicator_and_cell(seeded, name):
    result, figures, history = seeded
    error = seeded_errors(CATALOG.folder)[name]
    region, indicator = error.region or CATALOG.prefecture.code, error.indicators[0]
    at = [f for f in result.findings if (f.rule, f.region, f.indicator) == (error.rule, region, indicator)]
    assert at, f"{error.rule} does not report {name}"
    shown = report(result, figures=figures, history=history)
    subject = next(
        s
        for part in shown.sections
        for g in part.groups
        for s in g.subjects
        if f"f{result.findings.index(at[0]) + 1}" in {line.id for line in s.lines}
    )
    assert subject.name.endswith(CATALOG.indicators[indicator].name)
    sheet, cell = cells()[region, indicator]
    assert subject.where == f"工作表“{sheet}”单元格 {cell}"
    # What was left out, and what a text says, has its place in the workbook all the same.
    assert bool(at[0].source.label) == (error.sentence is None and not error.change.omit)


def test_seeded_errors_are_of_every_family():
    families = {error.family for error in seeded_errors(CATALOG.folder).values()}
    assert families == {"结构", "取值", "期内恒等", "前后期", "单位误填", "比率与平均数", "照抄与错位", "文稿与数据"}


def test_one_cause_shows_once_with_every_finding_under_it(seeded):
    result, figures, history = seeded
    shown = report(result, figures=figures, history=history)
    groups = [group for part in shown.sections for group in part.groups]
    assert len(groups) == len(result.causes)
    ids = [line.id for group in groups for subject in group.subjects for line in subject.lines]
    assert sorted(ids) == sorted(f"f{place}" for place in range(1, len(result.findings) + 1))
    fund = next(g for g in groups if g.cause == "疑似单位误填：基金收入应为万元，填成了元。")
    assert fund.subjects[0].name == "楚雄州 · 失业 · 基金收入"
    assert "楚雄州 · 失业 · 当期结余" in fund.figures
    exchanged = next(g for g in groups if "行列对调" in g.cause)
    assert exchanged.subjects[0].name == "楚雄市 · 居民养老 · 参保人数"
    assert text_of(render_quality_report(shown)).count(f"{fund.cause} {fund.count}") == 1


def test_the_headline_is_what_the_numbers_show_not_what_a_rule_always_says():
    """亿元 for 万元 falls below last quarter too, and a standard short of two digits below its minimum: one cause."""
    half = Period(2025, "h1")
    typed = {"work_injury.income": Decimal(10000), "unemployment.benefit_standard": Decimal(100)}
    figures = [
        replace(f, value=(f.value / typed[f.indicator]).quantize(Decimal("0.01"))) if f.indicator in typed else f
        for f in demo_figures(CATALOG, half)
    ]
    shown = report(audited(figures, half))
    groups = {g.subjects[0].name: g for part in shown.sections for g in part.groups}
    income = next(g for n, g in groups.items() if n.endswith("工伤 · 基金收入"))
    assert {"R50", "R70"} <= {line.rule for line in income.subjects[0].lines}
    assert "应为万元，填成了亿元" in income.cause
    assert not [line.cause for line in income.subjects[0].lines if "当季数" in line.cause]
    standard = next(g for n, g in groups.items() if "标准" in n)
    assert {"R13", "R71"} <= {line.rule for line in standard.subjects[0].lines}
    assert "少写了 2 位" in standard.cause
    assert not [line.cause for line in standard.subjects[0].lines if "单位误填" in line.cause]


def test_each_quoted_number_has_its_own_headline_and_its_own_file(seeded):
    result, figures, history = seeded
    shown = report(result, figures=figures, history=history)
    (group,) = [g for part in shown.sections for g in part.groups if any(s.lines[0].rule == "R80" for s in g.subjects)]
    assert "文中写 31.9万人，按数据应为 " in group.cause
    assert any("31.9万人" in cause for *_, cause in shown.main_causes) or shown.more_causes
    (subject,) = group.subjects
    assert (subject.row_file, subject.lines[0].file_name) == ("2025年度报表.xlsx", "文稿.docx")
    caption = text_of(render_quality_report(shown)).split("报表中的这一行：职工医保 · 参保人数")[1][:60]
    assert "2025年度报表.xlsx" in caption


def test_the_row_has_every_region_and_marks_the_cell(seeded):
    result, figures, history = seeded
    shown = report(result, figures=figures, history=history)
    subject = next(
        s for part in shown.sections for g in part.groups for s in g.subjects if s.name == "楚雄市 · 失业 · 参保人数"
    )
    headings = [cell.heading for cell in subject.row]
    assert headings[:3] == ["楚雄市2025年1-3季度", "楚雄市2024年度", "楚雄州"]
    assert [cell.text for cell in subject.row[:2]] == [
        next(f.printed for f in history if f.key == ("532301", "unemployment.participants", when))
        for when in ("2025-q3", "2024-annual")
    ]
    assert len(headings) == 2 + len(CATALOG.regions)
    assert [(cell.heading, cell.text) for cell in subject.row if cell.mark == "this"] == [("楚雄市", "3.48")]
    assert "2025年1-3季度 34,626 人；2025年度 3.48 人" in subject.series
    assert subject.chart.count("<circle") == 6
    assert 'role="img"' in subject.chart


def test_a_sparkline_draws_band_and_values_to_scale():
    drawn = sparkline([Decimal(100), Decimal(110), Decimal(200)], "warning", "甲<乙", (Decimal(90), Decimal(120)))
    assert "甲&lt;乙" in drawn
    ys = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawn)]
    assert ys[0] > ys[1] > ys[2], "larger is higher"
    top, height = (float(re.search(rf'<rect[^>]* {name}="([\d.]+)"', drawn)[1]) for name in ("y", "height"))
    assert ys[2] < top < ys[1] < ys[0] < top + height, "inside the band but for the last"
    assert sparkline([Decimal(1)], "info", "甲") == ""


def test_changes_against_the_round_before(seeded):
    result, figures, history = seeded
    gone = replace(result.findings[0], region="532399", message="已经改好的那一条")
    before = (*result.findings[2:], gone)
    shown = report(result, figures=figures, history=history, before=before, before_round=1)
    assert f"已更正 1 个，新出现 2 个，仍在的 {len(result.findings) - 2} 个" in shown.changes_lead
    assert [line.kind for line in shown.changes[:3]] == ["已更正", "新出现", "新出现"]
    assert "已经改好的那一条" in text_of(render_quality_report(shown))
    assert "第一轮" in text_of(page(result))


def test_state_and_next_step_follow_explanation_and_acceptance(seeded):
    result, figures, _ = seeded
    warning = next(f for f in result.findings if f.severity == "warning")
    alone = replace(result, findings=(warning,))
    shown = text_of(page(alone, figures=figures))
    assert "待说明或更正" in shown
    assert "也可在审核意见中写“1：原因”" in shown
    told = replace(alone, findings=(replace(warning, explanation="按常住口径", explained_by="州医保中心"),))
    shown = text_of(page(told, figures=figures))
    assert "已说明（州医保中心）" in shown
    assert "按常住口径" in shown
    assert "表单序号" not in shown
    assert "已认可（张三）" in text_of(page(told, figures=figures, accepted_by="张三"))


def test_counts_by_severity_and_centre_lead_to_their_findings(bad):
    shown = report(bad)
    assert {line.name for line in shown.centres} >= {centre.name for centre in CATALOG.centres}
    for place, severity in enumerate(SEVERITIES):
        assert sum(line.counts[place][0] for line in shown.centres) == bad.count(severity)
    html = render_quality_report(shown)
    for line in shown.centres:
        for severity, (number, target) in zip(SEVERITIES, line.counts, strict=True):
            if number:
                assert f'class="finding {severity} ' in re.search(rf'<li [^>]*id="{target}"', html)[0]


def test_sheets_are_tagged_titled_and_say_the_same(seeded):
    result, figures, history = seeded
    shown = report(result, demo=True, figures=figures, history=history)
    sheets = render_quality_sheets(shown)
    with pikepdf.open(io.BytesIO(sheets)) as pdf:
        assert pdf.docinfo.Title == "2025年度数据质量报告（第2轮） · 演示"
        assert pdf.Root.MarkInfo.Marked
        count = len(pdf.pages)
    printed = re.sub(r"\s", "", pdf_text(sheets))
    for words in (
        shown.verdict_text,
        *(f.message for f in result.findings),
        *(rule.description for rule in result.rules),
        result.data_digest,
        result.suite_version,
    ):
        assert re.sub(r"\s", "", words) in printed
    assert f"第1页共{count}页" in printed


def test_sheets_print_hostile_text_as_text(bad):
    assert "<script>alert(1)</script>" in re.sub(r"\s", "", pdf_text(render_quality_sheets(report(bad))))


def test_data_docs_have_the_severity_and_lead_nowhere_outside(seeded, tmp_path):
    result, _, _ = seeded
    index = write_data_docs(tmp_path / "docs", result.judged, title="2025年度数据检查", report="../round-1.html")
    files = {file.name: file.read_text(encoding="utf-8") for file in index.parent.iterdir()}
    assert set(files) == {"index.html", "figures.html"}
    for html in files.values():
        assert not re.search(r"(https?:)?//\w|<script|<link|@import|url\(", html)
        local = [a for a in re.findall(r'(?:href|src)="([^"#]+)', html) if a != "../round-1.html"]
        assert set(local) <= set(files)
    # The rule about texts has no column that Great Expectations could judge.
    for rule in result.rules:
        if rule.checked and rule.rule != "R80":
            severity = {"critical": "严重", "warning": "须说明", "info": "提示"}[rule.severity]
            assert f"{rule.rule}【{severity}】{rule.name}" in files["figures.html"]
    assert "unexpected Exception" not in files["figures.html"]


def test_every_rule_is_in_the_coverage_with_what_it_compared(good):
    html = page(good).split('id="coverage"')[1]
    for rule in good.rules:
        row = html.split(f"<code>{rule.rule}</code>")[1].split("</tr>")[0]
        assert f">{rule.checked:,}<" in row
        assert f">{rule.skipped:,}<" in row
        assert rule.description in row
        said = text_of(f"</style>{row.split('status')[1]}")
        assert ("无可比" in said) == (rule.checked == 0 and rule.skipped > 0)
        assert ("不涉及" in said) == (rule.checked == 0 and rule.skipped == 0)
    # Parts that nobody in this prefecture is asked for are not told as comparisons that could not be made.
    assert {rule.rule for rule in good.rules if not rule.checked and not rule.skipped} >= {"R28", "R29", "R41"}


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
    assert html.count("<script") == 1, "our own, which only unfolds"
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
        if tag not in {"meta", "br", "link", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_leads_nowhere_else(bad):
    html = page(bad, demo=True)
    parser = _Addresses()
    parser.feed(html)
    assert parser.open == []
    assert all(address.startswith("#") for address in parser.found)
    assert not re.search(r"https?:|url\(|@import", html.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert {address[1:] for address in parser.found} <= set(re.findall(r'id="([^"]+)"', html))


def test_a_time_without_zone_and_another_period_are_refused(good):
    with pytest.raises(DisclosureError, match="时区"):
        build_report(CATALOG, Q1, good, round_number=1, made_at=dt.datetime(2025, 4, 1), demo=False)  # noqa: DTZ001
    with pytest.raises(DisclosureError, match="2025年1季度"):
        build_report(CATALOG, Period(2025, "h1"), good, round_number=1, made_at=NIGHT, demo=False)
