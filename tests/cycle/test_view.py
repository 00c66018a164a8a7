"""Protects the one reading of where cycles stand: as many statements for ten cycles as for one, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, insert, inspect, select

from disclosure.cycle import deadlines
from disclosure.cycle.view import CycleView, load_view, load_views
from disclosure.monitoring.board.overview import load_overview
from disclosure.records.tables import Ask, AuditRun, Compilation, Cycle, Decision, Submission
from disclosure.review import asks
from tests.support.bureau import Bureau
from tests.support.corrections import CENTRE, COMPILER, REASON, begin, published_bureau

pytestmark = pytest.mark.records

#: One for each table of a cycle's own, with those that belong to its rows.
STATEMENTS = 12


@contextmanager
def counted(bureau: Bureau) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    event.listen(bureau.installation.records.engine, "before_cursor_execute", note)
    yield sent
    event.remove(bureau.installation.records.engine, "before_cursor_execute", note)


def read_all(bureau: Bureau) -> tuple[list[CycleView], int]:
    """Every cycle as it stands, read to the last fact, and in how many statements."""
    with bureau.installation.records.read() as session:
        plans = deadlines.opened_plans(session, bureau.catalog)
        with counted(bureau) as sent:
            views = load_views(session, bureau.catalog, plans)
            for view in views:
                read_every_fact(view)
    return views, len(sent)


def read_every_fact(view: CycleView) -> None:
    assert view.done_on is not None
    assert view.milestones_done is not None
    assert [delivery.office for delivery in view.deliveries]
    assert {row.received_at for row in view.hand_ins if isinstance(row, Submission)}
    assert all(decision.person.name for decision in view.decisions)
    assert all(excuse.person.name for excuse in view.excuses)
    assert view.correction is None or view.correction.person.name
    assert view.audit is not None


def test_the_number_of_statements_does_not_grow(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.approve("policy", "confidentiality")
    (first,), for_one = read_all(bureau)
    with counted(bureau) as board_of_one:
        load_overview(bureau.installation, bureau.now)
    for period in ("2015-annual", "2014-annual"):
        copy_cycle(bureau, period)
    views, for_many = read_all(bureau)
    with counted(bureau) as board_of_many:
        load_overview(bureau.installation, bureau.now)
    assert (for_one, for_many) == (STATEMENTS, STATEMENTS)
    assert len(board_of_many) == len(board_of_one)
    assert [view.period.year for view in views] == [2016, 2015, 2014]
    assert [view.done_on for view in views] == [first.done_on] * 3
    assert [view.audit for view in views] == [first.audit] * 3
    # Nothing is asked of the records any more once they are closed.
    for view in views:
        read_every_fact(view)


def copy_cycle(bureau: Bureau, period: str) -> None:
    """Another cycle in which the very same has happened."""
    with bureau.installation.records.write() as session:
        made: dict[tuple[str, int], int] = {}
        for table in (Cycle, Submission, Compilation, AuditRun, Ask, Decision):
            for row in list(session.scalars(select(table).order_by(table.id))):
                values = {c.key: getattr(row, c.key) for c in inspect(table).columns if c.key != "id"}
                if table is Cycle and row.id == bureau.cycle_id:
                    values["period_id"] = period
                elif values.get("cycle_id") == bureau.cycle_id:
                    values["cycle_id"] = made["Cycle", bureau.cycle_id]
                elif ("Compilation", values.get("compilation_id")) in made:
                    values["compilation_id"] = made["Compilation", values["compilation_id"]]
                else:
                    continue
                if table is Ask:
                    values["key"] += f"-{period}"
                # Past the ways of states: the copy is where the original came to.
                copy = session.execute(insert(table).values(**values))
                made[table.__name__, row.id] = copy.inserted_primary_key[0]


def test_it_tells_what_the_public_reads_while_it_is_corrected(new_bureau: Callable[..., Bureau]) -> None:
    bureau = published_bureau(new_bureau())
    view = view_of(bureau)
    assert view.published is not None
    assert view.published is view.release
    assert view.correction is None
    assert view.milestones_done >= {"draft", "sign_off"}
    assert "publish" in view.done_on
    assert begin(bureau) == ""
    view = view_of(bureau)
    assert (view.round, view.release, [office.id for office in view.missing]) == (2, None, [CENTRE])
    assert view.published is not None
    assert view.correction is not None
    assert view.returned == {CENTRE: f"{COMPILER}：{REASON.rstrip('。')}"}
    assert "publish" not in view.done_on


def test_an_answer_that_was_not_taken_is_told_until_the_next_is(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.hand_in_all()
    digest = bureau.compile().digest
    bureau.audit()

    asked = bureau.ask("review", digest)
    assert view_of(bureau).last_refusal("review") == ""
    assert "口令不对" in bureau.reply(asked, "policy", code=bureau.wrong_code("郑法规"))
    assert view_of(bureau).last_refusal("review").startswith("口令不对")
    (one,) = (one for one in load_overview(bureau.installation, bureau.now).cycles if one.view.is_opened)
    assert "（上次答复未被接受：口令不对" in one.waits
    with bureau.installation.records.write() as session:
        asks.abandon(session, asks.get(session, asked))
    asked = bureau.ask("review", digest)
    assert view_of(bureau).last_refusal("review").startswith("口令不对")
    assert bureau.reply(asked, "policy") == ""
    assert view_of(bureau).last_refusal("review") == ""


def view_of(bureau: Bureau) -> CycleView:
    with bureau.installation.records.read() as session:
        return load_view(session, bureau.catalog, bureau.period)
