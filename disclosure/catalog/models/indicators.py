"""What is counted, in which units and under which heads, and which of it a profile reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from disclosure.calendar.periods import CycleKind
from disclosure.platform.fact import Fact, Id, Name

Demand = Literal["required", "optional", "none"]
IndicatorKind = Literal["stock", "flow", "level", "ratio", "derived", "text"]
#: Whether a figure speaks of the end of its period or of the period.
Timing = Literal["at_end", "in_period"]
ComparisonBase = Literal["last_year_end", "year_before"]


class DisclosureSection(Fact):
    """One of the ten heads of 人社部发〔2014〕82号, in its order; ``aliases`` are headings taken for it."""

    id: Id
    number: int
    name: Name
    aliases: tuple[str, ...] = ()


#: Base units that are themselves rates: what they moved by is told, not at what rate.
RATES = ("%", ":1")
#: Base units that are counted one by one.
PEOPLE = ("人", "人次", "人月次", "户")


class Unit(Fact):
    """A unit of measure: ``factor`` base units make one (万元 = 10000 元)."""

    id: Name
    base: Name
    factor: Decimal = Decimal(1)
    decimals: int = Field(ge=0, le=6)
    aliases: tuple[str, ...] = ()

    @property
    def is_counted(self) -> bool:
        """Whether it counts single people, cases or employers, whose sums agree to the last one."""
        return self.base in PEOPLE and self.factor == 1

    @property
    def is_rate(self) -> bool:
        """Whether what is measured in it is itself a rate."""
        return self.base in RATES


class Insurance(Fact):
    """One insurance, as it is named in notices."""

    id: Id
    name: Name
    short_name: Name
    aliases: tuple[str, ...] = ()
    note: str = ""


class Indicator(Fact):
    """One thing that is counted, in the words of published notices.

    ``unit`` is the unit it is collected and printed in; ``decimals`` how many decimals are printed in
    that unit (by default the unit's); with ``least_decimals`` each figure is printed with as many as it was given with,
    between the two. ``annual``/``quarterly`` tell in which cycles it is asked for.
    ``by_county`` false means one figure for the whole prefecture. ``minimum`` and ``maximum`` are in ``unit``.
    """

    id: Id
    insurance: Id
    section: Id
    name: Name
    aliases: tuple[str, ...] = ()
    kind: IndicatorKind
    unit: str = ""
    decimals: int | None = Field(default=None, ge=0, le=6)
    least_decimals: int | None = Field(default=None, ge=0, le=6)
    centre: Id
    by_county: bool = False
    annual: Demand = "required"
    quarterly: Demand = "required"
    priority: Literal["core", "catalogue", "optional"] = "core"
    part_of: Id | None = None
    may_be_negative: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    note: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _prints_no_fewer_decimals_than_most(self) -> Indicator:
        if self.decimals is not None and self.least_decimals is not None and self.least_decimals > self.decimals:
            raise ValueError("least_decimals 不能大于 decimals")
        return self

    def matches(self, pattern: str) -> bool:
        """Whether ``pattern`` means this indicator: its id, ``work_injury.*``, or ``*.income``."""
        if pattern.endswith(".*"):
            return self.id.startswith(pattern[:-1])
        if pattern.startswith("*."):
            return self.id.partition(".")[2] == pattern[2:]
        return self.id == pattern

    def demand(self, kind: CycleKind) -> Demand:
        """How cycle ``kind`` asks for it; a special cycle asks for what it was opened for."""
        if kind == "special":
            return "optional"
        return self.annual if kind == "annual" else self.quarterly

    @property
    def label(self) -> str:
        """``其中：在职`` for a part, the plain name otherwise."""
        return f"其中：{self.name}" if self.part_of else self.name


class BasesByTiming(Fact):
    """What end-of-period and year-to-date figures are compared with; a whole year is no base of a part of one."""

    at_end: ComparisonBase
    in_period: Literal["year_before"]


class ComparisonFacts(Fact):
    """What figures are compared with wherever they are, and what their bases are called."""

    timing: dict[IndicatorKind, Timing]
    timing_exceptions: dict[Id, Timing] = Field(default={})
    compared_with: BasesByTiming
    names: dict[ComparisonBase, Name]
    annual_name: Name
    between_names: Name

    @field_validator("timing", "names")
    @classmethod
    def _is_complete(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        wanted = get_args(IndicatorKind if info.field_name == "timing" else ComparisonBase)
        if missing := [each for each in wanted if each not in value]:
            raise ValueError(f"缺少 {'、'.join(missing)}")
        return value

    def timing_of(self, indicator: Indicator) -> Timing:
        """Whether ``indicator`` speaks of the end of the period or of the period."""
        return self.timing_exceptions.get(indicator.id) or self.timing[indicator.kind]

    def base_of(self, indicator: Indicator) -> ComparisonBase:
        """Return what ``indicator`` is compared with."""
        return self.base_of_timing(self.timing_of(indicator))

    def base_of_timing(self, timing: Timing) -> ComparisonBase:
        """Return what figures of ``timing`` are compared with."""
        return self.compared_with.at_end if timing == "at_end" else self.compared_with.in_period


class Selection(Fact):
    """Which indicators a profile reports.

    ``only`` names them one by one; otherwise all of ``priorities`` and ``also`` but those in ``except_``,
    which carry a reason people can read. Ids may end in ``.*``.
    """

    only: tuple[str, ...] = ()
    priorities: tuple[Literal["core", "catalogue", "optional"], ...] = ("core", "catalogue")
    also: tuple[str, ...] = ()
    except_: dict[str, str] = Field(default={}, alias="except")


class DemoSpecial(Fact):
    """The special disclosure that a demonstration opens: its name, and the indicators it is about."""

    name: Name
    only: tuple[str, ...] = Field(min_length=1)


class DemoCorrection(Fact):
    """The slip that a demonstrated year corrects: ``slip`` was added to the whole's ``indicator``, and ``reason``."""

    indicator: Id
    slip: Decimal
    reason: Name


class ProfileFacts(Fact):
    """What makes one region's product its own."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    #: A shipped profile that this one, of a bureau's own, is laid over.
    extends: str = ""
    title: Name
    publisher: Name
    short_title: Name
    description: str = ""
    cycles: tuple[CycleKind, ...] = ("annual", "q1", "h1", "q3", "special")
    #: Whether the text sections are awaited in a dated cycle (required), taken (optional) or not asked for.
    narratives: Demand = "none"
    #: When a channel fails after others have switched: bring those back, or publish partially and go on later.
    on_channel_failure: Literal["all_or_none", "partially"] = "all_or_none"
    indicators: Selection = Selection()
    not_everything: str = ""
    demo_period: str
    demo_special: DemoSpecial | None = None
    demo_correction: DemoCorrection | None = None
    demo_figures: str
    demo_figures_are: Literal["real", "sample"]
    demo_figures_origin: Name
    contact: str = ""
