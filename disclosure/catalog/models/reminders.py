"""Days off as corrected, and how and when people are reminded."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from disclosure.calendar.holidays import Holiday
from disclosure.platform.fact import Fact, Id, Name
from disclosure.platform.secrets import Secret


class HolidayCorrection(Holiday):
    """A day that both the national calendar and the profile's own days have wrong; nothing stands above it."""

    reason: Name
    source: Name


class Messenger(Fact):
    """A way by which reminders reach people.

    ``url`` is where its address is kept; it holds passwords or robot keys. E-mail: ``mailtos://…`` with the sender,
    each person's address is theirs; WeCom and DingTalk: a group's robot, which calls people by mobile number.
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
