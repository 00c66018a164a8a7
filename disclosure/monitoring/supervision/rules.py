"""All rules over one snapshot of the worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from disclosure.monitoring.supervision import foreign_rules, plan_rules, run_rules, schedule_rules
from disclosure.monitoring.supervision.findings import Discrepancy, Inspection
from disclosure.monitoring.supervision.snapshots import Snapshots
from disclosure.monitoring.supervision.texts import kinds, snapshot_name
from disclosure.records.self_check.findings import RecordsFault

Rule = Callable[[Snapshots], Iterator[Discrepancy]]
_RULES: tuple[Rule, ...] = (*plan_rules.RULES, *run_rules.RULES, *schedule_rules.RULES, *foreign_rules.RULES)


def judge(worlds: Snapshots, rules: Iterable[Rule] = _RULES) -> Inspection:
    """Return every finding, each (kind, subject) once; a world that could not be seen is one too, no all-clear."""
    found = {one.key: one for one in _all(worlds, rules)}
    return Inspection(tuple(found.values()), dict(worlds.unread))


def _all(worlds: Snapshots, rules: Iterable[Rule]) -> Iterator[Discrepancy]:
    for unsound in worlds.unsound:
        if unsound.fault is RecordsFault.NOT_CHECKED:
            # Nothing is wrong, and it is the same every morning: ``doctor`` says it.
            continue
        kind = "records_unsound" if unsound.fault.is_stopping else "records_doubtful"
        yield Discrepancy(
            kind, unsound.fault, {"unsound": unsound.found.rstrip("。"), "restore": unsound.restore.rstrip("。")}
        )
    for world, why in worlds.unread.items():
        yield Discrepancy("not_checked", world, {"world": snapshot_name(world), "why": why})
    for rule in rules:
        for one in rule(worlds):
            # What rests on a world that was not seen is neither found nor settled.
            if not set(kinds()[one.kind].worlds) & worlds.unread.keys():
                yield one
