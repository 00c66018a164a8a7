"""Figures in columns: a sequence of figures that makes each one only when it is asked for.

Names are codes of categories, numbers a signed coefficient (int64) times ten to the printed exponent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import pandas as pd

from data_checks.digest import line
from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Catalog
from disclosure.catalog.models.indicators import PEOPLE
from disclosure.figures.figures import Figure, FigureSource

#: Columns a table of figures must have; ``value`` is text, as printed (``1234.50``), null where there is none.
REQUIRED = ("region", "indicator", "period", "unit", "value", "text", "state", "centre")
#: Columns of ``FigureSource`` that it may have besides.
_SOURCE = ("document", "file_name", "sheet", "cell")
_NAMES = ("region", "indicator", "period", "unit", "state", "centre")
#: What ``str.strip`` takes for a space and the pattern's own class does not.
_NOT_BLANK = r"[^\s\x1c-\x1f]"
#: Values that ``str`` of their Decimal prints as they are.
_CANONICAL = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,6})?", re.ASCII)
#: Decimals of a base unit that amounts of people and money are kept with, and those of standards, rates and ratios.
_PLACES, _FINER_PLACES = 2, 4
#: The largest amount kept, 4,000 万亿 人 or 元: ten of them, doubled, still fit into 64 bits.
LARGEST = 4 * 10**17
#: Coefficients that are taken digit by digit; longer ones are read as ``Decimal``.
_WIDTH = 20
_CHUNK = 1_000_000
_POWERS = 10 ** np.arange(19, dtype=np.int64)
Fit = Literal["fits", "too_large", "none"]


@dataclass(frozen=True)
class Amounts:
    """What figures amount to, as integers in the last decimal that their base unit is kept with.

    ``value`` is 0 where ``known`` is false: no finite number in a unit its indicator can be measured in. ``place``
    is the last printed place, twice the most that rounding can have taken away, 0 for people counted one by one.
    A number printed more finely than can be kept is rounded to the last place kept, and ``finer``. One that is
    ``too_large`` to be kept is not known: the audit says so.
    """

    value: np.ndarray
    place: np.ndarray
    known: np.ndarray
    finer: np.ndarray
    too_large: np.ndarray


def places_of(base: str) -> int:
    """Return how many decimals of a base unit amounts in it are kept with."""
    return _PLACES if base in PEOPLE or base == "元" else _FINER_PLACES


class FigureTable(Sequence[Figure]):
    """Figures as columns, in the order given.

    ``names`` are categories; ``digits`` times ten to the power ``exponent`` is the number where ``finite``;
    ``given`` says that a value was handed in, ``worded`` that there is text.
    """

    def __init__(self, names: dict[str, pd.Categorical], numbers: dict[str, np.ndarray]) -> None:
        self.names = names
        self.digits, self.exponent = numbers["digits"], numbers["exponent"]
        self.given, self.finite, self.worded = numbers["given"], numbers["finite"], numbers["worded"]
        self._figures: Sequence[Figure] | None = None
        self._frame: pd.DataFrame | None = None

    @classmethod
    def of(cls, figures: Sequence[Figure]) -> FigureTable:
        """Return the columns of any sequence of figures; itself when it is a table already."""
        if isinstance(figures, FigureTable):
            return figures
        names = {name: pd.Categorical([getattr(f, name) for f in figures]) for name in _NAMES if name != "period"}
        names["period"] = pd.Categorical([figure.period.id for figure in figures])
        numbers = [_coefficient(figure.value) for figure in figures]
        table = cls(
            names,
            {
                "digits": np.array([number[0] for number in numbers], dtype=np.int64),
                "exponent": np.array([number[1] for number in numbers], dtype=np.int64),
                "finite": np.array([number[2] for number in numbers], dtype=bool),
                "given": np.array([figure.value is not None for figure in figures], dtype=bool),
                "worded": np.array([bool(figure.text.strip()) for figure in figures], dtype=bool),
            },
        )
        table._figures = figures
        return table

    @classmethod
    def read(cls, frame: pd.DataFrame) -> FigureTable:
        """Return a table with the columns ``REQUIRED`` and, if it has them, document, file_name, sheet and cell.

        Raises:
            ValueError: when a column is missing.
        """
        missing = [name for name in REQUIRED if name not in frame.columns]
        if missing:
            raise ValueError(f"no column {', '.join(missing)}")
        names = {name: pd.Categorical(frame[name]) for name in _NAMES}
        texts = pd.Categorical(frame["text"])
        blank = ~pd.Series(texts.categories, dtype=str).str.contains(_NOT_BLANK).to_numpy(dtype=bool)
        worded = np.append(~blank, False)[texts.codes]
        table = cls(names, {**_read_numbers(frame["value"].to_numpy(dtype=object)), "worded": worded})
        table._frame = frame
        return table

    @cached_property
    def periods(self) -> dict[str, Period]:
        """The periods that occur, by id."""
        if self._figures is not None:
            return {figure.period.id: figure.period for figure in self._figures}
        return {name: parse_period(name) for name in self.names["period"].categories}

    def amounts(self, catalog: Catalog) -> Amounts:
        """Return what the figures amount to by the catalogue's units."""
        reported, units = catalog.reported, catalog.units
        indicators = [reported.get(name) for name in self.names["indicator"].categories]
        bases = {name: number for number, name in enumerate(dict.fromkeys(unit.base for unit in units.values()))}
        expected = [bases[units[i.unit].base] if i and i.kind != "text" and i.unit in units else -2 for i in indicators]
        of_unit = [units.get(name) for name in self.names["unit"].categories]
        # Factors are powers of ten, so that an amount is its coefficient times a power of ten.
        power = _by_code(self.names["unit"], [unit.factor.adjusted() if unit else 0 for unit in of_unit], 0)
        kept = _by_code(self.names["unit"], [places_of(unit.base) if unit else 0 for unit in of_unit], 0)
        counts = [unit is not None and unit.is_counted for unit in of_unit]
        counted = _by_code(self.names["unit"], counts, False) & (self.exponent <= 0)
        is_reported = _by_code(self.names["state"], [name == "reported" for name in self.names["state"].categories])
        given = _by_code(self.names["unit"], [bases[unit.base] if unit else -1 for unit in of_unit], -1)
        able = self.finite & is_reported & (_by_code(self.names["indicator"], expected, -2) == given)
        value, place, fits, finer = _scaled(self.digits, self.exponent + power + kept)
        known = able & fits
        return Amounts(
            np.where(known, value, 0),
            np.where(counted | ~known, 0, place),
            known,
            finer & known,
            able & ~fits,
        )

    def at(self, place: int) -> Figure:
        """Return the figure at ``place``."""
        if self._figures is not None:
            return self._figures[place]
        assert self._frame is not None  # noqa: S101 - a table is of figures or of a frame
        row: dict[str, Any] = {name: self._frame[name].iat[place] for name in self._frame.columns}
        told: dict[str, Any] = {
            name: row[name] if isinstance(row.get(name), str) else "" for name in (*_SOURCE, "text", "centre")
        }
        return Figure(
            region=row["region"],
            indicator=row["indicator"],
            period=self.periods[row["period"]],
            unit=row["unit"],
            value=_decimal(row["value"]) if self.given[place] else None,
            text=told.pop("text"),
            state=row["state"],
            centre=told.pop("centre"),
            source=FigureSource(**told),
        )

    def lines(self) -> Iterator[str]:
        """Yield the figures as lines of the digest (see ``digest``)."""
        if self._figures is not None or self._frame is None:
            yield from map(line, self)
            return
        values = [
            _printed(value) if given else "null" for value, given in zip(self._frame["value"], self.given, strict=True)
        ]
        columns = [values if name == "value" else _quoted(pd.Categorical(self._frame[name])) for name in REQUIRED]
        yield from (f"[{', '.join(parts)}]" for parts in zip(*columns, strict=True))

    def __len__(self) -> int:
        return len(self.digits)

    @overload
    def __getitem__(self, place: int) -> Figure: ...
    @overload
    def __getitem__(self, place: slice) -> list[Figure]: ...
    def __getitem__(self, place: int | slice) -> Figure | list[Figure]:
        if isinstance(place, slice):
            return [self.at(each) for each in range(*place.indices(len(self)))]
        return self.at(range(len(self))[place])

    def __iter__(self) -> Iterator[Figure]:
        return map(self.at, range(len(self)))


def _by_code(names: pd.Categorical, values: Sequence[object], otherwise: object = False) -> np.ndarray:
    """Return a value for every row by its category; ``otherwise`` where it has none."""
    found: np.ndarray = np.array([*values, otherwise])[names.codes]
    return found


def _scaled(digits: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients times ten to the power ``shift``: value, last printed place, whether it fits, whether rounded."""
    up, down = np.clip(shift, 0, 18), np.clip(-shift, 0, 18)
    fits = (np.abs(digits) <= LARGEST // _POWERS[up]) & ((shift <= 17) | (digits == 0))
    value = np.where(fits, digits, 0) * _POWERS[up]
    finer = shift < 0
    if finer.any():
        quotient, rest = np.divmod(np.abs(value), _POWERS[down])
        rounded = np.sign(value) * (quotient + (2 * rest >= _POWERS[down]))
        value = np.where(finer, np.where(shift < -18, 0, rounded), value)
        finer = finer & ((rest != 0) | (shift < -18))
    place = np.where(shift > 0, _POWERS[np.clip(up, 0, 17)], 1)
    return value, place, fits, finer


def _coefficient(value: object) -> tuple[int, int, bool]:
    """(coefficient, exponent, whether it is a finite number); a coefficient too long is cut to what can be told."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return 0, 0, False
    sign, digits, exponent = value.as_tuple()
    coefficient = int("".join(map(str, digits)))
    too_long = len(str(coefficient)) - 18
    if too_long > 0:
        coefficient, exponent = round(Decimal(coefficient).scaleb(-too_long)), int(exponent) + too_long
    return -coefficient if sign else coefficient, max(-(10**6), min(10**6, int(exponent))), True


def _read_numbers(values: np.ndarray) -> dict[str, np.ndarray]:
    parts = [_read_chunk(values[start : start + _CHUNK]) for start in range(0, len(values), _CHUNK)]
    return {name: np.concatenate([part[name] for part in parts] or [np.zeros(0)]) for name in _KINDS} | (
        {} if parts else {name: np.zeros(0, dtype=kind) for name, kind in _KINDS.items()}
    )


_KINDS: dict[str, type] = {"digits": np.int64, "exponent": np.int64, "finite": bool, "given": bool}


def _read_chunk(values: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers as they are printed, digit by digit over all rows at once."""
    given = ~pd.isna(values)
    texts = np.where(given, values, "").astype(f"U{_WIDTH + 1}")
    letters = texts.view(np.uint32).reshape(len(texts), _WIDTH + 1)
    longest = int((letters != 0).any(axis=0).nonzero()[0].max(initial=-1)) + 1
    digits = np.zeros(len(texts), dtype=np.int64)
    after = np.zeros(len(texts), dtype=np.int64)
    count = np.zeros(len(texts), dtype=np.int64)
    is_pointed = np.zeros(len(texts), dtype=bool)
    is_odd = letters[:, _WIDTH] != 0
    is_negative = letters[:, 0] == ord("-")
    for place in range(min(longest, _WIDTH)):
        letter = letters[:, place]
        is_digit = (letter >= ord("0")) & (letter <= ord("9"))
        is_point = letter == ord(".")
        digits = np.where(is_digit & (count < 18), digits * 10 + (letter.astype(np.int64) - ord("0")), digits)
        count += is_digit
        after += is_digit & is_pointed
        is_odd |= ~(is_digit | is_point | (letter == 0) | (is_negative if place == 0 else False))
        is_odd |= is_point & is_pointed
        is_pointed |= is_point
    is_odd |= (count > 18) | (count == 0) | (is_pointed & (after == 0))
    digits = np.where(is_negative, -digits, digits)
    exponent, finite = -after, given & ~is_odd
    for place in np.flatnonzero(given & is_odd).tolist():
        digits[place], exponent[place], finite[place] = _coefficient(_decimal(values[place]))
    return {"digits": digits, "exponent": exponent, "finite": finite, "given": given}


def _quoted(names: pd.Categorical) -> list[str]:
    """Names as JSON writes them."""
    quoted = np.array([*(json.dumps(name, ensure_ascii=False) for name in names.categories), '""'], dtype=object)
    found: list[str] = quoted[names.codes].tolist()
    return found


def _printed(text: str) -> str:
    """Return a value as its ``Decimal`` is written."""
    return f'"{text if _CANONICAL.fullmatch(text) else _decimal(text)}"'


def _decimal(text: str) -> Decimal:
    """Return what is printed; a value that is no number is kept as one that equals nothing."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")
