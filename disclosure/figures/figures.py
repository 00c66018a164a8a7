"""A figure is never a bare number: indicator, region, period, unit, printed precision, source."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from disclosure.calendar.periods import Period
from disclosure.catalog import Unit

#: ``reported``: there is a value; ``not_provided`` 未提供: it exists but was not handed in;
#: ``not_applicable`` 不适用: it does not exist here.
FigureState = Literal["reported", "not_provided", "not_applicable"]
#: There is a value, and the public may not have it: a state of figures in their public form alone, never of records.
WITHHELD: Literal["withheld"] = "withheld"
PublicState = FigureState | Literal["withheld"]


@dataclass(frozen=True)
class FigureSource:
    """Where a figure came from: a workbook cell or a row of an imported table.

    ``document`` is the SHA-256 of the file handed in, ``file_name`` the name people know it by. An imported
    figure also has what its table says: ``printed`` value and unit, ``origin`` (an address or a notice),
    ``retrieved`` (a day) and ``note``.
    """

    document: str = ""
    file_name: str = ""
    sheet: str = ""
    cell: str = ""
    submission_id: int | None = None
    printed: str = ""
    origin: str = ""
    retrieved: str = ""
    note: str = ""

    @property
    def label(self) -> str:
        """``工作表“企业养老”单元格 D7``, or an empty text when unknown."""
        if self.sheet and self.cell:
            return f"工作表“{self.sheet}”{f'第 {self.cell} 行' if self.cell.isdecimal() else f'单元格 {self.cell}'}"
        return f"第 {self.cell} 行" if self.cell else ""


@dataclass(frozen=True)
class Figure:
    """One observation.

    ``region`` and ``indicator`` are catalogue ids. ``value`` keeps the printed precision
    (``Decimal("100.00")`` has two printed decimals) in the unit ``unit``; it is None for a text
    indicator, whose content is ``text``, and for a figure that is not ``reported``, whose ``text`` is
    the reason given.
    """

    region: str
    indicator: str
    period: Period
    unit: str
    value: Decimal | None = None
    text: str = ""
    state: PublicState = "reported"
    centre: str = ""
    source: FigureSource = field(default_factory=FigureSource)

    @property
    def key(self) -> tuple[str, str, str]:
        """(region, indicator, period id): at most one figure may stand under it."""
        return (self.region, self.indicator, self.period.id)

    @property
    def decimals(self) -> int:
        """How many decimals are printed."""
        return printed_decimals(self.value) if self.value is not None else 0

    @property
    def printed(self) -> str:
        """The value as printed in tables: thousands separators, printed decimals, or the text/state."""
        if self.state == "not_provided":
            return "未提供"
        if self.state == "not_applicable":
            return "不适用"
        if self.state == WITHHELD:
            return "未公布"
        return self.text if self.value is None else f"{self.value:,f}"


def printed_decimals(value: Decimal) -> int:
    """Decimals that ``value`` prints: 2 for ``Decimal("100.00")``, 0 for an integer."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def rounding_half_unit(value: Decimal) -> Decimal:
    """Return the most by which a printed value can differ from the true one: half its last printed place.

    ``Decimal("1.0727E+6")``, printed as 107.27 万人, is known to half of a hundred.
    """
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) else Decimal(0)


def half_in_base_units(value: Decimal, unit: Unit) -> Decimal:
    """Return by how much, in base units, a printed value of ``unit`` can differ from the true one.

    People counted one by one are not rounded: their sums must agree to the last person. A number that was printed in
    万人 and converted keeps its exponent (1.0727E+6 人) and its rounding.
    """
    exponent = value.as_tuple().exponent
    is_exact = unit.is_counted and isinstance(exponent, int) and exponent <= 0
    return Decimal(0) if is_exact else rounding_half_unit(value) * unit.factor
