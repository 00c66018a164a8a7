"""Who does what and when: regions, offices, roles, gates, powers, cycles with their milestones."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, field_validator

from disclosure.calendar.periods import CycleKind
from disclosure.platform.fact import Fact, Id, Name

OfficeKind = Literal["centre", "section", "leadership"]
#: Gates that have a milestone; an emergency sign-off comes when it must.
DatedGate = Literal["policy", "finance", "confidentiality", "leader"]
GateId = Literal[DatedGate, "emergency"]
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
    "operator",
]
PowerId = Literal[
    "correct",
    "revise",
    "withdraw_in_error",
    "withdraw_superseded",
    "withdraw_by_order",
    "restore",
    "close",
    "accept_records",
    "open_special",
]
Milestone = Literal["draft", "compile", "review", "confidentiality", "sign_off", "publish"]


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


class CycleFacts(Fact):
    """One of the five cycles; milestones are month-day, "by the end of that day" in Asia/Shanghai.

    ``milestones`` is empty for the special cycle, whose dates are given when it is opened.
    ``years_later`` is how many years after the period's year the milestones fall.
    """

    id: CycleKind
    name: Name
    years_later: int = 0
    milestones: dict[Milestone, str] = Field(default_factory=dict)
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
