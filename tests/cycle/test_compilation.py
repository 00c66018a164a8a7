"""Protects the digest of a compilation: it is that of the content alone, and the records cannot drift from it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from disclosure.calendar.periods import Period, parse_period
from disclosure.collection.history.imports import long_csv, record_import
from disclosure.cycle import queries
from disclosure.cycle.compilation import compile_round, content_of, history, statements_before
from disclosure.platform.errors import DisclosureError
from disclosure.records.states import ReleaseState
from disclosure.records.tables import Compilation, LedgerEntry, Observation, Release
from disclosure.review.forms import GO_ON_WITHOUT

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
REASON = "系统切换，数据推迟报送"


def compiled(bureau: Bureau, **handed_in: Any) -> Compilation:
    bureau.hand_in_all(**handed_in)
    compilation: Compilation = bureau.compile()
    return compilation


def excuse_missing(bureau: Bureau, name: str, reason: str = REASON) -> str:
    """The compiler goes on without whoever is missing; the clock is the real one here."""
    bureau.now = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=30)
    raw = {"action": GO_ON_WITHOUT, "name": name, "code": bureau.code(name), "reason": reason}
    return bureau.fill_in(bureau.cycle_id, raw, bureau.ask("collect", ""))


def test_digest_is_the_same_for_another_file_another_order_and_other_fillers(new_bureau: Callable[..., Bureau]) -> None:
    one, other = new_bureau(), new_bureau()
    for centre in other.centres[::-1]:
        book = openpyxl.load_workbook(io.BytesIO(other.workbook(centre, filler="别人", checker="又一人")))
        book.properties.creator = "另一个程序"
        saved = io.BytesIO()
        book.save(saved)
        assert other.hand_in(saved.getvalue(), "另存.xlsx").is_accepted
    first, second = compiled(one), other.compile()
    assert (first.digest, first.text_digest, first.content) == (second.digest, second.text_digest, second.content)


def test_digest_is_the_same_in_both_databases(bureau: Bureau) -> None:
    # 高港区's real figures: this digest changes only when the meaning of the canonical text does.
    assert compiled(bureau).digest == "52e971c5e71739eb9f41356f8d499437bc3df34f267cf496b9dc6cd8a71eca75"


def test_handing_in_the_same_figures_once_more_changes_no_digest(new_bureau: Callable[..., Bureau]) -> None:
    once, twice = new_bureau(), new_bureau()
    twice.hand_in_all()
    assert twice.hand_in(twice.workbook(CENTRE, filler="再存一次")).is_repeat is False
    assert compiled(once).digest == twice.compile().digest


def test_digest_changes_with_any_figure(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    digest = compiled(bureau).digest
    with bureau.installation.records.read() as session:
        rows = [(row.id, row.value) for row in session.scalars(select(Observation))]
    changes: list[dict[str, Any]] = [{"value": value + 1} for _, value in rows]
    # The last two digits printed are content: 52002 is not 52002.00.
    changes += [
        {"value": rows[0][1].quantize(Decimal("0.01"))},
        {"unit": "万人"},
        {"state": "not_provided"},
        {"text": "改"},
        {"centre": OTHER},
        {"region": "532300"},
    ]
    ids = [row for row, _ in rows] + [rows[0][0]] * 6
    for row, change in zip(ids, changes, strict=True):
        assert tampered_digest(bureau, row, change) != digest, change
    assert tampered_digest(bureau, ids[0], {"cell": "Z99", "sheet": "别处"}) == digest


def tampered_digest(bureau: Bureau, row: int, change: dict[str, Any]) -> str:
    """The digest the compilation would have with one observation changed; nothing stays changed."""
    with Session(bureau.installation.records.engine) as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        session.delete(queries.compilation_of(session, cycle))
        session.execute(update(Observation).where(Observation.id == row).values(change))
        digest: str = compile_round(session, bureau.catalog, cycle).digest
        session.rollback()
        return digest


def test_compiling_again_is_the_same_compilation(bureau: Bureau) -> None:
    first, second = compiled(bureau), bureau.compile()
    assert (first.id, first.digest) == (second.id, second.digest)
    with bureau.installation.records.read() as session:
        made = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "compilation.made")).all()
    assert len(made) == 1


def test_a_missing_centre_is_named_and_nothing_is_compiled(bureau: Bureau) -> None:
    bureau.hand_in_all(centres=[CENTRE])
    with pytest.raises(DisclosureError, match=bureau.catalog.offices[OTHER].name):
        bureau.compile()
    with bureau.installation.records.read() as session:
        assert session.scalars(select(Compilation)).all() == []


def test_an_excused_centre_is_left_out_and_told_in_a_footnote(bureau: Bureau) -> None:
    bureau.hand_in_all(centres=[CENTRE])
    compiler = bureau.enrol("周汇总", "publicity_section")
    assert excuse_missing(bureau, compiler) == ""
    compilation = bureau.compile()
    with bureau.installation.records.read() as session:
        content = content_of(session, bureau.catalog, queries.get_cycle(session, bureau.cycle_id), compilation)
    assert content.excused == (OTHER,)
    assert content.footnotes == (f"{bureau.catalog.offices[OTHER].name}未报送本期数据：{REASON}",)
    assert {figure.centre for figure in content.figures} == {CENTRE}


def test_the_words_of_an_excuse_are_content(new_bureau: Callable[..., Bureau]) -> None:
    digests = set()
    for reason in (REASON, REASON + "。"):
        bureau = new_bureau()
        bureau.hand_in_all(centres=[CENTRE])
        assert excuse_missing(bureau, bureau.enrol("周汇总", "publicity_section"), reason) == ""
        compilation = bureau.compile()
        digests |= {compilation.digest, compilation.text_digest}
    assert len(digests) == 4


def test_nobody_goes_on_without_everybody(bureau: Bureau) -> None:
    compiler = bureau.enrol("周汇总", "publicity_section")
    assert "还没有任何单位报送" in excuse_missing(bureau, compiler)


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [("无此人", REASON, "没有登记"), ("李局长", REASON, "宣传信息科"), ("周汇总", "略", "理由")],
)
def test_going_on_without_a_centre_is_for_the_compiler_and_with_a_reason(
    new_bureau: Callable[..., Bureau], name: str, reason: str, words: str
) -> None:
    bureau = new_bureau()
    bureau.enrol("周汇总", "publicity_section")
    bureau.hand_in_all(centres=[CENTRE])
    assert words in excuse_missing(bureau, name, reason)
    with pytest.raises(DisclosureError, match="还缺"):
        bureau.compile()


TAMPERED: dict[str, dict[str, Any]] = {
    "value": {"value": Decimal(1)},
    "text": {"text": "改"},
    "state": {"state": "not_provided"},
    "unit": {"unit": "万人"},
    "indicator": {"indicator": "employee_pension.cards"},
}


def test_a_tampered_observation_is_detected_and_stops_the_cycle(bureau: Bureau) -> None:
    compilation = compiled(bureau)
    for change in TAMPERED.values():
        with Session(bureau.installation.records.engine) as session:
            cycle = queries.get_cycle(session, bureau.cycle_id)
            content_of(session, bureau.catalog, cycle, compilation)
            first = session.scalars(select(Observation.id)).first()
            session.execute(update(Observation).where(Observation.id == first).values(change))
            session.expire_all()
            with pytest.raises(DisclosureError, match="摘要不符"):
                content_of(session, bureau.catalog, cycle, compilation)
            session.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM observations WHERE id = (SELECT min(id) FROM observations)",
        "UPDATE compilations SET content = content || ' '",
        "UPDATE compilations SET digest = text_digest",
    ],
)
def test_a_removed_observation_or_a_tampered_compilation_is_detected(bureau: Bureau, statement: str) -> None:
    compiled(bureau)
    with bureau.installation.records.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    with pytest.raises(DisclosureError, match="摘要不符"):
        bureau.audit()


def test_history_is_what_was_published_not_what_was_withdrawn(bureau: Bureau) -> None:
    """A centre that was returned and then excused has no published figures, though it once handed some in."""
    bureau.hand_in_all()
    bureau.compile()
    bureau.send_back("policy", OTHER)
    bureau.begin_next_round()
    compiler = bureau.enrol("周汇总", "publicity_section")
    assert excuse_missing(bureau, compiler) == ""
    bureau.compile()
    bureau.now = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    release = bureau.render()
    with bureau.installation.records.write() as session:
        live = {"state": ReleaseState.LIVE, "published_at": bureau.now}
        session.execute(update(Release).where(Release.id == release.id).values(live))
    with bureau.installation.records.read() as session:
        known = history(session, bureau.catalog, Period(2017, "annual"))
    assert {figure.centre for figure in known} == {CENTRE}
    assert len(known) == len(bureau.figures(CENTRE))


def test_what_the_years_beside_it_were_told_is_known_of_a_year(bureau: Bureau) -> None:
    """A fund begins a year with what it had: so what balances are made of is attacked over the years."""
    known = {figure.indicator: figure for figure in bureau.figures(CENTRE)}
    income, people = known["employee_pension.income"], known["employee_pension.participants"]
    told = ["2013-annual", "2015-h1", "2015-annual", "2016-q1", "2017-annual", "2018-q1"]
    figures = [replace(each, period=parse_period(period)) for each in (income, people) for period in told]
    past = long_csv(bureau.catalog, figures)
    record_import(bureau.installation.records, bureau.installation.settings.files, bureau.catalog, past, "年鉴.csv")
    with bureau.installation.records.read() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        found = {each.period.id: each.figures for each in statements_before(session, bureau.catalog, cycle)}
    assert set(found) == {"2015-h1", "2015-annual", "2016-q1", "2017-annual"}
    assert {indicator for _, indicator in found["2016-q1"]} == {income.indicator, people.indicator}
    assert {indicator for _, indicator in found["2015-annual"]} == {income.indicator}, "people are not brought forward"
