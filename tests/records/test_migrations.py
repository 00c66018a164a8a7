"""Protects that any database comes to exactly the tables of this version: from nothing, again, and by two at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import IntegrityError

from disclosure.errors import DisclosureError
from disclosure.records import open_records
from disclosure.records.database import create_records_engine, migrate, migration_state
from disclosure.records.tables import Base, LedgerEntry, Person

pytestmark = pytest.mark.records


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = create_records_engine(database_url)
    yield made
    made.dispose()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def test_from_nothing_to_the_tables_of_the_models(database_url: str, engine: Engine) -> None:
    assert migration_state(engine) == "empty"
    migrate(database_url)
    assert migration_state(engine) == "current"
    assert differences(engine) == []


def test_the_comparison_sees_what_is_missing(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    with engine.begin() as connection:
        Base.metadata.tables["used_codes"].drop(connection)
    assert differences(engine)


def test_back_to_nothing_and_forth_again(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    config = Config()
    config.set_main_option("script_location", "disclosure.records:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    migrate(database_url)
    assert differences(engine) == []


def test_records_of_the_first_version_are_kept(database_url: str, engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "disclosure.records:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO people (name, office, secret, is_active, is_demo, wrong_codes, enrolled_at)"
                " VALUES ('郑法规', 'policy_section', 'x', true, false, 0, '2026-03-01 00:00:00')"
            )
        )
    assert migration_state(engine) == "behind"
    records = open_records(database_url)
    with records.read() as session:
        person = session.scalars(select(Person)).one()
        # Nobody named roles then: a person may do what the office does.
        assert (person.name, person.roles) == ("郑法规", None)
    records.engine.dispose()


def test_opening_again_changes_nothing(database_url: str) -> None:
    first = open_records(database_url)
    # As another process would, past the cache; clearing it would let go of other tests' open connections.
    second = open_records.__wrapped__(database_url)
    assert first.engine is not second.engine
    assert differences(second.engine) == []
    first.engine.dispose()
    second.engine.dispose()


def test_two_processes_opening_at_once_do_not_collide(database_url: str, engine: Engine) -> None:
    # Both wait for a line, so that they start to migrate together.
    program = (
        "import sys; from disclosure.records import open_records; print('ready', flush=True); sys.stdin.readline()\n"
        "open_records(sys.argv[1])"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in running]
    assert ended == [("", 0)] * 3
    assert differences(engine) == []


def test_tables_of_a_later_version_are_told_in_words(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DisclosureError, match="别的版本"):
        open_records(database_url)


def test_a_database_that_cannot_be_reached_is_told_in_words_without_its_password() -> None:
    with pytest.raises(DisclosureError) as caught:
        open_records("postgresql+psycopg://disclosure:geheim@127.0.0.1:1/records")
    assert "DISCLOSURE_DATABASE_URL" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_reading_holds_no_writer_up(database_url: str) -> None:
    records = open_records(database_url)
    with records.read() as reading:
        assert reading.scalars(select(LedgerEntry)).all() == []
        with records.write() as writing:
            writing.connection()
    records.engine.dispose()


def test_what_was_recorded_before_history_kept_its_sources_is_still_there(database_url: str, engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "disclosure.records:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO stored_files VALUES ('ab', 1, '2026-01-05 00:00:00+00:00')"))
        connection.execute(
            text(
                "INSERT INTO imported_tables VALUES"
                " (1, 'chuxiong', 'ab', '往年.csv', 1, '[]', '2026-01-05 00:00:00+00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO observations (id, import_id, period_id, region, indicator, unit, value, text, state,"
                " centre, sheet, cell) VALUES"
                " (7, 1, '2024-annual', '532300', 'work_injury.participants', '人', '1', '', 'reported', '', '', '2')"
            )
        )
    migrate(database_url)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT id, import_id, cell, provenance FROM observations")).all()
        assert [tuple(row) for row in kept] == [(7, 1, "2", None)]


def test_rows_that_refer_to_each_other_survive_a_rebuilt_table(database_url: str, engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "disclosure.records:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        for line in (
            'INSERT INTO cycles (id, profile, period_id, round, step, "only", milestones, is_demo, opened_at)'
            " VALUES (7, 'p', '2016-annual', 1, 'review', '[]', '{}', false, '2017-02-01 00:00:00')",
            "INSERT INTO people (id, name, office, secret, is_active, is_demo, wrong_codes, enrolled_at)"
            " VALUES (3, '张三', 'policy_section', '', true, false, 0, '2017-02-01 00:00:00')",
            "INSERT INTO asks (id, cycle_id, round, step, number, key, digest, flow_run_id, state, refusal, asked_at)"
            " VALUES (5, 7, 1, 'review', 1, 'k', 'd', 'r', 'answered', '', '2017-03-01 00:00:00')",
            "INSERT INTO decisions (id, cycle_id, round, gate, outcome, digest, person_id, ask_id, opinion,"
            " returned_to, decided_at)"
            " VALUES (9, 7, 1, 'policy', 'approved', 'd', 3, 5, '同意', '[]', '2017-03-01 00:00:00')",
        ):
            connection.execute(text(line))
    migrate(database_url)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT d.id, a.id, a.cycle_id FROM decisions d JOIN asks a ON a.id = d.ask_id"))
        assert row.all() == [(9, 5, 7)]
    refused = pytest.raises(IntegrityError, match=r"(?i)one_subject|constraint")
    with refused, engine.begin() as connection:
        connection.execute(text("UPDATE asks SET cycle_id = NULL"))


def test_what_was_published_before_channels_had_steps_is_still_live(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "disclosure.records:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE channel_deliveries DISABLE TRIGGER ALL"))
        else:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(
            text(
                "INSERT INTO channel_deliveries (id, release_id, channel, action, state, reason, attempts, updated_at)"
                " VALUES (1, 7, 'website', 'publish', 'live', '', 2, '2026-03-15 00:00:00+00:00'),"
                " (2, 8, 'website', 'publish', 'staged', '', 1, '2026-03-15 00:00:00+00:00')"
            )
        )
        command.upgrade(config, "0012")
        rows = "SELECT release_id, action, state, attempts, token FROM channel_deliveries ORDER BY id"
        assert [tuple(row) for row in connection.execute(text(rows))] == [
            (7, "switch", "done", 2, ""),
            (8, "stage", "done", 1, ""),
        ]
        command.downgrade(config, "0011")
        rows = "SELECT release_id, action, state FROM channel_deliveries ORDER BY id"
        assert [tuple(row) for row in connection.execute(text(rows))] == [
            (7, "publish", "live"),
            (8, "publish", "staged"),
        ]
        connection.execute(text("DELETE FROM channel_deliveries"))
