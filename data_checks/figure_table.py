"""Very many figures in columns: a sequence of figures that makes each one only when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, overload

import polars as pl

from data_checks.digest import line
from disclosure.figures import Figure, Source
from disclosure.periods import Period, parse_period

#: Columns a table of figures must have; ``value`` is text, as printed (``1234.50``), null where there is none.
REQUIRED = ("region", "indicator", "period", "unit", "value", "text", "state", "centre")
#: Columns of ``Source`` that it may have besides.
_SOURCE = ("document", "file_name", "sheet", "cell")
#: What ``str.strip`` takes for a space and the pattern's own class does not.
_NOT_BLANK = r"[^\s\x1c-\x1f]"
#: Values that ``str`` of their Decimal prints as they are, and characters that JSON writes otherwise.
_CANONICAL = r"^-?(0|[1-9]\d{0,14})(\.\d{1,6})?$"
_ESCAPED = r'[\x00-\x1f"\\]'
_LARGEST_EXACT = 2**53


class FigureTable(Sequence[Figure]):
    """Figures as a polars frame, in the order given.

    ``parts`` has, beside the names, what a number consists of: ``digits`` (the signed coefficient, Float64) times
    ten to the power ``exponent``, as printed; ``given`` a value was handed in; ``finite`` it is a finite number;
    ``worded`` there is text.
    """

    def __init__(self, frame: pl.DataFrame, figures: Sequence[Figure] | None = None) -> None:
        self.frame = frame
        self._figures = figures

    @classmethod
    def of(cls, figures: Sequence[Figure]) -> FigureTable:
        """The columns of any sequence of figures; itself when it is a table already."""
        if isinstance(figures, FigureTable):
            return figures
        numbers = [_number(figure.value) for figure in figures]
        names: dict[str, Any] = {
            "region": [figure.region for figure in figures],
            "indicator": [figure.indicator for figure in figures],
            "period": [figure.period.id for figure in figures],
            "unit": [figure.unit for figure in figures],
            "state": [figure.state for figure in figures],
            "centre": [figure.centre for figure in figures],
        }
        parts: dict[str, Any] = {
            "given": [figure.value is not None for figure in figures],
            "finite": [number is not None for number in numbers],
            "digits": [number[0] if number else None for number in numbers],
            "exponent": [number[1] if number else None for number in numbers],
            "worded": [bool(figure.text.strip()) for figure in figures],
        }
        kinds: dict[str, Any] = {
            **dict.fromkeys(names, pl.String),
            **dict.fromkeys(("given", "finite", "worded"), pl.Boolean),
            "digits": pl.Float64,
            "exponent": pl.Int64,
        }
        table = cls(pl.DataFrame({**names, **parts}, schema=kinds), figures)
        table.__dict__["parts"] = table.frame
        return table

    @classmethod
    def read(cls, frame: pl.DataFrame) -> FigureTable:
        """A table with the columns ``REQUIRED`` and, if it has them, document, file_name, sheet and cell.

        Raises:
            ValueError: when a column is missing.
        """
        missing = [name for name in REQUIRED if name not in frame.columns]
        if missing:
            raise ValueError(f"no column {', '.join(missing)}")
        return cls(frame)

    @cached_property
    def parts(self) -> pl.DataFrame:
        """The columns the checks run on; see the class."""
        printed = pl.col("value")
        # The coefficient without its point is an integer below 2**53, so the division that follows rounds once only.
        plain = printed.str.contains(r"^-?\d{1,15}(\.\d{1,6})?$") & (printed.str.len_bytes() <= 17)
        digits = printed.str.replace(".", "", literal=True).cast(pl.Int64, strict=False).cast(pl.Float64)
        point = printed.str.find(".", literal=True)
        exponent = pl.when(point.is_null()).then(0).otherwise(point.cast(pl.Int64) + 1 - printed.str.len_bytes())
        frame = self.frame.select(
            *(pl.col(name).cast(pl.String) for name in ("region", "indicator", "period", "unit", "state", "centre")),
            given=printed.is_not_null(),
            finite=plain,
            digits=pl.when(plain).then(digits),
            exponent=pl.when(plain).then(exponent),
            worded=pl.col("text").str.contains(_NOT_BLANK).fill_null(value=False),
            odd=printed.is_not_null() & ~plain,
        ).with_columns(pl.col("finite").fill_null(value=False))
        odd = frame["odd"].arg_true()
        if len(odd):
            numbers = [_number(_decimal(text)) for text in self.frame["value"].gather(odd)]
            frame = frame.with_columns(
                frame["finite"].scatter(odd, [number is not None for number in numbers]),
                frame["digits"].scatter(odd, [number[0] if number else None for number in numbers]),
                frame["exponent"].scatter(odd, [number[1] if number else None for number in numbers]),
            )
        return frame.drop("odd")

    @property
    def lines(self) -> pl.Series:
        """The figures as lines of the digest (see ``digest``)."""
        if self._figures is not None:
            return pl.Series([line(figure) for figure in self._figures], dtype=pl.String)
        texts = {name: pl.col(name).cast(pl.String).fill_null("") for name in REQUIRED if name != "value"}
        value = pl.col("value")
        is_plain = value.is_null() | value.str.contains(_CANONICAL)
        is_plain &= ~pl.any_horizontal(text.str.contains(_ESCAPED) for text in texts.values())
        quoted = {name: pl.format('"{}"', text) for name, text in texts.items()}
        quoted["value"] = pl.when(value.is_null()).then(pl.lit("null")).otherwise(pl.format('"{}"', value))
        lines = pl.format("[{}]", pl.concat_str([quoted[name] for name in REQUIRED], separator=", "))
        frame = self.frame.select(line=lines, plain=is_plain.fill_null(value=False))
        odd = list((~frame["plain"]).arg_true())
        return pl.concat([frame.filter("plain")["line"], pl.Series(map(line, self.at(odd)), dtype=pl.String)])

    @cached_property
    def periods(self) -> dict[str, Period]:
        """The periods that occur, by id."""
        if self._figures is not None:
            return {figure.period.id: figure.period for figure in self._figures}
        return {name: parse_period(name) for name in self.frame["period"].cast(pl.String).unique()}

    def at(self, places: Sequence[int]) -> list[Figure]:
        """The figures at ``places``."""
        if self._figures is not None:
            return [self._figures[place] for place in places]
        if len(places) == 1:
            return [self._figure(self.frame.row(places[0], named=True))]
        found = self.frame[list(places)]
        return [self._figure(row) for row in found.iter_rows(named=True)]

    def _figure(self, row: dict[str, Any]) -> Figure:
        told: dict[str, Any] = {name: row[name] or "" for name in _SOURCE if name in row}
        source = Source(**told)
        return Figure(
            region=row["region"],
            indicator=row["indicator"],
            period=self.periods[row["period"]],
            unit=row["unit"],
            value=None if row["value"] is None else _decimal(row["value"]),
            text=row["text"] or "",
            state=row["state"],
            centre=row["centre"] or "",
            source=source,
        )

    def __len__(self) -> int:
        return len(self.frame)

    @overload
    def __getitem__(self, place: int) -> Figure: ...
    @overload
    def __getitem__(self, place: slice) -> list[Figure]: ...
    def __getitem__(self, place: int | slice) -> Figure | list[Figure]:
        if isinstance(place, slice):
            return self.at(range(*place.indices(len(self))))
        return self.at([range(len(self))[place]])[0]

    def __iter__(self) -> Iterator[Figure]:
        if self._figures is not None:
            yield from self._figures
        else:
            yield from map(self._figure, self.frame.iter_rows(named=True))


def _decimal(text: str) -> Decimal:
    """What is printed; a value that is no number is kept as one that equals nothing."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _number(value: object) -> tuple[float, int] | None:
    """(coefficient, exponent) of a finite Decimal; None for anything else."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    sign, digits, exponent = value.as_tuple()
    coefficient = int("".join(map(str, digits)))
    if coefficient > _LARGEST_EXACT or not isinstance(exponent, int):
        # Beyond what a float holds exactly: never trusted, always looked at again (see ``columns.beyond``).
        coefficient = int(float(coefficient)) if coefficient < 10**300 else 10**300
    return (-1.0 if sign else 1.0) * float(coefficient), int(exponent)
