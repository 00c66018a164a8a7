"""Protects the openness catalogue over a year: statistics of a published cycle start exactly their clocks, offices
confirm once a year, the register of requests keeps its limits and tells nothing of anybody, and the report of a
rehearsed year with 300 changes agrees with an independent count.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from disclosure.openness import changes, confirming, requests
from disclosure.openness.report import make_report
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import LedgerEntry, OpennessChange, OpennessRequest
from tests.support.bureau import Bureau, bureau_at
from tests.support.openness_staff import Keepers, copied, keepers_at

pytestmark = pytest.mark.records

#: The items whose elements are statistics of 工伤, counted by hand in the source: 35 to 40.
STATISTICS = {"35": 4, "36": 4, "37": 2, "38": 2, "39": 1, "40": 2}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keepers]:
    """A round of the 工伤 figures, from the workbook to the site."""
    home = tmp_path_factory.mktemp("published")
    with keepers_at(home, f"sqlite:///{home / 'records.db'}", "2026-03-02") as made:
        made.bureau.sign_all()
        made.clock.move_to(made.now)
        made.bureau.publish()
        yield made


@pytest.fixture
def keepers(tmp_path: Path, sqlite_url: str) -> Iterator[Keepers]:
    with keepers_at(tmp_path, sqlite_url, "2025-03-03") as made:
        yield made


def test_a_published_cycle_starts_exactly_the_clocks_of_items_35_to_40(published: Keepers, tmp_path: Path) -> None:
    keepers = copied(published, tmp_path)
    signed = keepers.now
    keepers.at("2026-03-04")
    (change,), confirmations = keepers.notice()
    assert confirmations == []
    assert keepers.notice() == ([], [])
    clocks = keepers.clocks()
    assert Counter(clock.item for clock in clocks) == STATISTICS
    assert {clock.clock.changed_on for clock in clocks} == {signed.date()} == {dt.date(2026, 3, 2)}
    assert {clock.clock.limit for clock in clocks} == {dt.date(2026, 3, 30)}
    assert {owed.step for owed in keepers.owed()} == {"科室确认"}

    # The office stands for them, confidentiality reviews; policy has no say in figures.
    assert keepers.answer_office(change, "ready") == ""
    keepers.enter_review(change)
    assert "没有选择处理方式" in keepers.answer_office(change, "withdraw")  # what a cycle published stays
    assert "本轮已有结论或尚未开始" in keepers.decide(change, "policy")
    assert keepers.decide(change, "confidentiality") == ""
    assert keepers.publish() == [change]
    page = keepers.page("37")
    assert "39,657,045.94" in page
    assert "2025年专项（工伤）" in page
    assert (keepers.bureau.site / "releases" / "2025-special-工伤" / "index.html").is_file()
    assert {clock.clock.state for clock in keepers.clocks()} == {"on_time"}
    assert keepers.notice() == ([], [])


def test_only_the_items_whose_figures_changed_start_again(published: Keepers, tmp_path: Path) -> None:
    keepers = copied(published, tmp_path)
    with keepers.bureau.installation.begin(keepers.now) as work:
        (first,) = changes.note_statistics(work)
        before = {(v.item, v.element): v.sha256 for v in changes.get_change(work.session, first).versions}
    # A later cycle that asks for one benefit alone.
    later = bureau_at_work(keepers, "2026-special-伤残", ("work_injury.disability_benefits.*",))
    later.sign_all()
    keepers.clock.move_to(later.now)
    later.publish()
    keepers.at("2026-03-05")
    assert keepers.notice() == ([first], [])  # nothing of it is public yet: the same change, its next round
    with keepers.bureau.installation.records.read() as session:
        change = changes.get_change(session, first)
        after = {(v.item, v.element): v.sha256 for v in changes.standing_versions(session, change)}
    assert {key for key in after if after[key] != before[key]} == {("37", "amount"), ("37", "person_times")}
    assert set(after) == set(before)


def bureau_at_work(keepers: Keepers, period: str, only: tuple[str, ...]) -> Bureau:
    """The same bureau at work on a special cycle."""
    settings = keepers.bureau.installation.settings
    made = bureau_at(settings.home, settings.database_url, profile="chuxiong", period=period, only=only, enrolled=False)
    made.secrets, made.now = keepers.bureau.secrets, keepers.now
    return made


def test_what_was_not_changed_for_a_year_is_confirmed_once_and_says_so(keepers: Keepers) -> None:
    for item in ("07", "08", "42"):
        change = keepers.start(keepers.new(item, "guide", keepers.guide(item), "首次公开"))
        keepers.approve(change)
    keepers.publish()
    assert "下次确认：<time" in keepers.page("07")
    keepers.at("2026-03-02")
    assert keepers.notice() == ([], [])
    keepers.at("2026-03-03")
    _, asked = keepers.notice()
    assert len(asked) == 2  # one question an office
    assert keepers.notice() == ([], [])
    assert keepers.publish() == []
    assert "尚未确认" in keepers.page("07")
    assert {(o.kind, o.item, o.time.left) for o in keepers.owed()} == {
        ("confirmation", item, 0) for item in ("07", "08", "42")
    }
    keepers.at("2026-03-10")
    assert "这次没有问到" in keepers.confirm(asked[0], "42 失业保险金核定支付：服务指南")
    assert keepers.confirm(asked[0], "8 单位（项目）基本信息变更：服务指南") == ""
    assert keepers.confirm(asked[1]) == ""
    keepers.publish()
    assert "最近确认" in keepers.page("07")
    assert "2026年3月10日" in keepers.page("07")
    assert "最近确认" not in keepers.page("08")
    # What has changed is not asked about again: its new content is awaited. The rest comes a year later.
    assert keepers.notice() == ([], [])
    keepers.at("2027-03-09")
    assert keepers.notice() == ([], [])
    keepers.at("2027-03-10")
    with keepers.bureau.installation.records.read() as session:
        assert [v.item for v in confirming.due(session, keepers.catalog, keepers.now)] == ["07", "42"]


@pytest.mark.parametrize(
    ("received", "limit", "extended"),
    [
        ("2025-01-20", "2025-02-21", "2025-03-21"),  # Spring Festival and two make-up days
        ("2025-07-01", "2025-08-01", "2025-08-29"),  # three days of 火把节, which only 楚雄 has
        ("2025-09-22", "2025-10-24", "2025-11-21"),  # National Day and two make-up days
    ],
)
def test_a_request_has_twenty_working_days_and_one_extension(
    keepers: Keepers, received: str, limit: str, extended: str
) -> None:
    keepers.at("2026-01-05")
    day = dt.date.fromisoformat
    name = "吴社保"
    with keepers.bureau.installation.begin(keepers.now) as work:
        made = requests.add(work, "2025-001", day(received), item="7", name=name)
        assert requests.limit_of(keepers.catalog, made) == day(limit)
        (one,) = requests.register(work.session, keepers.catalog, day(limit) + dt.timedelta(days=1))
        assert one.is_late
        with pytest.raises(DisclosureError, match="告知申请人"):
            requests.extend(work, "2025-001", day(limit), notice="", name=name)
        late = day(limit) + dt.timedelta(days=1)
        with pytest.raises(DisclosureError, match="已经过去"):
            requests.extend(work, "2025-001", late, notice="告知书1号", name=name)
        requests.extend(work, "2025-001", day(limit), notice="告知书1号", name=name)
        assert requests.limit_of(keepers.catalog, made) == day(extended)
        with pytest.raises(DisclosureError, match="不能再延长"):
            requests.extend(work, "2025-001", day(limit), notice="告知书2号", name=name)
        requests.answer(work, "2025-001", day(extended), outcome="部分公开", name=name)
        (one,) = requests.register(work.session, keepers.catalog, day(extended) + dt.timedelta(days=90))
        assert (one.is_late, one.time.text) == (False, "今天到期")
        with pytest.raises(DisclosureError, match="不能再改"):
            requests.answer(work, "2025-001", day(extended), outcome="部分公开", name=name)


def test_the_register_keeps_and_publishes_numbers_and_days_alone(keepers: Keepers) -> None:
    keepers.at("2025-12-31")
    name = "吴社保"
    with keepers.bureau.installation.begin(keepers.now) as work:
        for wrong in ("张三", "13987812345", "532301199001011234", "张三 2025", "x" * 41):
            with pytest.raises(DisclosureError, match="登记号"):
                requests.add(work, wrong, dt.date(2025, 3, 3), item="", name=name)
        for number in range(1, 6):
            requests.add(work, f"2025-{number:03}", dt.date(2025, 3, 3), item="", name=name)
        answer = dt.date(2025, 3, 31)  # the 20th working day
        requests.answer(work, "2025-001", answer, outcome="disclosed", name=name)
        late = answer + dt.timedelta(days=1)
        requests.answer(work, "2025-002", late, outcome="不予公开", name=name)
        requests.extend(work, "2025-003", answer, notice="告知书〔2025〕1号", name=name)
        requests.add(work, "2025-006", dt.date(2025, 12, 30), item="", name=name)
        (year,) = requests.counts(work.session, keepers.catalog, dt.date(2025, 12, 31))
    assert (year.received, year.answered, year.on_time, year.extended, year.overdue, year.open) == (6, 2, 1, 1, 3, 1)
    assert year.outcomes == {"予以公开": 1, "不予公开": 1}
    assert keepers.publish() == []
    page = keepers.page("requests")
    assert "2025-001" not in page
    assert "告知书" not in page
    assert "<td>6</td><td>2</td><td>1</td><td>1</td><td>1</td><td>3</td>" in page
    columns = set(OpennessRequest.__table__.columns.keys())
    assert columns == {
        "id", "profile", "number", "item", "received_on", "extended_on", "notice", "answered_on", "outcome",
        "registered_at", "office",
    }  # fmt: skip
    assert [o.kind for o in keepers.owed()].count("request") == 4


@pytest.mark.full  # a whole year
def test_the_report_of_a_rehearsed_year_agrees_with_an_independent_count(tmp_path: Path, sqlite_url: str) -> None:
    """300 changes over 2025, some late, some never published; counted again from what the rehearsal itself did."""
    with keepers_at(tmp_path, sqlite_url, "2025-01-01") as keepers:
        rehearse(keepers)


def rehearse(keepers: Keepers) -> None:
    chance = random.Random(2025)  # noqa: S311 - no secrets
    catalog = keepers.catalog
    elements = [
        (item.number, name)
        for item in catalog.openness_items.values()
        for name, element in item.elements.items()
        if element.kind in {"contacts", "places", "website", "forms"}
    ] + [(item.number, "guide") for item in list(catalog.openness_items.values())[:12]]
    days = sorted(dt.date(2025, 1, 2) + dt.timedelta(days=chance.randrange(364)) for _ in range(300))
    waiting: dict[tuple[str, str], tuple[int, list[int]]] = {}
    diary: list[dict[str, object]] = []  # what really happened: key, changed, public
    texts = texts_of(keepers)

    publishing = dt.date(2025, 1, 29)
    for turn, day in enumerate(days):
        while publishing <= day:
            publish_ready(keepers, waiting, diary, publishing, chance)
            publishing += dt.timedelta(days=28)
        keepers.at(day)
        key = chance.choice(elements)
        taken = keepers.hand_in(keepers.new(*key, texts(key, turn), f"变更{turn}"))
        assert isinstance(taken, OpennessChange)
        diary.append({"key": key, "changed": day, "public": None})
        _, earlier = waiting.get(key, (0, []))
        waiting[key] = (taken.id, [*earlier, len(diary) - 1])
    last = dt.date(2025, 12, 31)
    keepers.at(last)

    # An independent count: working days one by one, by the list of days of the tests' own.
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    used: dict[str, list[int]] = defaultdict(list)
    for entry in diary:
        item, changed, public = entry["key"][0], entry["changed"], entry["public"]  # type: ignore[index]
        took = working_days(changed, public or last)  # type: ignore[arg-type]
        state = ("late" if took > 20 else "on_time") if public else ("overdue" if took > 20 else "running")
        counted[item][state] += 1
        if public:
            used[item].append(took)

    with keepers.bureau.installation.records.read() as session:
        handed = session.query(LedgerEntry).filter(LedgerEntry.event == "openness.changed").count()
    report = make_report(catalog, keepers.clocks(), dt.date(2025, 1, 1), last)
    assert handed == len(diary) == sum(line.changes for line in report.lines) == 300
    told = {
        line.item.number: {
            "on_time": line.on_time, "late": line.late, "running": line.running, "overdue": len(line.overdue)
        }
        for line in report.lines
    }  # fmt: skip
    assert told == {item: {s: c[s] for s in ("on_time", "late", "running", "overdue")} for item, c in counted.items()}
    assert {line.item.number: line.used for line in report.lines if line.used is not None} == {
        item: float(median(days)) for item, days in used.items()
    }
    assert report.used == float(median([took for own in used.values() for took in own]))
    states = Counter(state for own in counted.values() for state in own.elements())
    assert min(states[state] for state in ("on_time", "late", "running", "overdue")) >= 3, states
    # What the public reads on a page is the same.
    page = keepers.page("48")
    assert page.count("按时公开") + page.count("逾期公开") == sum(
        entry["key"][0] == "48" and entry["public"] is not None
        for entry in diary  # type: ignore[index]
    )


def texts_of(keepers: Keepers) -> Callable[[tuple[str, str], int], str]:
    """A different content for every turn."""
    guides = {number: keepers.guide(number, "@@") for number in keepers.catalog.openness_items if number <= "12"}

    def text(key: tuple[str, str], turn: int) -> str:
        kind = keepers.catalog.openness_items[key[0]].elements[key[1]].kind
        if kind == "guide":
            return guides[key[0]].replace("@@", f"电话{turn}")
        row = {
            "contacts": f'{{"office":"窗口","phone":"{turn}"}}',
            "places": f'{{"name":"网点","address":"{turn}号"}}',
            "website": f'{{"name":"网站","address":"{turn}"}}',
            "forms": f'{{"name":"表{turn}"}}',
        }[kind]
        return f'{{"rows":[{row}]}}'

    return text


def publish_ready(
    keepers: Keepers,
    waiting: dict[tuple[str, str], tuple[int, list[int]]],
    diary: list[dict[str, object]],
    day: dt.date,
    chance: random.Random,
) -> None:
    """Four weeks' review: most of what waits is approved and published, some waits on."""
    keepers.at(day)
    published = []
    for key, (change, entries) in list(waiting.items()):
        is_forgotten = key == ("48", "places") and day.month > 9
        if is_forgotten or chance.random() < 0.2:
            continue
        keepers.enter_review(change)
        keepers.approve(change)
        published.append(change)
        for entry in entries:
            diary[entry]["public"] = day
        del waiting[key]
    assert sorted(keepers.publish()) == sorted(published)


def working_days(first: dt.date, last: dt.date) -> int:
    """Working days after ``first`` until ``last``, counted one by one."""
    count, day = 0, first
    while day < last:
        day += dt.timedelta(days=1)
        count += CALENDAR.get(day, day.weekday() < 5)
    return count


def _calendar() -> dict[dt.date, bool]:
    """Days that the notices make something else than the weekday says, as they were entered for the tests."""
    national = Path(__file__).parents[1] / "data" / "holidays_national_2024_2026.csv"
    with national.open(encoding="utf-8-sig", newline="") as file:
        days = {dt.date.fromisoformat(row["date"]): row["kind"] == "work" for row in csv.DictReader(file)}
    # 州庆 and 火把节 of 2025, by 楚雄州's own notices.
    local = ((4, 14), (4, 15), (7, 16), (7, 17), (7, 18))
    return {**days, **{dt.date(2025, month, day): False for month, day in local}}


CALENDAR = _calendar()
