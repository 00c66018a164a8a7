"""``disclosure demo --year``: all cycles of one year, and what may befall a release, so that each can be watched.

The first cycle is handed in with errors and returned; one is signed ahead of its reviews in an emergency; the annual
one is corrected; a special disclosure comes out at a set hour, is withdrawn and stays so; another is withdrawn and
restored. Everything goes by the doors people use. A profile without the figures or facts of a scene skips it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from deployments.demo import GATES, OPINION, STEP_SECONDS, DemoCycle
from deployments.demo_openness import OpennessShown, play_openness
from deployments.local import Child, running
from disclosure.calendar.periods import CycleKind, Period, parse_period
from disclosure.catalog import Catalog
from disclosure.cycle import queries
from disclosure.figures.figures import Figure
from disclosure.platform.clock import format_moment, shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.publication import withdrawal
from disclosure.publication.correction import begin_correction
from disclosure.records.installation import Installation
from disclosure.records.states import PUBLISHED, WithdrawalKind
from disclosure.review.forms import LATER_OUTCOMES
from disclosure.review.identify import Proof
from disclosure.review.people import STEP_SECONDS as CODE_SECONDS
from disclosure.review.refusals import Refusal
from disclosure.simulation.actors import Actors
from disclosure.simulation.demo_errors import FILE as SEEDED_ERRORS
from disclosure.simulation.demo_figures import demo_figures
from tasks.orchestration import runs

#: The order in which the cycles of one year come.
_ORDER: tuple[CycleKind, ...] = ("q1", "h1", "q3", "annual", "special")
#: How far ahead the hour is that the leader sets: far enough that a run scheduled for it publishes.
_AHEAD = dt.timedelta(seconds=75)
_URGENT = "上级要求今日公布，来不及逐一审核，先行签发，随后补审。"
_WITHDRAWN_REASON = "专项数据正在复核，复核后重新发布"
_RESTORED_REASON = "经核对数据无误，恢复公开"
_BY_ORDER_REASON = "按上级通知暂停公开"


@dataclass(frozen=True)
class Scene:
    """Something that was played: what is to be seen, and on which page."""

    told: str
    page: Path


@dataclass(frozen=True)
class YearResult:
    """Where to look afterwards, and who signs in with which password."""

    site: Path
    scenes: tuple[Scene, ...]
    openness: OpennessShown | None
    people: tuple[str, ...]
    password: str


def periods_played(catalog: Catalog, year: int) -> tuple[Period, ...]:
    """Return the cycles of ``year`` that the profile discloses and has figures of, in the order of the year.

    Raises:
        DisclosureError: when there is none.
    """
    special = catalog.profile.demo_special
    found = []
    for kind in (kind for kind in _ORDER if kind in catalog.profile.cycles):
        if kind == "special" and special is None:
            continue
        period = Period(year, kind, special.name if special and kind == "special" else "")
        try:
            demo_figures(catalog, period, special.only if special and kind == "special" else ())
        except DisclosureError:
            continue
        found.append(period)
    if not found:
        own = parse_period(catalog.profile.demo_period).year
        raise DisclosureError(f"“{catalog.profile.title}”没有 {year} 年的示例数据，请改用 --year {own}。")
    return tuple(found)


def run_year(settings: Settings, year: int, progress: Callable[[str], None]) -> YearResult:
    """Play every cycle of ``year`` and what befalls them; the home must be prepared.

    Raises:
        DisclosureError: when any step does not get where it should.
    """
    installation = Installation(settings)
    actors = Actors(installation, is_demo=True)
    periods = periods_played(actors.catalog, year)
    cycles = [_YearCycle(installation, period, actors, progress) for period in periods]
    first = cycles[0]
    first.enrol_reviewers()
    progress("正在导入往期数据…")
    for cycle in cycles:
        cycle.import_history(without=periods)
    with running(settings, progress) as children:
        runner = children[-1]
        scenes = tuple(scene for cycle in cycles for scene in cycle.play(runner, is_first=cycle is first))
        scenes += tuple(_what_befalls(cycles, runner))
        openness = play_openness(actors, runner, progress)
    return YearResult(settings.home / "site" / "index.html", scenes, openness, first.people, first.password)


def _what_befalls(cycles: list[_YearCycle], runner: Child) -> Iterator[Scene]:
    """Correct the last dated cycle, withdraw and restore the first, withdraw the special one."""
    dated = [cycle for cycle in cycles if cycle.period.kind != "special"]
    if dated and (told := dated[-1].correct(runner)):
        yield Scene(told, dated[-1].page)
    if len(dated) > 1:
        dated[0].withdraw("by_order", _BY_ORDER_REASON, runner)
        dated[0].restore(_RESTORED_REASON, runner)
        yield Scene(f"{dated[0].period.label}：撤回后又恢复，与撤回前逐字节相同", dated[0].page)
    for cycle in cycles:
        if cycle.period.kind == "special":
            cycle.withdraw("in_error", _WITHDRAWN_REASON, runner)
            yield Scene(f"{cycle.period.label}（{cycle.period.name}）：已撤回，原处是撤回说明", cycle.page)


@dataclass
class _YearCycle(DemoCycle):
    """One cycle of the year."""

    #: Until it is corrected the profile's slip stands in what is handed in.
    has_slip: bool = False
    is_urgent: bool = False
    has_set_hour: bool = False

    @property
    def page(self) -> Path:
        """Its page on the demonstration's site."""
        return self.installation.settings.home / "site" / "releases" / self.period.id / "index.html"

    def play(self, runner: Child, *, is_first: bool) -> Iterator[Scene]:
        """Take the cycle from opening to publication, by the scene that its kind stands for."""
        kind, label = self.period.kind, f"{self.period.label}{self.period.name}"
        self.has_slip = kind == "annual" and self.actors.catalog.profile.demo_correction is not None
        # Of a dated cycle of a past year no hour to come would be in time.
        self.is_urgent, self.has_set_hour = kind == "q3", kind == "special"
        self.progress(f"—— {label} ——")
        self.open_cycle()
        with_errors = is_first and self.actors.catalog.file(SEEDED_ERRORS).is_file()
        if with_errors:
            self.hand_in_first_round()
        else:
            self.hand_in_right()
        self.answer_all(runs.start_run(self.period, self.only), runner, lambda _form: None)
        self.wait_for_publication(runner)
        told = [f"{label}：已发布"]
        told += ["第 1 轮有意留错，被退回后重报"] if with_errors else []
        told += ["局领导先行签发，各环节补审"] if self.is_urgent else []
        told += ["按局领导定的时刻发布"] if self.has_set_hour else []
        self.progress("；".join(told))
        yield Scene("；".join(told), self.page)

    def right_figures(self) -> tuple[Figure, ...]:
        """Return what is handed in: right but for the slip, while it is not corrected."""
        figures, slip = super().right_figures(), self.actors.catalog.profile.demo_correction
        if slip is None or not self.has_slip:
            return figures
        at = (self.actors.catalog.prefecture.code, slip.indicator)
        return tuple(
            replace(figure, value=figure.value + slip.slip)
            if figure.value is not None and (figure.region, figure.indicator) == at
            else figure
            for figure in figures
        )

    def answer(self, form: runs.OpenForm, runner: Child) -> None:
        """Answer as in any cycle; in an emergency the leader signs first, and the others review afterwards."""
        catalog, fields = self.actors.catalog, form.schema["properties"]
        offered, is_later = fields["gate"]["enum"], set(fields["outcome"]["enum"]) <= {*LATER_OUTCOMES}
        urgent = catalog.gates["emergency"].name
        leader = self.reviewer("leader", self.round())
        if is_later:
            gate = next(gate for gate in GATES if catalog.gates[gate].name in offered)
            name = self.reviewer(gate, self.round())
            proof = Proof(name, self.code(name, runner), utc_now(), OPINION)
            self.give(form, catalog.gates[gate].name, next(iter(LATER_OUTCOMES)), proof)
        elif self.is_urgent and urgent in offered:
            self.give(form, urgent, "通过", Proof(leader, self.code(leader, runner), utc_now(), _URGENT))
        elif self.has_set_hour and catalog.gates["leader"].name in offered:
            proof = Proof(leader, self.code(leader, runner), utc_now(), OPINION)
            hour = shanghai(utc_now() + _AHEAD)
            self.progress(f"局领导定于 {format_moment(hour)} 之后发布，到时自动发布…")
            said = hour.strftime("%Y-%m-%d %H:%M:%S")
            self.give(form, catalog.gates["leader"].name, "通过", proof, publish_at=said)
        else:
            super().answer(form, runner)

    def code(self, name: str, runner: Child) -> str:
        """Read the code on the device of ``name``; wait for the next one where the last answer used it up."""
        until = time.monotonic() + 2 * CODE_SECONDS
        while True:
            try:
                return self.actors.code(name)
            except DisclosureError as error:
                if time.monotonic() > until:
                    raise DisclosureError(f"演示没有走完：{error}\n{runner.last_words()}") from error
                time.sleep(0.5)

    def wait_for_publication(self, runner: Child) -> None:
        """Wait until the records say that the newest version is public.

        Raises:
            DisclosureError: when it is not after some minutes.
        """
        until = time.monotonic() + STEP_SECONDS
        while not self.is_published():
            if time.monotonic() > until:
                raise DisclosureError(f"演示没有走完：{self.period.label}没有发布。\n{runner.last_words()}")
            time.sleep(0.3)

    def is_published(self) -> bool:
        """Whether the round's release is public, and its cycle over."""
        with self.installation.records.read() as session:
            cycle = queries.get_cycle(session, self.cycle_id)
            release = queries.release_of(session, cycle)
            return release is not None and release.state in PUBLISHED

    def correct(self, runner: Child) -> str:
        """Put the slip right in a new version; say what was corrected, nothing where the profile names no slip."""
        slip = self.actors.catalog.profile.demo_correction
        if slip is None or not self.has_slip:
            return ""
        catalog = self.actors.catalog
        compiler = catalog.offices[catalog.roles["compiler"].offices[0]]
        name = f"演示·{compiler.name}"
        proof = Proof(name, self.code(name, runner), utc_now(), slip.reason)
        centre = catalog.indicators[slip.indicator].centre
        with self.installation.begin(proof.at) as work:
            begun = begin_correction(work, queries.get_cycle(work.session, self.cycle_id), proof, (centre,))
        _unless_refused(begun)
        self.progress(f"—— 更正{self.period.label}：{slip.reason} ——")
        self.has_slip = False
        self.answer_all(runs.start_run(self.period, self.only), runner, lambda _form: None)
        self.wait_for_publication(runner)
        return f"{self.period.label}：第 2 版，页首有更正说明，第 1 版留作查考"

    def withdraw(self, kind: WithdrawalKind, reason: str, runner: Child) -> None:
        """Withdraw it from every channel, as the leader decides."""
        proof = self._leaders_word(reason, runner)
        _unless_refused(withdrawal.withdraw(self.installation, self.cycle_id, kind, proof))
        self.settle()
        self.progress(f"{self.period.label}已撤回：{reason}")

    def restore(self, reason: str, runner: Child) -> None:
        """Show it again on every channel."""
        _unless_refused(withdrawal.restore(self.installation, self.cycle_id, self._leaders_word(reason, runner)))
        self.settle()
        self.progress(f"{self.period.label}已恢复公开：{reason}")

    def settle(self) -> None:
        """Show on every channel what the records say."""
        withdrawal.apply_withdrawal(self.installation, self.cycle_id)
        self.installation.sign_ledger()

    def _leaders_word(self, reason: str, runner: Child) -> Proof:
        leader = self.reviewer("leader", 1)
        return Proof(leader, self.code(leader, runner), utc_now(), reason)


def _unless_refused(outcome: object) -> None:
    if isinstance(outcome, Refusal):
        raise DisclosureError(f"演示没有走完：{outcome.sentence}")
