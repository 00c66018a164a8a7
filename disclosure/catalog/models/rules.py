"""What the audit checks: identities, ratios and everything else."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator

from disclosure.platform.fact import Fact, Id, Name

Severity = Literal["critical", "warning", "info"]


class Identity(Fact):
    """An accounting identity ``total = Σ parts`` checked in every insurance of ``for_each``.

    ``total`` and ``parts`` are indicator ids with the insurance left out (``income``), or whole ids where the
    parts are of several insurances (``unemployment.participants``); a part that begins with ``-`` is
    subtracted. ``relation``: ``equal`` needs equality; ``at_most`` that the parts do not exceed the total;
    ``complete_parts`` is ``equal`` where every part is reported and ``at_most`` otherwise.
    ``opening`` names a stock whose value at last year's end is added to the parts.
    Tolerance is never written down: it follows from the printed decimals of the figures at hand.
    """

    id: str = Field(pattern=r"^R\d{2,3}$")
    name: Name
    for_each: tuple[Id, ...] = Field(min_length=1)
    total: str
    parts: tuple[str, ...] = Field(min_length=1)
    opening: str | None = None
    relation: Literal["equal", "at_most", "complete_parts"] = "equal"
    severity: Severity
    description: Name
    reason: Name
    source: Name

    @staticmethod
    def is_residual(part: str) -> bool:
        """Whether a part takes in whatever is not asked for by a name of its own."""
        return part.endswith(".other")

    def is_bound(self, lacking: Collection[str], asked: Collection[str], present: Collection[str]) -> bool:
        """Whether the parts at hand (``present``) may be less than the total, so that only too much of them is wrong.

        ``complete_parts`` is an equality only where every part that is ``asked`` is at hand and the parts leave
        nothing out: a residual is among them, or no part that the identity knows is ``lacking``.
        """
        if self.relation == "equal":
            return False
        has_residual = any(self.is_residual(part) for part in present)
        unknown = [part for part in lacking if part in asked] if has_residual else lacking
        return self.relation == "at_most" or bool(unknown)


class Quotient(Fact):
    """``numerator`` ÷ ``denominator``, each a sum of indicator ids with the insurance left out.

    An id that begins with ``-`` is subtracted: what there was before is what there is less by what it grew. ``name``
    says in words what is divided by what; ``per_month`` divides by the months of the period too, ``percent`` counts in
    hundredths.
    """

    name: Name
    numerator: tuple[str, ...] = Field(min_length=1)
    denominator: tuple[str, ...] = Field(min_length=1)
    per_month: bool = False
    percent: bool = False


class Ratio(Fact):
    """A ratio or mean, checked in every insurance of ``for_each``.

    ``stated`` is the indicator (insurance left out) that prints it: it should be one of ``quotients``, the
    definitions in use, between ``low`` and ``high`` times of it, or without those two to the last printed digit.
    Without ``stated`` the one quotient itself, in base units (元 a person and year), should lie between them. With
    ``per`` they are multiples of what it says of the period's year, or of the nearest earlier one.
    """

    id: str = Field(pattern=r"^R\d{2,3}$")
    name: Name
    for_each: tuple[Id, ...] = Field(min_length=1)
    stated: str = ""
    quotients: tuple[Quotient, ...] = Field(min_length=1)
    low: Decimal | None = None
    high: Decimal | None = None
    per: dict[int, Decimal] = Field(default_factory=dict)
    severity: Severity
    description: Name
    reason: Name
    source: Name

    @model_validator(mode="after")
    def _says_what_is_right(self) -> Ratio:
        if not self.stated and (len(self.quotients) > 1 or self.low is None or self.high is None):
            raise ValueError("不写 stated 时，quotients 应只有一个，并写明 low 与 high")
        return self


class Rule(Fact):
    """A check that is neither an accounting identity nor a ratio; ``parameters`` are its thresholds.

    ``check`` is one of ours, or the name of any expectation of Great Expectations (``expect_…``) or of an installed
    package, which is given ``arguments``.
    """

    id: str = Field(pattern=r"^R\d{2,3}$")
    name: Name
    check: Id
    severity: Severity
    description: Name
    reason: Name
    source: Name
    parameters: dict[str, Decimal | list[Decimal]] = Field(default_factory=dict)
    arguments: dict[str, Any] = Field(default_factory=dict)
