"""Protects that any database comes to exactly the tables of this version: from nothing, again, and by two at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BigInteger, Engine, inspect, select, text

from disclosure.platform.errors import DisclosureError
from disclosure.records import open_records
from disclosure.records.database import create_records_engine, migrate, migrating, migration_state
from disclosure.records.tables import Base, LedgerEntry

pytestmark = [pytest.mark.records, pytest.mark.both_databases]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = create_records_engine(database_url)
    yield made
    made.dispose()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def checks(engine: Engine) -> dict[tuple[str, str | None], str]:
    """What the database checks, by table and name; Alembic's comparison leaves that out."""
    seen = inspect(engine)
    return {
        (table, check["name"]): " ".join(check["sqltext"].split())
        for table in seen.get_table_names()
        for check in seen.get_check_constraints(table)
    }


def test_from_nothing_to_the_tables_of_the_models(database_url: str, engine: Engine) -> None:
    assert migration_state(engine) == "empty"
    migrate(database_url)
    assert migration_state(engine) == "current"
    assert differences(engine) == []


def test_what_the_models_check_the_migration_checks(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    migrated = checks(engine)
    assert ("releases", "ck_releases_state") in migrated
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    assert migrated == checks(engine)


def test_the_comparison_sees_what_is_missing(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    with engine.begin() as connection:
        Base.metadata.tables["used_codes"].drop(connection)
    assert differences(engine)


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
    assert migration_state(engine) == "too new"
    with pytest.raises(DisclosureError, match=r"更新的版本建立或升级过的.*没有打开.*请换回更新的版本"):
        open_records(database_url)


@pytest.mark.parametrize("revision", ["0001", "0014"])
def test_tables_of_an_older_development_version_are_refused_and_kept(
    revision: str, database_url: str, engine: Engine
) -> None:
    migrate(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    with pytest.raises(DisclosureError, match=r"0\.2\.0 以前的开发版建立的，不能升级。请把它移走留存"):
        open_records(database_url)
    assert migration_state(engine) == "too old"


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


def test_rows_that_refer_to_each_other_survive_a_rebuilt_table(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    with engine.begin() as connection:
        for line in (
            "INSERT INTO stored_files (sha256, size, stored_at) VALUES ('ab', 1, '2026-01-05 00:00:00')",
            "INSERT INTO refused_files (id, sha256, file_name, reason, received_at)"
            " VALUES (7, 'ab', 'x.xlsx', '看不懂', '2026-01-05 00:00:00')",
        ):
            connection.execute(text(line))
    with migrating(engine) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("stored_files", recreate="auto") as table:
            table.alter_column("size", type_=BigInteger())
    with engine.connect() as connection:
        row = connection.execute(text("SELECT r.id, s.size FROM refused_files r JOIN stored_files s USING (sha256)"))
        assert row.all() == [(7, 1)]
