"""What a monitoring system is told of the work in numbers: cycles, dates, questions, findings, deliveries, letters.

No figure, name or text of anybody is among them. Names end in what they count, as Prometheus asks.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import starmap

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure.monitoring.board.facts import Overview
from disclosure.monitoring.board.overview import load_overview
from disclosure.records.installation import Installation
from disclosure.records.states import AskState, CycleStep, DeliveryState
from disclosure.records.tables import Ask, ChannelDelivery, LedgerEntry, MessengerState

#: The values of a measure's labels, and its number.
Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True)
class Measure:
    """One thing measured: ``samples`` by the values of ``labels``."""

    name: str
    meaning: str
    samples: tuple[Sample, ...]
    labels: tuple[str, ...] = ()


def list_measures(installation: Installation, now: dt.datetime) -> list[Measure]:
    """Measure everything at ``now`` (an aware time).

    Raises:
        DisclosureError: when the records cannot be read.
    """
    profile = installation.catalog.profile.id
    with installation.records.read() as session:
        of_records = [measure(session, profile, now) for measure in _OF_RECORDS]
    product = (version("shebao-disclosure"), profile)
    free = shutil.disk_usage(installation.settings.home).free
    return [
        Measure("disclosure_info", "Version and profile.", ((product, 1),), ("version", "profile")),
        Measure("disclosure_home_free_bytes", "Room left on the disk of DISCLOSURE_HOME.", (((), free),)),
        *_of_work(load_overview(installation, now)),
        *of_records,
    ]


def _of_work(overview: Overview) -> list[Measure]:
    opened = [cycle for cycle in overview.cycles if cycle.view.is_opened]
    steps = Counter(cycle.view.step for cycle in opened)
    under_way = [cycle for cycle in opened if cycle.view.is_under_way]
    left = [
        ((cycle.view.period.id, station.deadline.milestone), float(station.time.left - station.time.over))
        for cycle in under_way
        for station in cycle.stations
        if station.state != "done"
    ]
    audits = [(cycle.view.period.id, cycle.view.audit) for cycle in under_way]
    findings = [
        ((period, severity), float(count))
        for period, audit in audits
        if audit is not None
        for severity, count in (
            ("critical", audit.critical),
            ("warning", audit.warnings),
            ("unexplained", audit.unexplained),
        )
    ]
    return [
        Measure(
            "disclosure_cycles",
            "Cycles of this year and those under way, by step.",
            tuple(((step.value,), float(steps[step])) for step in CycleStep),
            ("step",),
        ),
        Measure(
            "disclosure_milestone_left_workdays",
            "Working days until a milestone that is not done; below 0 when it has passed.",
            tuple(left),
            ("period", "milestone"),
        ),
        Measure(
            "disclosure_audit_findings",
            "Findings of the present round's audit; unexplained are warnings that finance has yet to explain.",
            tuple(findings),
            ("period", "severity"),
        ),
        Measure("disclosure_duties", "Things that somebody can do now.", (((), float(len(overview.awaited))),)),
        Measure("disclosure_duties_overdue", "Those of them that are overdue.", (((), float(overview.overdue)),)),
        Measure(
            "disclosure_concerns",
            "What supervision or our records say that somebody should look at.",
            (((), float(overview.open_concerns)),),
        ),
    ]


def _asks(session: Session, _profile: str, now: dt.datetime) -> Measure:
    rows = session.execute(
        select(Ask.step, func.count(), func.min(Ask.asked_at)).where(Ask.state == AskState.OPEN).group_by(Ask.step)
    )
    samples = [
        sample
        for step, count, since in rows
        for sample in (((step, "count"), float(count)), ((step, "oldest_seconds"), (now - since).total_seconds()))
    ]
    return Measure(
        "disclosure_open_asks",
        "Questions that wait for an answer: how many, and how long the oldest has waited.",
        tuple(samples),
        ("step", "what"),
    )


def _deliveries(session: Session, _profile: str, _now: dt.datetime) -> Measure:
    rows = session.execute(
        select(ChannelDelivery.channel, func.count())
        .where(ChannelDelivery.state == DeliveryState.FAILED)
        .group_by(ChannelDelivery.channel)
    )
    samples = starmap(lambda channel, count: ((channel,), float(count)), rows)
    meaning = "Actions on a channel that failed and were not done since."
    return Measure("disclosure_deliveries_failed", meaning, tuple(samples), ("channel",))


def _messengers(session: Session, profile: str, now: dt.datetime) -> Measure:
    rows = session.scalars(select(MessengerState).where(MessengerState.profile == profile))
    samples = [
        ((row.messenger,), (now - row.failing_since).total_seconds() if row.failing_since else 0.0) for row in rows
    ]
    meaning = "For how long a way of sending letters has failed; 0 while it works."
    return Measure("disclosure_messenger_failing_seconds", meaning, tuple(samples), ("messenger",))


def _ledger(session: Session, _profile: str, _now: dt.datetime) -> Measure:
    length = session.scalar(select(func.max(LedgerEntry.number))) or 0
    return Measure("disclosure_ledger_entries", "How long the ledger is.", (((), float(length)),))


_OF_RECORDS: tuple[Callable[[Session, str, dt.datetime], Measure], ...] = (_asks, _deliveries, _messengers, _ledger)
