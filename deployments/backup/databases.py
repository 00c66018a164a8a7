"""Copies of a database that is in use: SQLite by its backup API, PostgreSQL by ``pg_dump``, each from one moment."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, create_engine, inspect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from disclosure.platform.errors import DisclosureError
from disclosure.records.database_errors import PlainConnection
from disclosure.records.sqlite_waiting import BUSY_MILLISECONDS

#: How a copy is called, by the kind of database it was made of.
SUFFIXES = {"sqlite": ".db", "postgresql": ".pgdump"}
_DUMP_SECONDS = 3600
#: Only a database's administrator may make it, and nothing of ours depends on it.
_LEFT_OUT = "EXTENSION - amcheck", "EXTENSION amcheck"


def kind_of(url: str) -> str:
    """Return what kind of database is at ``url``.

    Raises:
        DisclosureError: when it is none that can be copied.
    """
    try:
        kind = make_url(url).get_backend_name()
    except ArgumentError as error:
        raise DisclosureError("数据库的地址写法不对，请核对 DISCLOSURE_DATABASE_URL。") from error
    if kind not in SUFFIXES:
        raise DisclosureError(f"不会备份 {kind} 数据库，只会备份 SQLite 和 PostgreSQL。")
    return kind


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other."""
    return Path(make_url(url).database or "").absolute() if kind_of(url) == "sqlite" else None


def copy_database(url: str, stem: Path) -> Path | None:
    """Copy the database at ``url``, whoever writes to it, to a file beside ``stem``; None where there is none yet.

    Raises:
        DisclosureError: when it cannot be copied, or is damaged.
    """
    kind = kind_of(url)
    copy = stem.with_name(stem.name + SUFFIXES[kind])
    if kind == "postgresql":
        _run("pg_dump", make_url(url), "--format=custom", "--no-owner", "--no-privileges", f"--file={copy}")
        return copy
    file = sqlite_file(url)
    if file is None or not file.exists():
        return None
    try:
        with (
            closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, factory=PlainConnection)) as source,
            closing(sqlite3.connect(copy, factory=PlainConnection)) as target,
        ):
            source.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            # All pages in one step: one reader's snapshot, which no writer waits for or changes.
            source.backup(target)
            problems = [row[0] for row in target.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        raise DisclosureError(f"数据库 {file} 读不了（{error}），没有备份。请运行 disclosure doctor。") from error
    if problems != ["ok"]:
        raise DisclosureError(
            f"数据库 {file} 已损坏（{'；'.join(problems)}），没有备份，以前的备份都还在。请运行 disclosure doctor。"
        )
    return copy


def is_vacant(url: str) -> bool:
    """Whether nothing is at ``url`` that a restored database would be mixed with.

    Raises:
        DisclosureError: when the server cannot be asked.
    """
    file = sqlite_file(url)
    if file is not None:
        return not any(file.with_name(file.name + end).exists() for end in ("", "-wal", "-shm", "-journal"))
    address = make_url(url).set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(address)
        try:
            return not inspect(engine).get_table_names()
        finally:
            engine.dispose()
    except (DatabaseError, NoSuchModuleError, ImportError) as error:
        raise DisclosureError(
            f"连不上数据库 {address.render_as_string()}，没有恢复。请核对地址、口令和网络。"
        ) from error


def fill_database(copy: Path, url: str) -> None:
    """Put a copy where nothing was: an SQLite file in its place, a dump in one transaction.

    Raises:
        DisclosureError: when PostgreSQL does not take it.
    """
    file = sqlite_file(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(copy, file)
        return
    address = make_url(url)
    listed = _run("pg_restore", None, "--list", str(copy)).splitlines()
    wanted = copy.with_suffix(".list")
    wanted.write_text("\n".join(line for line in listed if not any(one in line for one in _LEFT_OUT)), encoding="utf-8")
    _run(
        "pg_restore",
        address,
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        f"--use-list={wanted}",
        str(copy),
    )
    wanted.unlink()
    copy.unlink()


def _run(program: str, address: URL | None, *arguments: str) -> str:
    """Run one of PostgreSQL's own programs; its password is not among the arguments, which all users can see."""
    where = []
    environment = dict(os.environ)
    if address is not None:
        if address.password is not None:
            environment["PGPASSWORD"] = str(address.password)
        plain = address.set(drivername="postgresql", password=None)
        where = [f"--dbname={plain.render_as_string(hide_password=False)}", "--no-password"]
    try:
        ended = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, no shell
            [program, *where, *arguments],
            env=environment,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=_DUMP_SECONDS,
        )
    except FileNotFoundError as error:
        raise DisclosureError(
            f"本机没有 {program}：请安装与数据库同版本或更新的 PostgreSQL 客户端（postgresql-client）。"
        ) from error
    if ended.returncode:
        said = (ended.stderr.strip().splitlines() or ["没有说明原因"])[0]
        raise DisclosureError(f"{program} 没有成功（{said}）。请核对数据库的地址和权限，以及客户端不比服务器旧。")
    return ended.stdout
