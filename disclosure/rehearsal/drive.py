"""One cycle, driven by what the flow's tasks call, without Prefect: as far as it goes until a person must act."""

from __future__ import annotations

import datetime as dt
import uuid

from disclosure import cycles
from disclosure.clock import said_day
from disclosure.collection import workbooks
from disclosure.compilation import compile_round
from disclosure.errors import DisclosureError
from disclosure.periods import Period
from disclosure.publication.publish import publish_round, render_round
from disclosure.rehearsal.stage import Stage
from disclosure.review import asks, decisions
from disclosure.review.asks import AskStep
from disclosure.review.stages import come_to_review, come_to_sign_off


class Drive:
    """The run that drives one cycle; ``is_stopped`` once it failed, until somebody retries it.

    ``publishes_at`` is the hour that was signed, while it is awaited.
    """

    def __init__(self, stage: Stage, period: Period, cycle_id: int) -> None:
        self.stage, self.period, self.cycle_id = stage, period, cycle_id
        self.run_id = str(uuid.uuid4())
        self.is_stopped = self.is_over = False
        self.publishes_at: dt.datetime | None = None

    def advance(self) -> None:
        """What the flow does from one suspension to the next, in its order."""
        place = self.stage.place
        self._give_up_open_ask()
        while not self.is_over:
            workbooks.hand_out(place, self.cycle_id)
            if self._waits_for_centres():
                return
            with place.records.write() as session:
                compile_round(session, place.catalog, cycles.get_cycle(session, self.cycle_id))
            self.stage.audit(place, self.cycle_id)
            with place.records.write() as session:
                compiled, standing = come_to_review(session, place.catalog, cycles.get_cycle(session, self.cycle_id))
            if not (standing.is_returned or standing.is_approved):
                self._ask("review", compiled.digest)
                return
            if standing.is_approved:
                digest = render_round(place, self.cycle_id).digest
                with place.records.write() as session:
                    signed = come_to_sign_off(session, cycles.get_cycle(session, self.cycle_id), digest)
                if not (signed.is_returned or signed.is_approved):
                    self._ask("sign_off", digest)
                    return
                if signed.is_approved:
                    self.publish()
                    return
            with place.records.write() as session:
                decisions.begin_next_round(session, cycles.get_cycle(session, self.cycle_id))

    def publish(self) -> None:
        """Publish, unless its hour is still to come; a channel that fails stops the run until it is retried."""
        with self.stage.place.records.read() as session:
            release = cycles.release_of(session, cycles.get_cycle(session, self.cycle_id))
        assert release is not None  # noqa: S101 - signed before
        self.publishes_at = release.planned_for
        if self.publishes_at is not None and self.publishes_at > self.stage.clock.moment:
            return
        try:
            publish_round(self.stage.place, self.cycle_id)
        except (DisclosureError, OSError) as error:
            self.is_stopped = True
            channels = "、".join(self.stage.catalog.channels[each].name for each in self.stage.channels_down)
            why = f"{channels}写不进" if channels else str(error).rstrip("。")
            self.stage.note(f"{said_day(self.stage.clock.today)}没有发布成，等人重试：{why}", self.period)
            return
        self.stage.place.sign_ledger()
        self.is_stopped, self.is_over = False, True

    def retry(self) -> None:
        """What somebody does once supervision has reported the run that ended."""
        if self.is_stopped:
            self.publish()

    def _waits_for_centres(self) -> bool:
        place = self.stage.place
        with place.records.write() as session:
            cycle = cycles.get_cycle(session, self.cycle_id)
            waits = bool(cycles.missing_centres(session, place.catalog, cycle))
            if waits:
                cycles.enter(session, cycle, "collect")
        if waits:
            self._ask("collect", "")
        return waits

    def _ask(self, step: AskStep, digest: str) -> None:
        with self.stage.place.records.write() as session:
            asks.put(session, cycles.get_cycle(session, self.cycle_id), step, digest, self.run_id)

    def _give_up_open_ask(self) -> None:
        """A run that comes back without an answer asks again under a new key."""
        with self.stage.place.records.write() as session:
            if ask := asks.open_ask_of(session, cycles.get_cycle(session, self.cycle_id)):
                asks.close(session, ask, "abandoned")
