"""Protects published figures from later data: a differing value is asked about, shown, answered, never taken over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from disclosure.collection.history.imports import long_csv, record_import
from disclosure.cycle import compilation, queries, revisions
from disclosure.figures.figures import Figure, FigureSource
from disclosure.monitoring.board.overview import load_overview
from disclosure.platform.errors import DisclosureError
from disclosure.publication import revisions as answered
from disclosure.records.tables import Revision
from disclosure.review import briefing
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from tests.support.bureau import Bureau, bureau_at
from tests.support.corrections import CENTRE, COMPILER, INDICATOR, REASON, begin, events, published_bureau
from tests.support.outcomes import words_of

pytestmark = pytest.mark.records


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """高港区 2016 published."""
    home = tmp_path_factory.mktemp("published")
    return published_bureau(bureau_at(home, f"sqlite:///{home / 'records.db'}"))


@pytest.fixture
def published(base: Bureau, tmp_path: Path) -> Iterator[Bureau]:
    """A copy to work on."""
    bureau = base.copy_to(tmp_path / "own")
    yield bureau
    bureau.installation.records.engine.dispose()


def figure(bureau: Bureau) -> Figure:
    (found,) = (f for f in bureau.figures(CENTRE) if f.indicator == INDICATOR)
    return found


def bring(bureau: Bureau, value: Decimal, name: str = "年鉴.csv") -> None:
    """A table that has ``value`` for the figure we published."""
    table = long_csv(bureau.catalog, [replace(figure(bureau), value=value, source=FigureSource())])
    record_import(bureau.installation.records, bureau.installation.settings.files, bureau.catalog, table, name)


def waiting(bureau: Bureau) -> list[Revision]:
    with bureau.installation.records.read() as session:
        return revisions.unanswered(session, bureau.catalog)


def answer(bureau: Bureau, number: int, reply: answered.Reply, name: str = COMPILER) -> answered.Answered | Refusal:
    proof = Proof(name, bureau.code(name), bureau.now, REASON)
    with bureau.installation.begin(bureau.now) as work:
        return answered.answer(work, number, reply, proof)


def revised(bureau: Bureau) -> Decimal:
    value = figure(bureau).value
    assert value is not None
    return value + 7


def test_another_value_asks_and_changes_nothing(published: Bureau) -> None:
    bring(published, revised(published))
    (row,) = waiting(published)
    assert (row.published, row.found) == (f"{figure(published).printed} 人", f"{revised(published):,f} 人")
    assert row.source.startswith("年鉴.csv")
    with published.installation.records.read() as session:
        known = compilation.published_figures(session, published.catalog)
        assert known[figure(published).key].value == figure(published).value
    # The same table, or the same value in another, asks no second time; what is the same as published never does.
    bring(published, revised(published))
    bring(published, revised(published), "另一张表.csv")
    assert figure(published).value is not None
    bring(published, figure(published).value or Decimal(0), "相同.csv")
    assert len(waiting(published)) == 1
    assert events(published).count("revision.found") == 1


def test_it_is_shown_in_status_at_review_and_in_the_report(published: Bureau) -> None:
    bring(published, revised(published))
    words = f"公布为 {figure(published).printed} 人"
    assert any(words in concern.what for concern in load_overview(published.installation, published.now).concerns)
    assert begin(published) == ""
    published.hand_in_all(centres=[CENTRE])
    published.compile()
    report = published.audit().report
    assert words in briefing.of_review(published.installation, published.cycle_id)
    page = (published.installation.settings.reports / report).read_text(encoding="utf-8")
    assert "往期数据的修订" in page
    assert words in page


def test_kept_is_recorded_and_never_asked_again(published: Bureau) -> None:
    bring(published, revised(published))
    (row,) = waiting(published)
    refused = answer(published, row.id, "keep", name="钱财务")
    assert words_of(refused).startswith("答复往期数据的修订须由汇总人或签发人办理")
    assert answer(published, row.id, "keep") == answered.Answered()
    assert waiting(published) == []
    bring(published, revised(published))
    assert waiting(published) == []
    assert "revision.answered" in events(published)
    with pytest.raises(DisclosureError, match="已经答复过"):
        answer(published, row.id, "keep")


def test_correct_begins_the_correction_by_the_centre_it_is_of(published: Bureau) -> None:
    bring(published, revised(published))
    (row,) = waiting(published)
    assert answer(published, row.id, "correct") == answered.Answered(cycle_id=published.cycle_id)
    with published.installation.records.read() as session:
        cycle = queries.get_cycle(session, published.cycle_id)
        correction = queries.correction_of(session, cycle)
        assert correction is not None
        assert (correction.version, correction.offices) == (2, [CENTRE])
    assert events(published)[-2:] == ["correction.begun", "revision.answered"]


def test_an_altered_earlier_column_of_a_workbook_asks(published: Bureau) -> None:
    shown = replace(figure(published), value=revised(published), source=FigureSource())
    with published.installation.records.write() as session:
        revisions.note_past_figures(session, published.catalog, [figure(published)], "报表.xlsx")
        revisions.note_past_figures(session, published.catalog, [shown], "报表.xlsx")
    (row,) = waiting(published)
    assert (row.found, row.source) == (f"{revised(published):,f} 人", "报表.xlsx")
