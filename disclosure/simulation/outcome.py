"""What a rehearsal came to, read from its records: each date met or missed, by whom and why, and every letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, GateId, Milestone
from disclosure.cycle import deadlines
from disclosure.cycle.deadlines import Deadline
from disclosure.cycle.view import MILESTONE_OF_GATE, CycleView, load_views
from disclosure.platform.clock import shanghai
from disclosure.records.states import PUBLISHED
from disclosure.records.tables import Submission
from disclosure.simulation.simulation import Message, Note, Simulation

#: ``met``: by its planned day; ``late``: after that, by the date that counts; ``missed``: later, or never.
State = Literal["met", "late", "missed"]


@dataclass(frozen=True)
class MilestoneOutcome:
    """One milestone: ``done_at`` (aware; None: never) by ``people``; ``causes`` say why it was not by its planned day.

    ``is_statutory``: the law wants it by that date, and whoever misses it must answer for it.
    """

    deadline: Deadline
    state: State
    done_at: dt.datetime | None
    people: tuple[str, ...]
    causes: tuple[str, ...]
    is_statutory: bool


@dataclass(frozen=True)
class RehearsedCycle:
    """One cycle as it stood at the end of the rehearsal, and what became of its milestones."""

    view: CycleView
    milestones: tuple[MilestoneOutcome, ...]


@dataclass(frozen=True)
class RehearsalReport:
    """What a rehearsal of a whole year came to."""

    year: int
    title: str
    cycles: tuple[RehearsedCycle, ...]
    messages: tuple[Message, ...]
    notes: tuple[Note, ...]

    @property
    def passed(self) -> tuple[MilestoneOutcome, ...]:
        """Every milestone of every cycle."""
        return tuple(each for cycle in self.cycles for each in cycle.milestones)

    @property
    def statutory_misses(self) -> tuple[MilestoneOutcome, ...]:
        """Dates of the law that were missed."""
        return tuple(each for each in self.passed if each.is_statutory and each.state == "missed")


@dataclass(frozen=True)
class _Done:
    at: dt.datetime | None
    people: tuple[str, ...] = ()


def look_back(simulation: Simulation, year: int, played: Sequence[Period]) -> RehearsalReport:
    """Return what the records of ``simulation`` tell of the cycles that were ``played``."""
    with simulation.installation.records.read() as session:
        plans = [deadlines.cycle_plan(session, simulation.catalog, period) for period in played]
        plans.sort(key=lambda own: own.deadlines[0].due if own.deadlines else dt.date.max)
        views = load_views(session, simulation.catalog, plans)
    cycles = tuple(RehearsedCycle(view, tuple(_outcomes(simulation.catalog, view, simulation.notes))) for view in views)
    return RehearsalReport(
        year, simulation.catalog.profile.title, cycles, tuple(simulation.messages), tuple(simulation.notes)
    )


def _outcomes(catalog: Catalog, view: CycleView, notes: Sequence[Note]) -> Iterator[MilestoneOutcome]:
    done = _done(catalog, view) if view.is_opened else {}
    # What went wrong before a milestone that was met explains nothing after it.
    since = dt.datetime.combine(view.deadlines[0].planned - dt.timedelta(days=1), dt.time(), dt.UTC)
    for place, deadline in enumerate(view.deadlines):
        reached = done.get(deadline.milestone, _Done(None))
        state = _state(deadline, reached.at)
        # What was never done was over when something after it was.
        later = (done[each.milestone].at for each in view.deadlines[place:] if each.milestone in done)
        until = next((at for at in later if at is not None), None)
        causes = [] if state == "met" else _causes(view.period, deadline, notes, since, until)
        is_statutory = deadline.milestone == "publish" and view.period.kind != "special"
        yield MilestoneOutcome(deadline, state, reached.at, reached.people, tuple(causes), is_statutory)
        if state == "met" and reached.at is not None:
            since = max(since, reached.at)


def _state(deadline: Deadline, done_at: dt.datetime | None) -> State:
    if done_at is None or shanghai(done_at).date() > deadline.due:
        return "missed"
    return "met" if shanghai(done_at).date() <= deadline.planned else "late"


def _causes(
    period: Period, deadline: Deadline, notes: Sequence[Note], since: dt.datetime, until: dt.datetime | None
) -> list[str]:
    concerning = [note for note in notes if note.period in (None, period) and note.at > since]
    known = [note.said for note in concerning if note.delays and (until is None or note.at <= until)]
    return [*dict.fromkeys(known), *([deadline.why] if deadline.is_provisional else [])]


def _done(catalog: Catalog, view: CycleView) -> dict[Milestone, _Done]:
    """Tell when each milestone was done and by whom: drafts and compilation in the first round, gates in the last."""
    found: dict[Milestone, _Done] = {"draft": _drafts(view), "compile": _compiled(view)}
    for milestone in dict.fromkeys(MILESTONE_OF_GATE.values()):
        found[milestone] = _decided(view, [gate for gate, of in MILESTONE_OF_GATE.items() if of == milestone])
    if view.release is not None and view.release.state in PUBLISHED:
        names = tuple(catalog.channels[row.channel].name for row in view.switches)
        found["publish"] = _Done(max(row.updated_at for row in view.switches), names)
    return found


def _drafts(view: CycleView) -> _Done:
    of_round = (row for row in view.hand_ins if isinstance(row, Submission) and row.is_accepted and row.round == 1)
    rows = sorted(of_round, key=lambda row: (row.received_at, row.id))
    handed_in = {row.centre for row in rows}
    if owing := tuple(f"{office.name}未交" for office in view.centres if office.id not in handed_in):
        return _Done(None, owing)
    return _Done(rows[-1].received_at, (rows[-1].filler,))


def _compiled(view: CycleView) -> _Done:
    first = next((one for one in view.compiled if one.round == 1), None)
    if first is None:
        return _Done(None)
    by = dict.fromkeys(excuse.person.name for excuse in view.excuses if excuse.round == 1)
    return _Done(first.compiled_at, tuple(by) or ("系统",))


def _decided(view: CycleView, gates: Sequence[GateId]) -> _Done:
    made = view.made
    standing = [made[gate] for gate in gates if gate in made and made[gate].outcome == "approved"]
    names = tuple(dict.fromkeys(decision.person.name for decision in standing))
    if len(standing) < len(gates):
        return _Done(None, names)
    return _Done(max(decision.decided_at for decision in standing), names)
