"""Why the database would not serve: one cause for each way it fails, and one sentence that names the true one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DatabaseError, InternalError, OperationalError

from disclosure.platform.errors import DisclosureError


class DatabaseCause(StrEnum):
    """What stands in the way of a transaction."""

    LOCKED = "locked"
    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    NOT_OPENED = "not_opened"
    DISK_FAULT = "disk_fault"
    DAMAGED = "damaged"
    UNREACHABLE = "unreachable"
    NOT_ADMITTED = "not_admitted"
    NO_DATABASE = "no_database"
    OTHER = "other"

    @property
    def is_passing(self) -> bool:
        """Whether it may be over the next time, with nothing put right in our settings."""
        return self in {DatabaseCause.LOCKED, DatabaseCause.DISK_FULL, DatabaseCause.UNREACHABLE}


class RecordsUnavailableError(DisclosureError):
    """The database would not serve, by ``cause``: nobody decided anything by it."""

    def __init__(self, cause: DatabaseCause, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = cause


#: By the beginning of SQLite's name of the error (https://www.sqlite.org/rescode.html).
_SQLITE: Mapping[str, DatabaseCause] = {
    "SQLITE_BUSY": DatabaseCause.LOCKED,
    "SQLITE_LOCKED": DatabaseCause.LOCKED,
    "SQLITE_PROTOCOL": DatabaseCause.LOCKED,
    "SQLITE_FULL": DatabaseCause.DISK_FULL,
    "SQLITE_READONLY": DatabaseCause.READ_ONLY,
    "SQLITE_CANTOPEN": DatabaseCause.NOT_OPENED,
    "SQLITE_PERM": DatabaseCause.NOT_OPENED,
    "SQLITE_IOERR": DatabaseCause.DISK_FAULT,
    "SQLITE_CORRUPT": DatabaseCause.DAMAGED,
    "SQLITE_NOTADB": DatabaseCause.DAMAGED,
}
#: By the beginning of PostgreSQL's SQLSTATE (appendix A of its manual).
_SQLSTATE: Mapping[str, DatabaseCause] = {
    "28": DatabaseCause.NOT_ADMITTED,
    "42501": DatabaseCause.NOT_ADMITTED,
    "3D000": DatabaseCause.NO_DATABASE,
    "53100": DatabaseCause.DISK_FULL,
    "55P03": DatabaseCause.LOCKED,
    "25006": DatabaseCause.READ_ONLY,
    "58030": DatabaseCause.DISK_FAULT,
    "XX001": DatabaseCause.DAMAGED,
    "XX002": DatabaseCause.DAMAGED,
    "08": DatabaseCause.UNREACHABLE,
    "57": DatabaseCause.UNREACHABLE,
    "53": DatabaseCause.UNREACHABLE,
}
_SENTENCES: Mapping[DatabaseCause, str] = {
    DatabaseCause.LOCKED: "记录库 {shown} 一直被别的程序锁着，等了也没有放开，没有写入。"
    "请结束占用它的程序（例如打开着它的数据库工具、没有结束的备份），再重试。",
    DatabaseCause.DISK_FULL: "记录库 {shown} 所在的磁盘已满，没有写入。"
    "请腾出空间再重试；已报送的文件和记录一件都不要删。",
    DatabaseCause.READ_ONLY: "记录库 {shown} 不能写入：它所在的磁盘或文件是只读的。"
    "请把文件和所在文件夹的所有者改为运行本程序的用户并可写，再重试。",
    DatabaseCause.NOT_OPENED: "打不开记录库 {shown}：{why}。请把它和所在文件夹的所有者改为运行本程序的用户，再重试。",
    DatabaseCause.DISK_FAULT: "读写记录库 {shown} 时磁盘出错（{reason}）。请先检查磁盘，再用 disclosure doctor 核对。",
    DatabaseCause.DAMAGED: "记录库 {shown} 已损坏，或不是本系统的记录库（{reason}）。请停止使用，从备份恢复后再试。",
    DatabaseCause.UNREACHABLE: "连不上记录库 {shown}：{reason}。请确认数据库服务已启动、网络可通，"
    "并核对 DISCLOSURE_DATABASE_URL 里的主机和端口。",
    DatabaseCause.NOT_ADMITTED: "记录库 {shown} 不让登录或没有权限：{reason}。"
    "请核对 DISCLOSURE_DATABASE_URL 里的用户和口令，以及这个用户的权限。",
    DatabaseCause.NO_DATABASE: "数据库服务在运行，但没有 {shown} 这个库：{reason}。"
    "请核对 DISCLOSURE_DATABASE_URL 里的库名，或请数据库管理员建立它。",
    DatabaseCause.OTHER: "记录库 {shown} 出错：{reason}。请把这句话告诉管理员。",
}


class PlainCursor(sqlite3.Cursor):
    """A cursor that fails with the driver's own errors alone.

    SQLite quotes the damaged bytes in what it says of a damaged table; Python's driver fails to read them as text and
    raises UnicodeDecodeError in place of its own error. Tables are looked up when a statement is prepared.
    """

    def execute(self, *arguments: Any) -> PlainCursor:
        """Run one statement."""
        with _driver_errors():
            super().execute(*arguments)
        return self

    def executemany(self, *arguments: Any) -> PlainCursor:
        """Run one statement with several rows of values."""
        with _driver_errors():
            super().executemany(*arguments)
        return self


class PlainConnection(sqlite3.Connection):
    """A connection to SQLite whose cursors are plain."""

    def cursor(self, factory: Any = PlainCursor) -> Any:
        """Return a new cursor."""
        return super().cursor(factory)

    def execute(self, *arguments: Any) -> Any:
        """Run one statement on a new cursor; the driver's own way takes a cursor that is not plain."""
        return self.cursor().execute(*arguments)


@contextmanager
def _driver_errors() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        told = sqlite3.DatabaseError("数据库的表结构里有不是文字的字节")
        told.sqlite_errorname = "SQLITE_CORRUPT"
        raise told from error


def cause_of(error: BaseException) -> DatabaseCause:
    """Return why the driver's ``error`` (SQLite's or psycopg's) came about."""
    if name := getattr(error, "sqlite_errorname", None):
        return next((cause for start, cause in _SQLITE.items() if str(name).startswith(start)), DatabaseCause.OTHER)
    if isinstance(error, sqlite3.Error):
        return DatabaseCause.OTHER
    if state := getattr(error, "sqlstate", None):
        return next((cause for start, cause in _SQLSTATE.items() if str(state).startswith(start)), DatabaseCause.OTHER)
    text = str(error)
    # libpq gives no SQLSTATE to what the server says before a session begins.
    if "does not exist" in text and "database" in text:
        return DatabaseCause.NO_DATABASE
    if "authentication" in text or "role" in text or "pg_hba" in text or "no password" in text:
        return DatabaseCause.NOT_ADMITTED
    return DatabaseCause.UNREACHABLE


def explain_database_error(error: DatabaseError, url: str) -> RecordsUnavailableError:
    """Return the error that tells people why the database at ``url`` would not serve, with its true cause."""
    parsed = make_url(url)
    driver = error.orig or error
    cause = cause_of(driver)
    reason = str(driver).strip().splitlines()[0].rstrip("。.") if str(driver).strip() else type(driver).__name__
    file = Path(parsed.database or "")
    sentence = _SENTENCES[cause].format(
        shown=parsed.render_as_string(hide_password=True), reason=reason, why=_why_not_opened(file)
    )
    return RecordsUnavailableError(cause, sentence)


@contextmanager
def told_plainly(engine: Engine) -> Iterator[None]:
    """Turn what the database itself fails with into one sentence; a broken rule of ours (a constraint) stays as it is.

    Raises:
        RecordsUnavailableError: with the true cause.
    """
    try:
        yield
    except DatabaseError as error:
        if isinstance(error, OperationalError | InternalError) or type(error) is DatabaseError:
            raise explain_database_error(error, engine.url.render_as_string(hide_password=False)) from error
        raise


def _why_not_opened(file: Path) -> str:
    try:
        if file.is_dir():
            return "那是一个文件夹"
        if not file.parent.is_dir():
            return f"没有文件夹 {file.parent}"
    except OSError:
        pass
    return "没有权限"
