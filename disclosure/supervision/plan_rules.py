"""Findings about the plan and our own records: cycles not opened, milestones missed, supervision itself missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from disclosure.clock import end_of_day, said, said_day, shanghai
from disclosure.cycles import STEPS
from disclosure.supervision.discovered import Discovered
from disclosure.supervision.run_rules import runs_under_way
from disclosure.supervision.worlds import Worlds

#: A start is not missed while its run may just be on the way.
START_GRACE = dt.timedelta(minutes=10)


def cycles_not_opened(worlds: Worlds) -> Iterator[Discovered]:
    """A dated cycle whose start has passed, that can still be published in time, and that nobody has opened."""
    records = worlds.records
    opened = {cycle.period.id for cycle in records.cycles}
    today = shanghai(worlds.now).date()
    for start in records.starts:
        period = start.period
        publish_by = records.publish_by[period.id]
        if (
            period.id in opened
            or start.moment + START_GRACE > worlds.now
            or publish_by < shanghai(records.began).date()
        ):
            continue
        if runs_under_way(worlds, period.id):
            continue
        facts = {
            "period": period.id,
            "label": period.label,
            "start": said(start.moment),
            "publish_by": said_day(publish_by),
        }
        kind = "cycle_not_opened" if today <= publish_by else "cycle_never_opened"
        yield Discovered(kind, period.id, facts)


def milestones_missed(worlds: Worlds) -> Iterator[Discovered]:
    """An open cycle with milestones whose day is over and that are not done; a moved date counts as moved."""
    for cycle in worlds.records.cycles:
        missed = [
            deadline
            for deadline in cycle.deadlines
            if deadline.milestone not in cycle.done and end_of_day(deadline.due) < worlds.now
        ]
        if missed and not cycle.is_published:
            named = "、".join(f"“{deadline.name}”（{said_day(deadline.due)}）" for deadline in missed)
            facts = {"label": cycle.period.label, "missed": named, "step": STEPS[cycle.step]}
            yield Discovered("milestone_missed", cycle.period.id, facts, cycle.id)


def openness_overdue(worlds: Worlds) -> Iterator[Discovered]:
    """Content of the openness catalogue, a yearly confirmation or a request whose limit has passed."""
    for clock in worlds.records.openness:
        if clock.is_overdue:
            item = f"第 {clock.item} 项" if clock.item else ""
            facts = {
                "what": f"{item}{clock.title}",
                "limit": said_day(clock.limit),
                "days": str(-clock.left),
                "step": clock.step,
                "office": clock.office,
            }
            subject = "/".join(filter(None, (clock.kind, clock.item, clock.element, clock.title)))[:255]
            yield Discovered("openness_overdue", subject, facts)


def supervision_absent(worlds: Worlds) -> Iterator[Discovered]:
    """Working mornings on which nobody looked, up to this look."""
    records = worlds.records
    if records.last_look is not None and records.missed_mornings:
        facts = {"last": said(records.last_look), "count": str(records.missed_mornings)}
        yield Discovered("supervision_absent", said(records.last_look), facts)


def pages_wrong(worlds: Worlds) -> Iterator[Discovered]:
    """Published and not live (or not as published), and live but not ours."""
    for page in worlds.pages or ():
        kind = {"missing": "published_not_live", "altered": "page_altered", "foreign": "live_not_ours"}[page.what]
        more = f"等 {len(page.paths)} 个文件" if len(page.paths) > _PATHS_SHOWN else ""
        facts = {
            "channel": page.channel_name,
            "part": page.part_name,
            "paths": "、".join(page.paths[:_PATHS_SHOWN]) + more,
        }
        yield Discovered(kind, f"{page.channel}/{page.part}", facts)


_PATHS_SHOWN = 5
RULES = (cycles_not_opened, milestones_missed, openness_overdue, supervision_absent, pages_wrong)
