"""Opening our database: SQLite by default, PostgreSQL by URL, the same tables in both."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlalchemy.orm import Session

from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.database_errors import PlainConnection, explain_database_error, told_plainly
from disclosure.records.migrations import FIRST, HEAD
from disclosure.records.sqlite_waiting import BUSY_MILLISECONDS, wait_for_lock
from disclosure.records.vouching import VouchingSession

if TYPE_CHECKING:
    from alembic.config import Config

#: Any constant: the name of the PostgreSQL lock under which the tables change.
_MIGRATION_LOCK = 820_213
#: What is said of a database that a development version made, and what to do.
TOO_OLD = "是 0.2.0 以前的开发版建立的，不能升级。"
#: What is said of a database that a later version has upgraded, and what to do: there is no way back.
TOO_NEW = "是更新的版本建立或升级过的，这个版本不认识它的表，没有打开，什么都没有改。"
GO_FORWARD = "请换回更新的版本；一定要退回时，用升级以前的备份恢复到空的文件夹（disclosure backup restore）。"
START_ANEW = "请把它移走留存，或将 DISCLOSURE_HOME、DISCLOSURE_DATABASE_URL 指向新的位置，再重新开始。"


@dataclass(frozen=True)
class Records:
    """Our records. ``read`` and ``write`` give one transaction each.

    ``on_growth`` is called after a transaction that made the ledger longer, with the first entry it wrote and the last.
    """

    engine: Engine
    on_growth: Callable[[Records, ledger.Growth], None] | None = field(default=None, kw_only=True)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a transaction that changes something: committed whole at the end, or not at all.

        Rows that the ledger vouches for are in it with the change, whoever made it.

        Raises:
            RecordsUnavailableError: when the database would not serve.
        """
        with told_plainly(self.engine), VouchingSession(self.engine, expire_on_commit=False) as session:
            with session.begin():
                yield session
                ledger.vouch_for_rest(session)
            growth = ledger.growth_of(session)
        if growth and self.on_growth:
            self.on_growth(self, growth)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a transaction that changes nothing and holds no one up.

        Raises:
            RecordsUnavailableError: when the database would not serve.
        """
        reader = self.engine.execution_options(reads_only=True)
        with told_plainly(self.engine), Session(reader, expire_on_commit=False) as session:
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
    try:
        if migration_state(engine) != "current":
            migrate(url, engine)
    except DisclosureError:
        engine.dispose()
        raise
    except DatabaseError as error:
        engine.dispose()
        raise explain_database_error(error, url) from error
    return Records(engine)


def create_records_engine(url: str) -> Engine:
    """Return an engine with the transaction habits the product relies on."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"factory": PlainConnection})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # We say BEGIN ourselves below; Python's sqlite3 would say it late and let two writers collide.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        # While another process does the same, SQLite refuses without waiting.
        wait_for_lock(lambda: cursor.execute("PRAGMA journal_mode = WAL"), parsed.database or "")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get("reads_only", False)
        wait_for_lock(
            lambda: connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE"), parsed.database or ""
        )
        if reads_only:
            # BEGIN alone sees nothing yet: whoever keeps readers out is waited for here, not in the midst of a rule.
            wait_for_lock(
                lambda: connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1"), parsed.database or ""
            )

    return engine


def migration_state(engine: Engine) -> Literal["empty", "too old", "behind", "current", "too new"]:
    """Tell whether the tables are those of this version of the product.

    ``too old``: of a development version from before the first migration; ``too new``: of a later version.
    Asked without Alembic, which takes a quarter of a second to import: every resumed run asks. Asking needs no write
    lock.
    """
    with engine.execution_options(reads_only=True).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return "empty"
        at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if at is None:
        return "empty"
    # Numbers of migrations are strings of one length, or of versions that none of ours has ever been.
    return "current" if at == HEAD else "too old" if at < FIRST else "behind" if at < HEAD else "too new"


def migrate(url: str, engine: Engine | None = None) -> None:
    """Bring the tables at ``url`` to this version.

    Raises:
        DisclosureError: when they are those of a version this one knows nothing of.
    """
    # Alembic takes a quarter of a second, and most runs find the tables up to date.
    from alembic import command  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = _alembic(url)
    used = engine or create_records_engine(url)
    shown = make_url(url).render_as_string(hide_password=True)
    state = migration_state(used)
    if state == "too old":
        raise DisclosureError(f"记录库 {shown} {TOO_OLD}{START_ANEW}")
    if state == "too new":
        raise DisclosureError(f"记录库 {shown} {TOO_NEW}{GO_FORWARD}")
    with migrating(used) as connection:
        if connection.dialect.name == "postgresql":
            # Two processes that open an empty database together; SQLite's BEGIN IMMEDIATE does the same.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DisclosureError(f"记录库 {shown} 是由别的版本建立的，请用建立它的版本或更新的版本打开。") from error
    if engine is None:
        used.dispose()


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """Open a transaction in which tables may be rebuilt.

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
    from alembic.config import Config  # noqa: PLC0415 - as in `migrate`

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
