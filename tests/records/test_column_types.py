"""Protects that a number keeps its printed decimals and a time its instant, in both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from disclosure.records import Records, open_records
from disclosure.records.tables import Cycle, ImportedTable, LedgerEntry, Observation, StoredFile

pytestmark = [pytest.mark.records, pytest.mark.both_databases]

NOW = dt.datetime(2017, 1, 15, tzinfo=dt.UTC)

#: As wide as anything a centre may type, and wider: 20 digits before and 10 after the point.
NUMBERS = st.tuples(st.integers(-(10**30), 10**30), st.integers(0, 10)).map(
    lambda drawn: Decimal(drawn[0]).scaleb(-drawn[1]) if abs(drawn[0]) < 10**27 else Decimal(f"{drawn[0]}E-{drawn[1]}")
)
TIMES = st.datetimes(
    dt.datetime(1950, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from(
        [dt.UTC, dt.timezone(dt.timedelta(hours=8)), dt.timezone(-dt.timedelta(hours=9, minutes=30))]
    ),
)


@pytest.fixture
def records(records_url: str) -> Iterator[Records]:
    opened = open_records(records_url)
    with opened.write() as session:
        session.add(StoredFile(sha256="ab", size=1, stored_at=NOW))
        session.flush()
        session.add(ImportedTable(id=1, profile="p", sha256="ab", file_name="往年.csv", row_count=1, imported_at=NOW))
    yield opened
    opened.engine.dispose()


def observation(value: Decimal | None) -> Observation:
    return Observation(
        import_id=1, period_id="2016-annual", region="321203", indicator="x", unit="人", value=value, state="reported"
    )


# The database of the fixture is shared by all examples: each reads back only its own rows.
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_number_comes_back_digit_by_digit(records: Records, values: list[Decimal]) -> None:
    with records.write() as session:
        rows = [observation(value) for value in values]
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
    with records.read() as session:
        back = {row.id: row.value for row in session.scalars(select(Observation).where(Observation.id.in_(ids)))}
    assert [f"{back[i]:f}" for i in ids] == [f"{value:f}" for value in values]


@pytest.mark.parametrize("value", ["100.00", "0.0", "-3.10", "12345678901234567890.12", "0", "1E+3"])
def test_printed_decimals_are_kept(records: Records, value: str) -> None:
    with records.write() as session:
        session.add(observation(Decimal(value)))
    with records.read() as session:
        assert f"{session.scalars(select(Observation.value)).one():f}" == f"{Decimal(value):f}"


@pytest.mark.parametrize("value", ["-0", "-0.00"])
def test_nothing_is_not_less_than_nothing(records: Records, value: str) -> None:
    with records.write() as session:
        session.add(observation(Decimal(value)))
    with records.read() as session:
        assert f"{session.scalars(select(Observation.value)).one():f}" == value.removeprefix("-")


def test_no_number_is_no_number(records: Records) -> None:
    with records.write() as session:
        session.add(observation(None))
    with records.read() as session:
        assert session.scalars(select(Observation.value)).one() is None


def entry(number: int, at: dt.datetime) -> dict[str, object]:
    return {"number": number, "at": at, "actor": "", "event": "", "details": "", "previous_hash": "", "hash": ""}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.lists(TIMES, min_size=1, max_size=20))
def test_a_time_comes_back_as_the_same_instant_in_utc(records: Records, times: list[dt.datetime]) -> None:
    with records.write() as session:
        session.query(LedgerEntry).delete()
        session.execute(insert(LedgerEntry), [entry(n, at) for n, at in enumerate(times)])
    with records.read() as session:
        back = list(session.scalars(select(LedgerEntry.at).order_by(LedgerEntry.number)))
    assert back == times
    assert {at.utcoffset() for at in back} == {dt.timedelta(0)}


def test_a_time_without_a_zone_is_refused_and_nothing_is_kept(records: Records) -> None:
    naive = dt.datetime(2026, 3, 15, 12)  # noqa: DTZ001 - what is refused
    with pytest.raises(StatementError, match="without a zone"), records.write() as session:
        session.add(Cycle(profile="x", period_id="2016-annual", opened_at=naive))
    with records.read() as session:
        assert session.scalars(select(Cycle)).all() == []
