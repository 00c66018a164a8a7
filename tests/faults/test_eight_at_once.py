"""Protects one question from eight answers in the same moment, with all records on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from disclosure.answers.taking import TakenAnswer
from tests.support.office import Office, office_in

pytestmark = [pytest.mark.faults, pytest.mark.full]


@pytest.fixture
def on_postgresql(postgres_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose records and whose Prefect keep everything in PostgreSQL, each in a database of its own."""
    url = make_url(postgres_url)
    ours = url.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"{url.database}_prefect"
    with psycopg.connect(ours, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        prefects = url.set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)
        try:
            chosen = {"database_url": postgres_url, "server_database_url": prefects}
            with office_in(tmp_path, **chosen).open() as office:
                yield office
            office.installation.records.engine.dispose()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("where", ["office", "on_postgresql"], ids=["sqlite", "postgresql"])
def test_eight_answers_at_once_make_one_decision(request: pytest.FixtureRequest, where: str) -> None:
    office: Office = request.getfixturevalue(where)
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()
    answers = [case.filled("policy") for _ in range(8)]
    assert len({answer["name"] for answer in answers}) == 8
    with ThreadPoolExecutor(8) as together:
        told = list(together.map(case.give, answers))
    accepted = [isinstance(outcome, TakenAnswer) for outcome in told]
    assert accepted.count(True) == 1, told

    assert case.next_form().gates == ["数据审核", "保密性审核"]
    assert case.decisions() == [(1, "policy", "approved")]
    assert case.ledger("decision.recorded")[0]["actor"] == answers[accepted.index(True)]["name"]
    # No question is lost or put twice: one was answered, the next one is open.
    assert [state for _, state in case.asks()] == ["answered", "open"]

    for gate in ("confidentiality", "finance"):
        case.answer(gate)
        case.next_form()
    case.answer("leader")
    assert case.finish() == "Completed"
    case.assert_published_once()
    assert [state for _, state in case.asks()] == ["answered"] * 4
