"""Opening our database: SQLite by default, PostgreSQL by URL, the same tables in both."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from disclosure.errors import DisclosureError
from disclosure.records.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

_BUSY_MILLISECONDS = 30_000
_WAL_TRIES, _WAL_PAUSE_SECONDS = 100, 0.05
#: Any constant: the name of the PostgreSQL lock under which the tables change.
_MIGRATION_LOCK = 820_213


@dataclass(frozen=True)
class Records:
    """Our records. ``read`` and ``write`` give one transaction each."""

    engine: Engine

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that changes something: committed whole at the end, or not at all."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that changes nothing and holds no one up."""
        reader = self.engine.execution_options(reads_only=True)
        with Session(reader, expire_on_commit=False) as session:
            yield session
            # Let go of what was read first: ending the transaction would empty it.
            session.expunge_all()


@cache
def open_records(url: str) -> Records:
    """Open the database at ``url`` and bring its tables up to date.

    Raises:
        DisclosureError: when it cannot be reached, or holds the tables of a version unknown to this one.
    """
    try:
        engine = create_records_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise DisclosureError(
            "DISCLOSURE_DATABASE_URL 不是有效的数据库地址，应为 postgresql+psycopg://用户:口令@主机/库名 这样。"
        ) from error
    shown = make_url(url).render_as_string(hide_password=True)
    try:
        if migration_state(engine) != "current":
            migrate(url, engine)
    except DisclosureError:
        engine.dispose()
        raise
    except OperationalError as error:
        engine.dispose()
        raise DisclosureError(
            f"打不开记录库 {shown}：{error.orig}。请核对 DISCLOSURE_DATABASE_URL 与数据库服务。"
        ) from error
    except DatabaseError as error:
        engine.dispose()
        raise DisclosureError(
            f"记录库 {shown} 已损坏，或不是本系统的记录库（{error.orig}）。请停止使用，从备份恢复后再试。"
        ) from error
    return Records(engine)


def create_records_engine(url: str) -> Engine:
    """An engine with the transaction habits the product relies on."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # We say BEGIN ourselves below; Python's sqlite3 would say it late and let two writers collide.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        _enter_wal(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def _enter_wal(cursor: sqlite3.Cursor) -> None:
    """Switch to write-ahead logging; while another process does the same, SQLite refuses without waiting."""
    for left in range(_WAL_TRIES, -1, -1):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if not left:
                raise
            time.sleep(_WAL_PAUSE_SECONDS)
        else:
            return


def migration_state(engine: Engine) -> Literal["empty", "behind", "current"]:
    """Whether the tables are those of this version of the product.

    Asked without Alembic, which takes a quarter of a second to import: every resumed run asks.
    """
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return "empty"
        at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return "empty" if at is None else "current" if at == HEAD else "behind"


def migrate(url: str, engine: Engine | None = None) -> None:
    """Bring the tables at ``url`` to this version."""
    from alembic import command
    from alembic.util import CommandError

    config = _alembic(url)
    used = engine or create_records_engine(url)
    with _migrating(used) as connection:
        if connection.dialect.name == "postgresql":
            # Two processes that open an empty database together; SQLite's BEGIN IMMEDIATE does the same.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            shown = make_url(url).render_as_string(hide_password=True)
            raise DisclosureError(f"记录库 {shown} 是由别的版本建立的，请用建立它的版本或更新的版本打开。") from error
    if engine is None:
        used.dispose()


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """A transaction in which tables may be rebuilt.

    SQLite changes a column by copying its table and dropping the old one, which would count as deleting rows that
    others refer to: its foreign keys are off meanwhile (they can only be switched outside a transaction), and all of
    them are checked before the end.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                if broken := connection.execute(text("PRAGMA foreign_key_check")).first():
                    raise DisclosureError(
                        f"记录库升级后有记录引用了不存在的行（{broken[0]}），没有升级。请联系管理员核查。"
                    )
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _alembic(url: str) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
