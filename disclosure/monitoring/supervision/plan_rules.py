"""Findings about the plan and our own records: cycles not opened, milestones missed, supervision itself missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.run_rules import runs_under_way
from disclosure.monitoring.supervision.snapshots import Snapshots
from disclosure.platform.clock import end_of_day, format_day, format_moment, shanghai

#: A start is not missed while its run may just be on the way.
START_GRACE = dt.timedelta(minutes=10)


def cycles_not_opened(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a dated cycle whose start has passed, that can still be published in time, and that nobody has opened."""
    records = worlds.records
    opened = {cycle.period.id for cycle in records.cycles}
    today = shanghai(worlds.now).date()
    for start in records.starts:
        period = start.period
        if (
            period.id in opened
            or start.moment + START_GRACE > worlds.now
            or start.publish_by < shanghai(records.began).date()
        ):
            continue
        if runs_under_way(worlds, period.id):
            continue
        facts = {
            "period": period.id,
            "label": period.label,
            "start": format_moment(start.moment),
            "publish_by": format_day(start.publish_by),
        }
        kind = "cycle_not_opened" if today <= start.publish_by else "cycle_never_opened"
        yield Discrepancy(kind, period.id, facts)


def milestones_missed(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find an open cycle with milestones whose day is over and that are not done; a moved date counts as moved."""
    for cycle in worlds.records.cycles:
        missed = [
            deadline
            for deadline in cycle.deadlines
            if deadline.milestone not in cycle.milestones_done and end_of_day(deadline.due) < worlds.now
        ]
        if missed and not cycle.published:
            named = "、".join(f"“{deadline.name}”（{format_day(deadline.due)}）" for deadline in missed)
            facts = {"label": cycle.period.label, "missed": named, "step": cycle.state}
            yield Discrepancy("milestone_missed", cycle.period.id, facts, cycle.id)


def openness_overdue(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find content of the openness catalogue, a yearly confirmation or a request whose limit has passed."""
    for clock in worlds.records.openness:
        if clock.is_overdue:
            item = f"第 {clock.item} 项" if clock.item else ""
            facts = {
                "what": f"{item}{clock.title}",
                "limit": format_day(clock.limit),
                "days": str(clock.time.over),
                "step": clock.step,
                "office": clock.office,
            }
            subject = "/".join(filter(None, (clock.kind, clock.item, clock.element, clock.title)))[:255]
            yield Discrepancy("openness_overdue", subject, facts)


def supervision_absent(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find working mornings on which nobody looked, up to this look."""
    records = worlds.records
    if records.last_look is not None and records.missed_mornings:
        facts = {"last": format_moment(records.last_look), "count": str(records.missed_mornings)}
        yield Discrepancy("supervision_absent", format_moment(records.last_look), facts)


def sign_ins_attacked(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find where somebody guesses at passwords or codes."""
    for source, failures in worlds.records.attacks:
        yield Discrepancy("sign_in_attack", source or "-", {"source": source or "本机", "failures": str(failures)})


def pages_wrong(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find what is published and not live (or not as published), and live but not ours."""
    for page in worlds.pages or ():
        kind = _KINDS[page.what]
        more = f"等 {len(page.paths)} 个文件" if len(page.paths) > _PATHS_SHOWN else ""
        facts = {
            "channel": page.channel_name,
            "part": page.part_name,
            "paths": "、".join(page.paths[:_PATHS_SHOWN]) + more,
        }
        yield Discrepancy(kind, f"{page.channel}/{page.part}", facts)


_PATHS_SHOWN = 5
_KINDS = {
    "missing": "published_not_live",
    "altered": "page_altered",
    "foreign": "live_not_ours",
    "figures": "figures_differ",
}
RULES = (cycles_not_opened, milestones_missed, openness_overdue, supervision_absent, sign_ins_attacked, pages_wrong)
