"""What the confidentiality search must know of a bureau: whose numbers are public, and which figures are too small."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from disclosure.platform.fact import Fact, Name


class PublicContact(Fact):
    """A telephone number or an address of an office that anybody may read; ``of`` says whose it is."""

    number: Name
    of: Name


class WrongWord(Fact):
    """A word that must not, or should not, stand in public text, and the ``right`` one.

    ``level``: a text with it is refused, or the reviewer is told. ``except``: longer words in which it is right.
    """

    wrong: Name
    right: Name
    kind: Literal["office", "law", "outdated", "form", "character"]
    level: Literal["blocks", "warns"]
    why: Name
    except_: tuple[Name, ...] = Field(default=(), alias="except")


class CellRule(Fact):
    """When a figure of one indicator is withheld.

    Counts: below ``threshold`` people. ``zero``: whether a printed nought tells of somebody too. Amounts:
    ``contributors`` names the indicator (of the same region) that says how many people an amount is made up of;
    those of fewer than ``threshold``, or of ``dominance_n``, are withheld, and what is worked out of one must stay
    wider than
    ``protection_percent`` to either side. ``weight`` is what is lost by withholding one of its figures.
    """

    threshold: int | None = Field(default=None, ge=2)
    zero: Literal["show", "withhold"] | None = None
    contributors: Name | None = None
    dominance_n: int | None = Field(default=None, ge=1)
    protection_percent: Decimal | None = Field(default=None, gt=0, le=100)
    weight: int | None = Field(default=None, ge=1)


class CellRules(Fact):
    """The rules for small cells: those of all indicators, and by pattern (``*.beneficiaries``) what differs.

    ``units`` are base units whose counts are of people. ``prefecture_weight`` multiplies the loss of a figure of the
    whole prefecture.
    """

    is_applied: bool = True
    units: tuple[Name, ...]
    threshold: int = Field(ge=2)
    zero: Literal["show", "withhold"]
    dominance_n: int = Field(ge=1)
    protection_percent: Decimal = Field(gt=0, le=100)
    weight: int = Field(ge=1)
    prefecture_weight: int = Field(ge=1)
    indicators: dict[str, CellRule] = Field(default={})
