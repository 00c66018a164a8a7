"""A figure is never a bare number: indicator, region, period, unit, printed precision, source."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from disclosure.periods import Period

#: ``reported``: there is a value; ``not_provided`` 未提供: it exists but was not handed in;
#: ``not_applicable`` 不适用: it does not exist here.
FigureState = Literal["reported", "not_provided", "not_applicable"]


@dataclass(frozen=True)
class Source:
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
    state: FigureState = "reported"
    centre: str = ""
    source: Source = field(default_factory=Source)

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
        return self.text if self.value is None else f"{self.value:,f}"


@dataclass(frozen=True)
class QuotedFigure:
    """A number that a text section quotes for an indicator of the period.

    ``section`` is the catalogue id of the section, ``text`` the words around the number as people will read
    them; ``value`` keeps the decimals it was written with, in ``unit`` (a catalogue unit, not necessarily the
    indicator's: 万人 for 人).
    """

    section: str
    text: str
    indicator: str
    region: str
    unit: str
    value: Decimal


def printed_decimals(value: Decimal) -> int:
    """Decimals that ``value`` prints: 2 for ``Decimal("100.00")``, 0 for an integer."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def rounding_half_unit(value: Decimal) -> Decimal:
    """The most by which a printed value can differ from the true one: half its last printed place.

    ``Decimal("1.0727E+6")``, printed as 107.27 万人, is known to half of a hundred.
    """
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) else Decimal(0)
