"""Figures in columns: a sequence of figures that makes each one only when it is asked for.

Names are codes of categories, numbers a signed coefficient (int64) times ten to the printed exponent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, overload

import numpy as np
import pandas as pd

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
#: Decimals of a base unit that amounts of people and money are kept with, and those of standards, rates and ratios.
_PLACES, _FINER_PLACES = 2, 4
#: The largest amount kept, 4,000 万亿 人 or 元: ten of them, doubled, still fit into 64 bits.
LARGEST = 4 * 10**17
#: Coefficients that are taken digit by digit; longer ones are read as ``Decimal``.
_WIDTH = 20
_CHUNK = 1_000_000
_POWERS = 10 ** np.arange(19, dtype=np.int64)
#: By character (one byte; ``_OTHER`` stands for all beyond): whether it is a digit, or nothing a number has; what it is
#: worth, and what stands before it is multiplied by.
_OTHER = 255
_IS_DIGIT = np.array([chr(code) in "0123456789" for code in range(_OTHER + 1)])
_IS_OTHER = np.array([chr(code) not in "0123456789.\0" for code in range(_OTHER + 1)])
_WORTH = np.where(_IS_DIGIT, np.arange(_OTHER + 1) - ord("0"), 0).astype(np.int64)
_TIMES = np.where(_IS_DIGIT, 10, 1).astype(np.int64)


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
    ``given`` says that a value was handed in, ``worded`` that there is text. ``odd`` are by row the values that
    digits and exponent do not say all of: no finite number, too many digits, a zero below zero.
    """

    def __init__(self, names: dict[str, pd.Categorical], numbers: dict[str, np.ndarray], odd: dict[int, str]) -> None:
        self.names, self.odd = names, odd
        self.digits, self.exponent = numbers["digits"], numbers["exponent"]
        self.given, self.finite, self.worded = numbers["given"], numbers["finite"], numbers["worded"]
        self._figures: Sequence[Figure] | None = None
        self._frame: pd.DataFrame | None = None
        self._taken: tuple[FigureTable, np.ndarray] | None = None

    @classmethod
    def of(cls, figures: Sequence[Figure]) -> FigureTable:
        """Return the columns of any sequence of figures; itself when it is a table already."""
        if isinstance(figures, FigureTable):
            return figures
        names = {name: pd.Categorical([getattr(f, name) for f in figures]) for name in _NAMES if name != "period"}
        names["period"] = pd.Categorical([figure.period.id for figure in figures])
        names["text"] = pd.Categorical([figure.text for figure in figures])
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
            {
                row: str(figure.value)
                for row, (figure, number) in enumerate(zip(figures, numbers, strict=True))
                if figure.value is not None and not _says_all(figure.value, number)
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
        names["text"] = texts
        numbers, odd = _read_numbers(frame["value"].to_numpy(dtype=object))
        table = cls(names, {**numbers, "worded": worded}, odd)
        table._frame = frame
        return table

    def take(self, rows: np.ndarray) -> FigureTable:
        """Return the table of some of the figures, in the order of ``rows``."""
        places = {int(row): place for place, row in enumerate(rows)} if self.odd else {}
        table = FigureTable(
            {name: each.take(rows) for name, each in self.names.items()},
            {
                "digits": self.digits[rows],
                "exponent": self.exponent[rows],
                "finite": self.finite[rows],
                "given": self.given[rows],
                "worded": self.worded[rows],
            },
            {places[row]: text for row, text in self.odd.items() if row in places},
        )
        table._taken = self, rows
        return table

    @cached_property
    def periods(self) -> dict[str, Period]:
        """The periods that occur, by id."""
        if self._taken is not None:
            return self._taken[0].periods
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
        if self._taken is not None:
            whole, rows = self._taken
            return whole.at(int(rows[place]))
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


def _says_all(value: Decimal, number: tuple[int, int, bool]) -> bool:
    """Whether coefficient and exponent are all there is to say of a value."""
    digits, exponent, is_finite = number
    return is_finite and value.as_tuple().exponent == exponent and bool(digits or not value.is_signed())


def _read_numbers(values: np.ndarray) -> tuple[dict[str, np.ndarray], dict[int, str]]:
    """Numbers in columns, and by row the texts of those that columns do not say all of."""
    starts = range(0, len(values), _CHUNK)
    parts = [_read_chunk(values[start : start + _CHUNK]) for start in starts]
    numbers = {
        name: np.concatenate([np.zeros(0, dtype=kind), *(part[name] for part, _ in parts)])
        for name, kind in _KINDS.items()
    }
    return numbers, {
        start + row: text for start, (_, odd) in zip(starts, parts, strict=True) for row, text in odd.items()
    }


_KINDS: dict[str, type] = {"digits": np.int64, "exponent": np.int64, "finite": bool, "given": bool}


def _read_chunk(values: np.ndarray) -> tuple[dict[str, np.ndarray], dict[int, str]]:
    """Numbers as they are printed, digit by digit over all rows at once."""
    given = ~pd.isna(values)
    filled = np.where(given, values, "")
    try:
        letters = filled.astype(f"S{_WIDTH + 1}").view(np.uint8)
    except UnicodeEncodeError:
        letters = np.minimum(filled.astype(f"U{_WIDTH + 1}").view(np.uint32), _OTHER).astype(np.uint8)
    letters = letters.reshape(len(values), _WIDTH + 1).T
    longest = int((letters != 0).any(axis=1).nonzero()[0].max(initial=-1)) + 1
    letters = np.ascontiguousarray(letters[:longest])
    digits, after, count = np.zeros(len(values), dtype=np.int64), *np.zeros((2, len(values)), dtype=np.int8)
    is_pointed = np.zeros(len(values), dtype=bool)
    is_negative = letters[0] == ord("-") if longest else is_pointed
    is_odd = np.full(len(values), False) if longest <= _WIDTH else letters[_WIDTH] != 0
    for place, letter in enumerate(letters[:_WIDTH]):
        # More digits than fit are odd, whatever they come to here.
        digits = digits * _TIMES[letter] + _WORTH[letter]
        is_digit, is_point = _IS_DIGIT[letter], letter == ord(".")
        count += is_digit
        after += is_digit & is_pointed
        is_odd |= (_IS_OTHER[letter] & ~is_negative) if place == 0 else _IS_OTHER[letter]
        is_odd |= is_point & is_pointed
        is_pointed |= is_point
    is_odd |= (count > 18) | (count == 0) | (is_pointed & (after == 0))
    digits = np.where(is_negative, -digits, digits)
    exponent, finite = -after.astype(np.int64), given & ~is_odd
    odd: dict[int, str] = {}
    for place in np.flatnonzero(given & (is_odd | (is_negative & (digits == 0)))).tolist():
        value = _decimal(values[place])
        number = _coefficient(value)
        digits[place], exponent[place], finite[place] = number
        if not _says_all(value, number):
            odd[place] = str(value)
    return {"digits": digits, "exponent": exponent, "finite": finite, "given": given}, odd


def _decimal(text: str) -> Decimal:
    """Return what is printed; a value that is no number is kept as one that equals nothing."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")
