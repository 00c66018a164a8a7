"""The catalogue's nouns. Every fact about an office, a date or an indicator is YAML checked by these models."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from disclosure.periods import CycleKind

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")]
Name = Annotated[str, Field(min_length=1)]
Severity = Literal["critical", "warning", "info"]
Demand = Literal["required", "optional", "none"]
IndicatorKind = Literal["stock", "flow", "level", "ratio", "derived", "text"]
OfficeKind = Literal["centre", "section", "leadership"]
GateId = Literal["policy", "finance", "confidentiality", "leader", "emergency"]
RoleId = Literal[
    "drafter",
    "author",
    "compiler",
    "policy_reviewer",
    "finance_reviewer",
    "confidentiality_reviewer",
    "leader",
    "supervisor",
    "head",
]
PowerId = Literal["correct", "revise", "withdraw_in_error", "withdraw_superseded", "withdraw_by_order", "restore"]
Milestone = Literal["draft", "compile", "review", "confidentiality", "sign_off", "publish"]


class Fact(BaseModel):
    """Base of every catalogue entry: unknown keys are mistakes, entries never change once loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Region(Fact):
    """A place figures are reported for; the key is its GB/T 2260 code."""

    code: str = Field(pattern=r"^\d{6}$")
    name: Name
    level: Literal["prefecture", "own", "county"]
    former_codes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    note: str = ""


class Office(Fact):
    """A 科室 or centre and what it does in a cycle."""

    id: Id
    name: Name
    kind: OfficeKind
    duty: Name
    aliases: tuple[str, ...] = ()
    #: Hands in the text sections.
    writes_text: bool = False


class Role(Fact):
    """What somebody may do in a cycle; people of ``offices`` may hold it. A gate's role belongs to one office.

    One that is ``only_when_named`` is not among those that everybody of the office has unless told otherwise.
    """

    id: RoleId
    name: Name
    offices: tuple[Id, ...] = Field(min_length=1)
    duty: Name
    only_when_named: bool = False


class Gate(Fact):
    """A human decision in the cycle (政策审核, 数据审核, 保密性审核, 局领导审核), made by somebody of ``role``."""

    id: GateId
    name: Name
    role: RoleId
    question: Name
    first_review_only: bool = False


class Power(Fact):
    """Something that somebody of one of ``roles`` may do to a release alone, with a one-time code."""

    id: PowerId
    name: Name
    roles: tuple[RoleId, ...] = Field(min_length=1)


class Cycle(Fact):
    """One of the five cycles; milestones are month-day, "by the end of that day" in Asia/Shanghai.

    ``milestones`` is empty for the special cycle, whose dates are given when it is opened.
    ``years_later`` is how many years after the period's year the milestones fall.
    """

    id: CycleKind
    name: Name
    years_later: int = 0
    milestones: dict[Milestone, str] = {}
    note: str = ""

    @field_validator("milestones")
    @classmethod
    def _all_six_month_days(cls, value: dict[Milestone, str]) -> dict[Milestone, str]:
        if value and len(value) != 6:
            raise ValueError("六个节点的日期要么全写，要么全不写")
        for text in value.values():
            try:
                dt.date.fromisoformat(f"2024-{text}")
            except ValueError:
                raise ValueError(f"日期“{text}”应为 03-15 这样的月-日") from None
        return value


class MilestoneFacts(Fact):
    """What a milestone is called, and the roles that have something to do by its date."""

    id: Milestone
    name: Name
    roles: tuple[RoleId, ...] = Field(min_length=1)
    duty: Name


class Section(Fact):
    """One of the ten heads of 人社部发〔2014〕82号, in its order; ``aliases`` are headings taken for it."""

    id: Id
    number: int
    name: Name
    aliases: tuple[str, ...] = ()


class Unit(Fact):
    """A unit of measure: ``factor`` base units make one (万元 = 10000 元)."""

    id: Name
    base: Name
    factor: Decimal = Decimal(1)
    decimals: int = Field(ge=0, le=6)
    aliases: tuple[str, ...] = ()


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
    that unit (by default the unit's). ``annual``/``quarterly`` tell in which cycles it is asked for.
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


class Quotient(Fact):
    """``numerator`` ÷ ``denominator``, each a sum of indicator ids with the insurance left out.

    ``name`` says in words what is divided by what; ``per_month`` divides by the months of the period too.
    """

    name: Name
    numerator: tuple[str, ...] = Field(min_length=1)
    denominator: tuple[str, ...] = Field(min_length=1)
    per_month: bool = False


class Ratio(Fact):
    """A ratio or mean, checked in every insurance of ``for_each``.

    ``stated`` is the indicator (insurance left out) that prints it: it should be one of ``quotients``, the
    definitions in use, between ``low`` and ``high`` times of it, or without those two to the last printed digit.
    Without ``stated`` the one quotient itself, in base units (元 a person and year), should lie between them.
    """

    id: str = Field(pattern=r"^R\d{2,3}$")
    name: Name
    for_each: tuple[Id, ...] = Field(min_length=1)
    stated: str = ""
    quotients: tuple[Quotient, ...] = Field(min_length=1)
    low: Decimal | None = None
    high: Decimal | None = None
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
    """A check that is neither an accounting identity nor a ratio; ``parameters`` are its thresholds."""

    id: str = Field(pattern=r"^R\d{2,3}$")
    name: Name
    check: Id
    severity: Severity
    description: Name
    reason: Name
    source: Name
    parameters: dict[str, Decimal | list[Decimal]] = {}


class Selection(Fact):
    """Which indicators a profile reports.

    ``only`` names them one by one; otherwise all of ``priorities`` and ``also`` but those in ``except_``,
    which carry a reason people can read. Ids may end in ``.*``.
    """

    only: tuple[str, ...] = ()
    priorities: tuple[Literal["core", "catalogue", "optional"], ...] = ("core", "catalogue")
    also: tuple[str, ...] = ()
    except_: dict[str, str] = Field(default={}, alias="except")


class ProfileFacts(Fact):
    """What makes one region's product its own."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
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
    demo_figures: str
    demo_figures_are: Literal["real", "sample"]
    demo_figures_origin: Name
    contact: str = ""


class Holiday(Fact):
    """A day off (or on) of this prefecture alone, or of a national year the package does not know yet."""

    date: dt.date
    kind: Literal["off", "work"]
    name: Name
    source: str = ""


class PrintedValue(Fact):
    """A value and its unit, as they are printed."""

    value: Name
    unit: Name


class ErrorPlace(Fact):
    """Where a wrong value stands, in the source's own words; ``indicator`` lists every way it is written."""

    file: Name
    region: Name
    period: Name
    insurance: Name
    indicator: tuple[Name, ...] = Field(min_length=1)


class KnownError(Fact):
    """A value that is wrong in its source, with the evidence.

    ``shows`` is the wrong value; it is wrong wherever it is shown. ``corrected`` is the right one where it is
    known. ``status``: ``open`` nobody was told, ``reported`` the publisher was, ``mended`` the source shows
    another value now. ``expect``: ``shown`` as long as ``where.file`` should still show the wrong value, ``gone``
    once it is mended; an import of that file that shows otherwise is told.
    """

    id: str = Field(pattern=r"^E\d{2,3}$")
    where: ErrorPlace
    shows: PrintedValue
    reason: Name
    reported_by: Name
    status: Literal["open", "reported", "mended"]
    corrected: PrintedValue | None = None
    expect: Literal["shown", "gone"]

    @model_validator(mode="after")
    def _expects_what_the_status_says(self) -> KnownError:
        if (self.status == "mended") != (self.expect == "gone"):
            raise ValueError("status 为 mended 时 expect 应为 gone，否则应为 shown")
        return self


class CauseWords(Fact):
    """What people read of rows that were not taken: the cause, and what to do about it."""

    title: Name
    advice: Name


class ImportWords(Fact):
    """The words of published tables: headings of columns, labels that say of which kind a figure is.

    ``labels``: ``stock`` end of period, ``flow`` from the year's beginning, ``single`` one month or quarter
    alone; they stand in a column of their own, in brackets behind a name or a period, or (``label_prefixes``)
    before a name. ``whole_year`` labels speak of a year only. ``period_notes`` stand in brackets behind a period
    and say which document it is from. ``example`` is a row in the order of the six columns that must be there.
    """

    example: tuple[Name, ...]
    columns: dict[str, tuple[Name, ...]]
    labels: dict[Literal["stock", "flow", "single"], tuple[Name, ...]]
    label_prefixes: tuple[Name, ...]
    whole_year: tuple[Name, ...]
    period_notes: tuple[Name, ...]
    causes: dict[str, CauseWords]


class Correction(Holiday):
    """A day that both the national calendar and the profile's own days have wrong; nothing stands above it."""

    reason: Name
    source: Name


@dataclass(frozen=True)
class Holidays(Mapping[str, Holiday]):
    """What stands above the national calendar, by ISO date; ``file`` is where people write it down.

    ``unpublished``: years to be taken as not published yet, whatever the package knows: a rehearsal asks what then.
    """

    days: Mapping[str, Holiday] = field(default_factory=dict)
    file: Path = Path("holidays.yaml")
    unpublished: frozenset[int] = frozenset()

    def __getitem__(self, day: str) -> Holiday:
        return self.days[day]

    def __iter__(self) -> Iterator[str]:
        return iter(self.days)

    def __len__(self) -> int:
        return len(self.days)


class Secret(Fact):
    """Where a secret is kept: an environment variable or a Prefect Secret block; never the secret itself."""

    env: str = ""
    block: str = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Secret:
        if bool(self.env) == bool(self.block):
            raise ValueError("env（环境变量名）和 block（Prefect 的 Secret 块名）应写且只写一个")
        # Settings have the first prefix, and child processes are given neither.
        if self.env and not re.fullmatch(r"(?!DISCLOSURE_|PREFECT_)[A-Za-z_][A-Za-z0-9_]*", self.env):
            raise ValueError("环境变量名只用字母、数字和下划线，且不以 DISCLOSURE_、PREFECT_ 开头")
        if self.block and not re.fullmatch(r"[a-z0-9-]+", self.block):
            raise ValueError("Secret 块名只用小写字母、数字和连字符")
        return self


class Messenger(Fact):
    """A way by which reminders reach people, through Apprise.

    ``url`` is where the Apprise address is kept; it holds passwords or robot keys. E-mail: ``mailtos://…`` with the
    sender, each person's address is theirs; WeCom and DingTalk: a group's robot, which calls people by mobile number.
    """

    id: Id
    name: Name
    kind: Literal["email", "wecom", "dingtalk"]
    url: Secret


class ReminderRules(Fact):
    """When reminders go out, in working days (counted at the place they are sent from).

    ``ahead``: so many days before (0: the morning of); ``not_before``: the local time a day's reminders begin;
    ``head_after`` and ``leader_after``: days overdue until the office's head and the leader are told.
    """

    ahead: tuple[Annotated[int, Field(ge=0, le=15)], ...] = Field(min_length=1)
    not_before: dt.time
    head_after: int = Field(ge=1)
    leader_after: int = Field(ge=1)
