"""A query against a centre's own database: PostgreSQL, or MySQL and MariaDB; only read, never for long, never much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, field_validator
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError

from disclosure.collection.intake.source_rows import SourceRow, check_columns, numbered
from disclosure.collection.sources.base import Delivery, Poll, PollContext, RowsSource, WaitingCycle
from disclosure.platform.fact import Name
from disclosure.platform.remote_files import in_words

#: Driver for each kind of database a URL may name.
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_CONNECT_SECONDS = 10
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
#: What a query may bind, by name.
PARAMETERS = ("period", "kind", "year", "months", "first_day", "last_day", "round", "centre", "region")


class SqlSource(RowsSource):
    """Figures by a query that gives the columns region, indicator, unit, value (insurance, state, note).

    ``url`` has no password; that is ``secrets: {password: …}``.
    """

    kind: Literal["sql"]
    url: Name
    query: Name
    timeout_seconds: int = Field(default=60, ge=1, le=900)
    max_rows: int = Field(default=20_000, ge=1, le=200_000)

    @field_validator("url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        try:
            backend = make_url(value).get_backend_name()
        except ArgumentError:
            backend = ""
        if backend not in _DRIVERS:
            raise ValueError("应为 postgresql://用户@主机/库名 或 mysql://用户@主机/库名 这样的数据库地址")
        return value

    @field_validator("query")
    @classmethod
    def _reads_in_order(cls, value: str) -> str:
        bare = _COMMENTS.sub(" ", value).strip().rstrip(";").rstrip()
        if not re.match(r"(select|with)\b", bare, re.IGNORECASE) or ";" in bare:
            raise ValueError("应为一条以 SELECT 或 WITH 开头的查询语句")
        # Row numbers name a figure's source, and an unchanged answer must stay the same file.
        if not re.search(r"\border\s+by\b", bare, re.IGNORECASE):
            raise ValueError("查询语句要有 ORDER BY，这样指出问题时的行号才是固定的")
        if unknown := sorted(set(text(bare)._bindparams) - set(PARAMETERS)):
            raise ValueError(f"查询语句里的参数 :{'、:'.join(unknown)} 不认识，可用 :{'、:'.join(PARAMETERS)}")
        return bare

    @property
    def address(self) -> URL:
        """The address with the driver we bring."""
        url = make_url(self.url)
        return url.set(drivername=_DRIVERS[url.get_backend_name()])

    @property
    def where(self) -> str:
        """``数据库 10.1.2.3/ybzx``."""
        url = self.address
        return f"数据库 {url.host or '本机'}{f':{url.port}' if url.port else ''}/{url.database or ''}"

    def begin_poll(self, context: PollContext) -> Poll:
        """Nothing is connected before something is due."""
        return _Query(self, context)


class _Query(Poll):
    def __init__(self, source: SqlSource, context: PollContext) -> None:
        self.source, self.context = source, context

    def deliveries(self) -> Iterator[Delivery]:
        """One file of rows for each cycle that waits; none for a cycle the database has no rows for yet."""
        for due in self.context.due:
            if rows := self._rows(due):
                yield self.source.deliver(self.context.catalog, due, rows, query=self.source.query)

    def _rows(self, due: WaitingCycle) -> list[SourceRow]:
        source, secret = self.source, self.source.secrets.get("password")
        password = self.context.secret(secret) if secret else None
        with in_words(f"{source.where}（来源 {source.id}）", (password or "",), _told):
            engine = _engine(source, password)
            try:
                with engine.connect() as connection:
                    found = self._fetch(connection, due)
            finally:
                engine.dispose()
            if len(found) > source.max_rows:
                raise _TooManyRowsError(source.max_rows)
        return list(numbered(found))

    def _fetch(self, connection: Connection, due: WaitingCycle) -> list[dict[str, Any]]:
        source = self.source
        _guard(connection, source.timeout_seconds, source.max_rows + 1)
        query = text(source.query)
        given = parameters(due, source.centre, self.context.catalog.prefecture.code)
        bound = {name: value for name, value in given.items() if name in query._bindparams}
        result = connection.execute(query, bound)
        try:
            check_columns(result.keys(), f"{source.where}（来源 {source.id}）的查询结果")
            return [dict(row) for row in result.mappings().fetchmany(source.max_rows + 1)]
        finally:
            result.close()


def parameters(due: WaitingCycle, centre: str, region: str) -> Mapping[str, Any]:
    """Return what a query may bind: of the period its id, kind, year, months, first and last day; who is asked."""
    period = due.period
    return {
        "period": period.id,
        "kind": period.kind,
        "year": period.year,
        "months": period.end_month,
        "first_day": period.end.replace(month=1, day=1),
        "last_day": period.end,
        "round": due.round,
        "centre": centre,
        "region": region,
    }


class _TooManyRowsError(Exception):
    pass


def _engine(source: SqlSource, password: str | None) -> Engine:
    url = source.address.set(password=password) if password else source.address
    if url.get_backend_name() == "postgresql":
        options = f"-c default_transaction_read_only=on -c statement_timeout={source.timeout_seconds * 1000}"
        arguments: dict[str, Any] = {"connect_timeout": _CONNECT_SECONDS, "options": options}
    else:
        # The server's own limit comes first; this one is for a server that says nothing at all.
        limit = source.timeout_seconds + _CONNECT_SECONDS
        arguments = {"connect_timeout": _CONNECT_SECONDS, "read_timeout": limit, "charset": "utf8mb4"}
    return create_engine(url, poolclass=NullPool, connect_args=arguments)


def _guard(connection: Connection, seconds: int, rows: int) -> None:
    """Nothing is written, a statement ends in time, and a query that gives millions does not fill our memory.

    PostgreSQL was told the first two when connecting; its rows are fetched as they are read.
    """
    if connection.dialect.name == "postgresql":
        connection.execution_options(stream_results=True)
        return
    is_mariadb = getattr(connection.dialect, "is_mariadb", False)
    limit = f"max_statement_time={seconds}" if is_mariadb else f"max_execution_time={seconds * 1000}"
    connection.exec_driver_sql(f"SET SESSION {limit}, sql_select_limit={rows}")
    connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
    # The transaction that SQLAlchemy has begun was begun before.
    connection.commit()


#: What is wrong, by the server's own code (SQLSTATE of PostgreSQL, number of MySQL and MariaDB), or by its words
#: where a refused connection brings no code along.
_TOLD: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"28P01", "28000", "1045", "1698", "password authentication failed", 'FATAL:  role "'}),
        "用户名或口令不对，请核对 url 和口令的环境变量",
    ),
    (frozenset({"3D000", "1049", 'FATAL:  database "'}), "没有这个库，请核对 url 里的库名"),
    (frozenset({"1044"}), "这个用户不能使用这个库，请数据库管理员授权（只读即可）"),
    (frozenset({"42501", "1142", "1143"}), "没有查询所需的权限，请数据库管理员授权（只读即可）"),
    (frozenset({"42P01", "1146"}), "查询用到的表不存在，请核对查询语句"),
    (frozenset({"42703", "1054"}), "查询用到的列不存在，请核对查询语句"),
    (frozenset({"42601", "1064"}), "查询语句有语法错误，请核对"),
    (frozenset({"25006", "1792", "data-modifying statements"}), "查询语句要改动数据库，已拒绝；取数只能查询"),
    (frozenset({"57014", "1969", "3024"}), "查询超时，请优化查询，或在来源里把 timeout_seconds 调大"),
)
_UNREACHABLE = re.compile(
    r"could not connect|connection (?:refused|failed|timed out|timeout)|can't connect|no route|resolve|timed out",
    re.IGNORECASE,
)


def _told(error: Exception) -> str:
    if isinstance(error, _TooManyRowsError):
        return f"查询结果超过 {error.args[0]} 行，没有取；请核对查询的条件，或在来源里把 max_rows 调大"
    original = getattr(error, "orig", None) or error
    number = original.args[0] if getattr(original, "args", ()) else ""
    given = {str(getattr(original, "sqlstate", None)), str(number)}
    said = str(original)
    for codes, words in _TOLD:
        if given & codes or any(not known[0].isdigit() and known in said for known in codes):
            return words
    if _UNREACHABLE.search(said):
        return "连不上，请核对主机、端口和网络，并确认数据库在运行"
    if getattr(error, "orig", None) is None:
        return ""
    # What the server said of the query, without the query and its parameters.
    first = re.sub(r"\s+", " ", str(original.args[-1] if original.args else original)).strip()[:160]
    return f"查询没有成功（{first}），请核对查询语句"
