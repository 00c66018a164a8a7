"""Protects that a record enters a state only by a way the tables have, and that the database takes no foreign value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint, Enum, Table, text, update
from sqlalchemy.exc import IntegrityError

from disclosure.records import Records, open_records
from disclosure.records.states import (
    WAYS,
    AskState,
    ChangeStep,
    CycleStep,
    DeliveryState,
    HeldState,
    ReleaseState,
    ReminderState,
    StateError,
    WithdrawalState,
    states_before,
)
from disclosure.records.tables import (
    Ask,
    Base,
    ChannelDelivery,
    Cycle,
    HeldDatum,
    OpennessChange,
    Release,
    SentReminder,
    Withdrawal,
)
from disclosure.records.types import UtcDateTime

NOW = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
#: The column that holds each kind of state.
HELD: dict[type[StrEnum], tuple[type[Base], str]] = {
    CycleStep: (Cycle, "step"),
    ReleaseState: (Release, "state"),
    WithdrawalState: (Withdrawal, "state"),
    DeliveryState: (ChannelDelivery, "state"),
    ChangeStep: (OpennessChange, "step"),
    AskState: (Ask, "state"),
    HeldState: (HeldDatum, "state"),
    ReminderState: (SentReminder, "state"),
}


@pytest.fixture
def records(records_url: str) -> Iterator[Records]:
    opened = open_records(records_url)
    yield opened
    opened.engine.dispose()


@pytest.mark.unit
def test_every_kind_of_state_is_walked() -> None:
    assert HELD.keys() == WAYS.keys()
    for kind, ways in WAYS.items():
        assert {None, *kind} == ways.keys()
        reached, left = set(), set(ways[None])
        while left:
            state = left.pop()
            reached.add(state)
            left |= ways[state] - reached
        assert reached == set(kind), "every state can be reached"


@pytest.mark.unit
@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_walk_reaches_listed_states_and_every_other_way_is_refused(kind: type[StrEnum], data: st.DataObject) -> None:
    table, column = HELD[kind]
    row = table()
    stands: StrEnum | None = None
    for wanted in data.draw(st.lists(st.sampled_from(list(kind)), min_size=1, max_size=12)):
        if wanted is stands or wanted in WAYS[kind][stands]:
            # A bare word does as well as the state itself.
            setattr(row, column, data.draw(st.sampled_from([wanted, str(wanted)])))
            stands = wanted
        else:
            with pytest.raises(StateError, match=rf"{kind.__name__} 不能从“.*”变为“{wanted}”，没有写入"):
                setattr(row, column, wanted)
        assert getattr(row, column) is stands


@pytest.mark.unit
@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
def test_a_word_that_is_no_state_is_refused(kind: type[StrEnum]) -> None:
    table, column = HELD[kind]
    with pytest.raises(StateError, match=f"“elsewhere”不是 {kind.__name__} 的任何一种"):
        setattr(table(), column, "elsewhere")


@pytest.mark.unit
def test_an_update_in_the_database_asks_for_the_states_before() -> None:
    assert states_before(ReminderState.SENDING) == {ReminderState.WAITING}
    assert states_before(ReleaseState.LIVE) == {ReleaseState.PARTIAL, ReleaseState.WITHDRAWN}
    assert states_before(CycleStep.COLLECT) == {
        CycleStep.REVIEW,
        CycleStep.SIGN_OFF,
        CycleStep.ARCHIVE,
        CycleStep.CLOSED,
    }
    assert states_before(CycleStep.ARCHIVE) == {CycleStep.PUBLISH, CycleStep.LATER_REVIEW}


@pytest.mark.records
def test_a_state_read_back_is_guarded_as_well(records: Records) -> None:
    with records.write() as session:
        session.add(Cycle(profile="p", period_id="2026-q1", opened_at=NOW))
    with records.write() as session:
        cycle = session.query(Cycle).one()
        session.expire(cycle)
        with pytest.raises(StateError):
            cycle.step = CycleStep.ARCHIVE
        cycle.step = CycleStep.AUDIT
    with records.read() as session:
        assert session.query(Cycle).one().step is CycleStep.AUDIT


@pytest.mark.records
def test_the_database_takes_no_foreign_value(records: Records) -> None:
    """Past our own code, every column of states or choices refuses a word that is none of them."""
    choices = [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Enum)
    ]
    assert len(choices) >= 18
    with records.engine.begin() as connection:
        _forget_references(connection)
        for table, column in choices:
            fine = {own.name: _any_value(own) for own in table.columns if own.name != "id"} | _agreeing(table)
            with connection.begin_nested() as attempt:
                connection.execute(table.insert().values(fine))
                attempt.rollback()
            foreign = text(f"UPDATE {table.name} SET {column.name} = 'elsewhere'")
            with connection.begin_nested() as attempt:
                connection.execute(table.insert().values(fine))
                with pytest.raises(IntegrityError, match=rf"ck_{table.name}_"), connection.begin_nested():
                    connection.execute(foreign)
                attempt.rollback()


@pytest.mark.records
def test_a_release_has_its_time_exactly_since_publication_began(records: Records) -> None:
    with records.engine.begin() as connection:
        _forget_references(connection)
        table = Release.__table__
        assert isinstance(table, Table)
        fine = {own.name: _any_value(own) for own in table.columns if own.name != "id"} | _agreeing(table)
        with connection.begin_nested() as attempt:
            connection.execute(table.insert().values(fine))
            with pytest.raises(IntegrityError, match="ck_releases_published"), connection.begin_nested():
                connection.execute(update(Release).values(state=ReleaseState.LIVE))
            attempt.rollback()


def _forget_references(connection: Any) -> None:
    """Let rows refer to rows that are not there: only what is checked is looked at."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
    else:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))


def _any_value(column: Any) -> Any:
    if column.nullable:
        return None
    if isinstance(column.type, Enum):
        kind = column.type.enum_class
        return min(WAYS[kind][None]) if kind else column.type.enums[0]
    if isinstance(column.type, UtcDateTime):
        return NOW
    return {int: 1, bool: False, str: "", dt.date: NOW.date(), dict: {}}[column.type.python_type]


def _agreeing(table: Table) -> dict[str, Any]:
    """What the checks across columns want of a row."""
    names = {str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)}
    subject = "cycle_id" if "cycle_id" in table.columns else "release_id"
    wanted = {"one_subject": {subject: 1}, "one_origin": {"import_id": 1}}
    return {
        key: value for name, own in wanted.items() if f"ck_{table.name}_{name}" in names for key, value in own.items()
    }
