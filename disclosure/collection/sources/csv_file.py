"""A CSV that a centre's system writes: one figure in each row, read where it lies."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, field_validator

from disclosure.collection.intake.source_rows import SourceRow, check_columns
from disclosure.collection.sources.base import Delivery, Poll, PollContext, RowsSource, WaitingCycle
from disclosure.collection.sources.store import Entry, Store
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import Name
from disclosure.platform.remote_files import fill, unknown_placeholders

_MOST_BYTES = 32 << 20
_PLACEHOLDERS = ("home", "period", "kind", "year", "months")


class CsvSource(RowsSource):
    """A file by fsspec URL, in which ``{period}``, ``{year}``, ``{kind}``, ``{months}`` name the period.

    Its columns are those of a query: region, indicator, unit, value (insurance, state, note).
    """

    kind: Literal["csv"]
    url: Name
    options: dict[str, Any] = Field(default={})

    @field_validator("url")
    @classmethod
    def _names_the_period(cls, value: str) -> str:
        if unknown := unknown_placeholders(value, *_PLACEHOLDERS):
            raise ValueError(
                f"url 里不认识 {{{unknown[0]}}}，可用 {'、'.join(f'{{{name}}}' for name in _PLACEHOLDERS)}"
            )
        # A file that is the same for every period would be handed in for the wrong one.
        if "{period}" not in value and not ("{year}" in value and ("{kind}" in value or "{months}" in value)):
            raise ValueError("url 要用 {period}（或 {year} 加 {kind}）写明是哪一期，如 /导出/{period}.csv")
        return value

    @property
    def where(self) -> str:
        """``CSV 文件 /srv/export/{period}.csv``."""
        return f"CSV 文件 {self.url}"

    def begin_poll(self, context: PollContext) -> Poll:
        """Nothing is connected before something is due."""
        return _CsvPoll(self, context)


class _CsvPoll(Poll):
    def __init__(self, source: CsvSource, context: PollContext) -> None:
        self.source, self.context = source, context
        secrets = {name: context.secret(secret) for name, secret in source.secrets.items()} if context.due else {}
        self._stores: dict[WaitingCycle, tuple[Store, str]] = {}
        for due in context.due:
            period = due.period
            folder, _, name = fill(
                source.url,
                home=context.home,
                period=period.id,
                kind=period.kind,
                year=period.year,
                months=period.end_month,
            ).rpartition("/")
            where = f"{source.where}（来源 {source.id}）"
            self._stores[due] = (Store(folder or ".", source.options, secrets, where), name)
        self._first: dict[WaitingCycle, Entry] = {}

    def first_look(self) -> bool:
        """Note the files that are there, to be compared a while later."""
        found = {due: store.entry(name) for due, (store, name) in self._stores.items()}
        self._first = {due: entry for due, entry in found.items() if entry}
        return bool(self._first)

    def deliveries(self) -> Iterator[Delivery]:
        """One file of rows for each CSV that is as it was at the first look."""
        for due, entry in self._first.items():
            store, name = self._stores[due]
            if store.entry(name) != entry:
                self.arriving = (*self.arriving, name)
                continue
            if entry.size > _MOST_BYTES:
                raise DisclosureError(f"{name} 有 {entry.size >> 20} MB，超过 {_MOST_BYTES >> 20} MB，没有读，请核对。")
            rows = read_csv(b"".join(store.chunks(name)), name)
            yield self.source.deliver(self.context.catalog, due, rows, file=name)

    def close(self) -> None:
        """Let go of connections."""
        for store, _ in self._stores.values():
            store.close()


def read_csv(content: bytes, name: str) -> list[SourceRow]:
    """Return the rows of a CSV (UTF-8 or GB18030), each with the line it ends on.

    Raises:
        DisclosureError: for another encoding, a missing column or broken quoting.
    """
    reader = csv.reader(io.StringIO(_decoded(content, name), newline=""), strict=True)
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        check_columns(heading, f"{name} 第 1 行")
        return [
            SourceRow(reader.line_num, dict(zip(heading, cells, strict=False)))
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise DisclosureError(
            f"{name} 第 {reader.line_num} 行：不是正确的 CSV（{error}），请让导出的程序按 CSV 格式重新导出。"
        ) from error


def _decoded(content: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DisclosureError(f"{name}：文字编码既不是 UTF-8 也不是 GB18030，请按 UTF-8 重新导出。")
