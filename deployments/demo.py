"""``disclosure demo``: a whole cycle unattended, through the same doors people use.

Demonstration reviewers are enrolled, hold one-time-code secrets like anybody else, and answer through
Prefect's resume call; every page says 演示. Where the profile has errors to show, the first round is handed in
with them: one is stopped at the door, the audit names the others, finance returns, and the second round is right.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from deployments.demo_openness import OpennessShown, play_openness
from deployments.local import Child, running
from disclosure.access import accounts
from disclosure.calendar.periods import Period
from disclosure.catalog import GateId
from disclosure.collection.history.imports import long_csv, record_import
from disclosure.collection.workbook.replies import reply_to
from disclosure.collection.workbook.write.writer import WorkbookContents
from disclosure.cycle import queries
from disclosure.figures.figures import Figure
from disclosure.figures.narrative import TextBlock
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.records.states import PUBLISHED
from disclosure.records.tables import AuditRun, Compilation, Cycle
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.decisions import audit_of
from disclosure.review.forms import AT_ONCE
from disclosure.review.identify import Proof
from disclosure.review.people import find_person
from disclosure.review.refusals import Refusal
from disclosure.simulation.actors import Actors, fill_in_review
from disclosure.simulation.demo_errors import FILE as SEEDED_ERRORS
from disclosure.simulation.demo_errors import seeded_errors, text_with_errors, with_errors
from disclosure.simulation.demo_figures import demo_figures, demo_history
from disclosure.simulation.demo_text import demo_text
from tasks.orchestration import runs
from tasks.orchestration.resume import answer_run, wake_waiting_run

STEP_SECONDS = 180.0
#: How many critical findings are told where a demonstration cannot go on.
_TOLD = 3
#: Explains every warning, however many: published figures are shown as they were printed.
OPINION = "同意。\n1-999：演示数据照原样发布，须说明的问题已阅。"
_RETURN = "数据质量报告列有严重问题，请按报告逐条更正后重新报送。"
GATES: tuple[GateId, ...] = (*REVIEW_GATES, "leader")


@dataclass(frozen=True)
class DemoResult:
    """Where to look afterwards; ``report_with_errors`` is the first round's where it was returned."""

    site: Path
    release: Path
    report: Path
    report_with_errors: Path | None
    run_url: str
    password: str
    people: tuple[str, ...]
    figure_count: int
    critical: int
    warnings: int
    #: What of the openness catalogue is public now; None for a profile without samples.
    openness: OpennessShown | None


def run_demo(
    settings: Settings,
    period: Period,
    progress: Callable[[str], None],
    look: Callable[[runs.OpenForm], None] = lambda _form: None,
) -> DemoResult:
    """Run one cycle from history and workbooks to the published site; the home must be prepared.

    ``look`` is called at every form before it is answered.

    Raises:
        DisclosureError: when any step does not get where it should.
    """
    installation = Installation(settings)
    demo = DemoCycle(installation, period, Actors(installation, is_demo=True), progress)
    demo.enrol_reviewers()
    progress("正在导入往期数据…")
    demo.import_history()
    progress("正在开启周期、生成并填写各单位的报表…")
    demo.open_cycle()
    demo.hand_in_first_round()
    with running(settings, progress) as children:
        run_id = runs.start_run(period, demo.only)
        demo.answer_all(run_id, children[-1], look)
        return _result(demo, run_id, play_openness(demo.actors, children[-1], progress))


@dataclass
class DemoCycle:
    """The cycle being played, and everybody who plays in it."""

    installation: Installation
    period: Period
    actors: Actors
    progress: Callable[[str], None]
    cycle_id: int = 0
    #: Who signs in afterwards, all with this one password.
    people: tuple[str, ...] = ()
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def enrol_reviewers(self) -> None:
        """Enrol the compiler, and two reviewers per gate: one for each round, so that nobody waits for the next code.

        Whoever tries the product signs in as any of them afterwards.
        """
        catalog = self.actors.catalog
        compiler = catalog.offices[catalog.roles["compiler"].offices[0]]
        players = {f"演示·{compiler.name}": compiler.id}
        for gate in GATES:
            for round_number in (1, 2):
                players[self.reviewer(gate, round_number)] = catalog.gate_office(gate).id
        self.people = tuple(players)
        for name, office in players.items():
            self.actors.enrol(name, office)
            with self.installation.begin() as work:
                person = find_person(work.session, name)
                if person is None or accounts.set_password(work, person, self.password) is not None:
                    raise DisclosureError(f"演示没有走完：{name}的密码没有设好。")

    def reviewer(self, gate: GateId, round_number: int) -> str:
        """Name who decides at ``gate`` in a round."""
        office = self.actors.catalog.gate_office(gate).name
        return f"演示·{office}" if round_number % 2 else f"演示·{office}·乙"

    def import_history(self, without: Collection[Period] = ()) -> None:
        """Import the figures of earlier periods, ``without`` those that are played themselves."""
        installation, catalog = self.installation, self.actors.catalog
        history = [figure for figure in demo_history(catalog, self.period) if figure.period not in without]
        content = long_csv(catalog, history)
        record_import(installation.records, installation.settings.files, catalog, content, "演示往期数据.csv")

    def open_cycle(self) -> None:
        """Open the cycle."""
        with self.installation.records.write() as session:
            self.cycle_id = queries.open_cycle(
                session, self.actors.catalog, self.period, only=self.only, is_demo=True, actor="演示"
            ).id

    @property
    def only(self) -> tuple[str, ...]:
        """The indicators that a special disclosure is about; none named for any other."""
        special = self.actors.catalog.profile.demo_special
        return special.only if special is not None and self.period.kind == "special" else ()

    def hand_in_first_round(self) -> None:
        """Hand in with the profile's errors: with all of them, then without those that are stopped at the door."""
        catalog, period = self.actors.catalog, self.period
        right, history = self.right_figures(), demo_history(catalog, period)
        errors = seeded_errors(catalog.file(SEEDED_ERRORS).parent)
        passing = {name: error for name, error in errors.items() if not error.stopped_at_door}
        attempts = [with_errors(catalog, right, history, some) for some in (errors, passing)]
        text = self.text()
        self.hand_in(attempts, text_with_errors(text, errors) if text else {})

    def hand_in_right(self) -> None:
        """Hand in once more, without errors."""
        self.hand_in([self.right_figures()], self.text())

    def right_figures(self) -> tuple[Figure, ...]:
        """Return what is handed in without errors."""
        return demo_figures(self.actors.catalog, self.period, self.only)

    def text(self) -> Mapping[str, tuple[TextBlock, ...]]:
        """Return the sample text; a special disclosure asks for none."""
        return {} if self.period.kind == "special" else demo_text(self.actors.catalog, self.period)

    def hand_in(self, attempts: Sequence[Sequence[Figure]], sections: Mapping[str, tuple[TextBlock, ...]]) -> None:
        """Hand in what each office owes in this round: of figures the first of ``attempts`` that is not refused."""
        catalog, settings = self.actors.catalog, self.installation.settings
        with self.installation.records.read() as session:
            cycle = queries.get_cycle(session, self.cycle_id)
            round_number = cycle.round
            centres = queries.centres_to_hand_in(session, catalog, cycle)
            writers = queries.sections_to_write(session, catalog, cycle) if sections else ()
        known = demo_history(catalog, self.period)
        for centre in centres:
            for figures in attempts:
                filled = self.actors.fill_in_workbook(
                    WorkbookContents(
                        self.period,
                        centre.id,
                        round_number=round_number,
                        only=self.only,
                        earlier=known,
                        filled=figures,
                    ),
                    # Filled in elsewhere: what was handed out, with its marks in a returned round, is left to be seen.
                    folder=settings.workbooks / self.period.id / "已填",
                    signers=("演示填报人", "演示复核人"),
                    signed_on=shanghai(utc_now()).date(),
                )
                receipt = self.actors.submit(filled)
                if receipt.is_accepted:
                    self.progress(f"{centre.name}已报送 {receipt.figure_count} 个数据")
                    break
                self.progress(f"{centre.name}的报表没有收下：{receipt.problems[0].sentence}")
                reply_to(settings.replies, catalog, receipt, filled.name)
            else:
                raise DisclosureError("\n".join(problem.sentence for problem in receipt.problems))
        for office in writers[:1]:
            written = self.actors.write_text(
                self.period,
                office.id,
                sections,
                folder=settings.workbooks / self.period.id,
                author="演示起草人",
                round_number=round_number,
            )
            taken = self.actors.submit(written)
            if not taken.is_accepted:
                raise DisclosureError("\n".join(problem.sentence for problem in taken.problems))
            self.progress(f"{office.name}已报送 {len(taken.sections)} 个部分的示例文字")

    def answer_all(self, run_id: UUID, runner: Child, look: Callable[[runs.OpenForm], None]) -> None:
        """Answer each form as it opens, handing in once more when centres are asked again, until it is published."""
        key = ""
        while form := runs.wait_for_form(run_id, key, STEP_SECONDS, runner.last_words):
            look(form)
            if "gate" in form.schema["properties"]:
                self.answer(form, runner)
            else:
                self.hand_in_right()
                self.progress(wake_waiting_run(self.installation, self.cycle_id))
            key = form.key
        run = runs.wait_for(run_id, runs.has_ended, STEP_SECONDS, runner.last_words)
        if run.state is None or not run.state.is_completed():
            message = run.state.message if run.state else ""
            raise DisclosureError(f"演示没有走完：{message}\n{runner.last_words()}")

    def answer(self, form: runs.OpenForm, runner: Child) -> None:
        """Approve at the form's first gate; finance comes last, and returns what its report finds wrong."""
        offered = form.schema["properties"]["gate"]["enum"]
        ordered = sorted(GATES, key=lambda gate: gate == "finance")
        gate = next(gate for gate in ordered if self.actors.catalog.gates[gate].name in offered)
        title, name = self.actors.catalog.gates[gate].name, self.reviewer(gate, self.round())
        sent_back = self.sent_back() if gate == "finance" else []
        proof = Proof(name, self.code(name, runner), utc_now(), _RETURN if sent_back else OPINION)
        self.give(form, title, "退回" if sent_back else "通过", proof, returned_to=sent_back)

    def code(self, name: str, runner: Child) -> str:
        """Read the code on the device of ``name``."""
        try:
            return self.actors.code(name)
        except DisclosureError as error:
            # The code of this half minute is used up only where an answer was refused.
            raise DisclosureError(f"演示没有走完：{name}的审核没有被接受。\n{runner.last_words()}") from error

    def give(
        self,
        form: runs.OpenForm,
        title: str,
        outcome: str,
        proof: Proof,
        *,
        returned_to: Sequence[str] = (),
        publish_at: str = AT_ONCE,
    ) -> None:
        """Give the answer for the gate called ``title``, and say so."""
        answer = fill_in_review(
            form.schema["properties"], title, outcome, proof, returned_to=returned_to, publish_at=publish_at
        )
        refused = answer_run(self.installation, str(form.run_id), answer)
        if isinstance(refused, Refusal):
            raise DisclosureError(f"演示没有走完：{proof.name}的{title}没有被接受：{refused.sentence}")
        self.progress(f"{title}：{proof.name} {outcome}{'、'.join(returned_to)}")

    def round(self) -> int:
        """Return the number of the round under way."""
        with self.installation.records.read() as session:
            return queries.get_cycle(session, self.cycle_id).round

    def sent_back(self) -> list[str]:
        """Name the centres and sections with findings, when finance can only return.

        Raises:
            DisclosureError: when what was handed in is all the demonstration has, and would be returned for ever.
        """
        with self.installation.records.read() as session:
            cycle = queries.get_cycle(session, self.cycle_id)
            audit = audit_of(session, cycle)
            if audit is None or not audit.is_blocking:
                return []
            if cycle.round > 1 or not self.actors.catalog.file(SEEDED_ERRORS).is_file():
                raise DisclosureError(self.why_stuck(audit))
            found = {finding.centre for finding in audit.findings if finding.severity != "info"}
            return [office.name for office in self.actors.catalog.offices.values() if office.id in found]

    def why_stuck(self, audit: AuditRun) -> str:
        """Say which critical findings the demonstration's own figures have, and where the report is."""
        critical = [f"{finding.rule} {finding.message}" for finding in audit.findings if finding.severity == "critical"]
        more = f"\n  ……共 {len(critical)} 个" if len(critical) > _TOLD else ""
        return (
            f"演示没有走完：{self.period.label}的示例数据本身有严重问题，财务只能退回，而没有别的数据可以再报：\n"
            + "\n".join(f"  {sentence}" for sentence in critical[:_TOLD])
            + f"{more}\n数据质量报告：{self.installation.settings.reports / audit.report}\n"
            f"请按报告改正 {self.actors.catalog.place_of('samples.yaml')} 里的示例数据，再演示。"
        )


def _result(demo: DemoCycle, run_id: UUID, openness: OpennessShown | None) -> DemoResult:
    installation, cycle_id = demo.installation, demo.cycle_id
    settings = installation.settings
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        audit = audit_of(session, cycle)
        release = queries.release_of(session, cycle)
        if audit is None or release is None or release.state not in PUBLISHED:
            raise DisclosureError("演示没有走完：发布件没有上线。")
        site = settings.home / "site"
        return DemoResult(
            site=site / "index.html",
            release=site / "releases" / cycle.period_id / "index.html",
            report=settings.reports / audit.report,
            report_with_errors=_first_report(session, settings, cycle) if cycle.round > 1 else None,
            run_url=settings.run_url(run_id),
            password=demo.password,
            people=demo.people,
            figure_count=sum(len(s.observations) for s in queries.standing_submissions(session, cycle).values()),
            critical=audit.critical_count,
            warnings=audit.warning_count,
            openness=openness,
        )


def _first_report(session: Session, settings: Settings, cycle: Cycle) -> Path:
    """Find the quality report of the first round."""
    first = select(AuditRun).join(Compilation).where(Compilation.cycle_id == cycle.id).order_by(AuditRun.id).limit(1)
    return settings.reports / session.scalars(first).one().report
