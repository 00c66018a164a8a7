"""A rehearsal of the flow itself: ``flows.cycle`` with steps on the records of a rehearsal instead of in Prefect."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from functools import partial

from data_checks.recording import audit_round
from disclosure import simulation
from disclosure.calendar.periods import CycleKind, Period
from disclosure.collection.handout import hand_out
from disclosure.cycle import queries
from disclosure.cycle.compilation import compile_round
from disclosure.cycle.states import enter
from disclosure.platform.clock import format_day, format_moment
from disclosure.platform.errors import DisclosureError
from disclosure.publication.publish import publish_round, render_round
from disclosure.records.states import AskStep, CycleStep
from disclosure.review import asks, decisions
from disclosure.review.decisions import GateStatus
from disclosure.review.preparation import prepare_review, prepare_sign_off
from disclosure.simulation.simulation import CycleRun, Simulation
from flows.cycle import CycleSteps, disclose


def rehearse(
    year: int, profile: str, behaviour: simulation.Behaviour, kinds: Collection[CycleKind] = ()
) -> simulation.RehearsalReport:
    """Play the cycles whose milestones fall in ``year`` as the flow would run them; see ``simulation.rehearse``."""
    return simulation.rehearse(year, profile, behaviour, RehearsedRun, kinds)


class RunInterruptedError(Exception):
    """The run goes no further for now: somebody is asked, or a step failed and waits for a retry."""


class RehearsedRun(CycleRun):
    """The run that drives one cycle, in steps that do what the flow's tasks do, without Prefect."""

    def __init__(self, simulated: Simulation, period: Period, cycle_id: int) -> None:
        super().__init__(period, cycle_id)
        self.simulation, self.installation = simulated, simulated.installation
        self.run_id = str(uuid.uuid4())
        self.steps = CycleSteps(
            open_cycle=lambda *_: cycle_id,
            # One run drives each cycle here.
            take_over=lambda _: None,
            hand_out_workbooks=partial(hand_out, self.installation),
            collect_submissions=self._collect,
            compile_round=self._compile,
            audit_round_data=partial(audit_round, self.installation),
            review=self._review,
            render_release=lambda cycle: render_round(self.installation, cycle).digest,
            sign_off=self._sign_off,
            begin_next_round=self._begin_next_round,
            schedule_publication=self._schedule,
            publish_release=self._publish,
            review_afterwards=self._lay_aside,
        )

    def advance(self) -> None:
        """Run the flow from its top, as a run that is resumed does, as far as it goes."""
        self.is_stopped, self.publishes_at = False, None
        try:
            disclose(self.steps, self.period.kind, self.period.year, self.period.name)
        except RunInterruptedError:
            return
        self.is_over = self.publishes_at is None

    def _collect(self, cycle_id: int) -> None:
        with self.installation.records.write() as session:
            cycle = queries.get_cycle(session, cycle_id)
            is_waiting = bool(queries.missing_centres(session, self.installation.catalog, cycle))
            if is_waiting:
                enter(session, cycle, CycleStep.COLLECT)
            else:
                asks.give_up(session, cycle, "collect")
        if is_waiting:
            self._ask("collect", "")

    def _compile(self, cycle_id: int) -> None:
        with self.installation.records.write() as session:
            compile_round(session, self.installation.catalog, queries.get_cycle(session, cycle_id))

    def _review(self, cycle_id: int) -> bool:
        with self.installation.records.write() as session:
            cycle = queries.get_cycle(session, cycle_id)
            compiled, status = prepare_review(session, self.installation.catalog, cycle)
        return self._is_approved(status, "review", compiled.digest)

    def _sign_off(self, cycle_id: int, digest: str) -> bool:
        with self.installation.records.write() as session:
            status = prepare_sign_off(session, queries.get_cycle(session, cycle_id), digest)
        return self._is_approved(status, "sign_off", digest)

    def _is_approved(self, status: GateStatus, step: AskStep, digest: str) -> bool:
        if not (status.is_returned or status.is_approved):
            self._ask(step, digest)
        return status.is_approved

    def _ask(self, step: AskStep, digest: str) -> None:
        with self.installation.records.write() as session:
            asks.put(session, queries.get_cycle(session, self.cycle_id), step, digest, self.run_id)
        raise RunInterruptedError

    def _begin_next_round(self, cycle_id: int) -> None:
        with self.installation.records.write() as session:
            decisions.begin_next_round(session, queries.get_cycle(session, cycle_id))

    def _schedule(self, cycle_id: int) -> str:
        """Note the hour that was signed, where it is still to come."""
        with self.installation.records.read() as session:
            release = queries.release_of(session, queries.get_cycle(session, cycle_id))
        hour: dt.datetime | None = release.planned_for if release else None
        if hour is None or hour <= self.simulation.clock.moment:
            return ""
        self.publishes_at = hour
        return format_moment(hour)

    def _publish(self, cycle_id: int) -> str:
        """Publish; a channel that fails stops the run until it is retried."""
        try:
            published = publish_round(self.installation, cycle_id)
        except (DisclosureError, OSError) as error:
            self.is_stopped = True
            channels = "、".join(self.simulation.catalog.channels[each].name for each in self.simulation.channels_down)
            why = f"{channels}写不进" if channels else str(error).rstrip("。")
            today = format_day(self.simulation.clock.today)
            self.simulation.note(f"{today}没有发布成，等人重试：{why}", self.period)
            raise RunInterruptedError from error
        self.installation.sign_ledger()
        return published.address

    def _lay_aside(self, cycle_id: int) -> None:
        """Nobody signs in an emergency here, so no review is left to be made afterwards."""
        with self.installation.records.write() as session:
            enter(session, queries.get_cycle(session, cycle_id), CycleStep.ARCHIVE)
