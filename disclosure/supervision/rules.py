"""All rules over one snapshot of the worlds."""

from __future__ import annotations

from collections.abc import Iterator

from disclosure.supervision import plan_rules, run_rules, schedule_rules
from disclosure.supervision.discovered import Discovered, Look
from disclosure.supervision.texts import kinds, world_name
from disclosure.supervision.worlds import Worlds

_RULES = (*plan_rules.RULES, *run_rules.RULES, *schedule_rules.RULES)


def judge(worlds: Worlds) -> Look:
    """Every finding, each (kind, subject) once; a world that could not be seen is a finding too, not an all-clear."""
    found = {one.key: one for one in _all(worlds)}
    return Look(tuple(found.values()), dict(worlds.unread))


def _all(worlds: Worlds) -> Iterator[Discovered]:
    for world, why in worlds.unread.items():
        yield Discovered("not_checked", world, {"world": world_name(world), "why": why})
    for rule in _RULES:
        for one in rule(worlds):
            # What rests on a world that was not seen is neither found nor settled.
            if not set(kinds()[one.kind].worlds) & worlds.unread.keys():
                yield one
