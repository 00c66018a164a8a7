"""``disclosure demo``: a whole cycle unattended, through the same doors people use.

Demonstration reviewers are enrolled, hold one-time-code secrets like anybody else, and answer through
Prefect's resume call; every page says 演示. Where the profile has errors to show, the first round is handed in
with them: one is stopped at the door, the audit names the others, finance returns, and the second round is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from deployments.local import Child, running
from disclosure import cycles
from disclosure.catalog import Office
from disclosure.clock import shanghai, utc_now
from disclosure.collection.imports import long_csv, record_import
from disclosure.collection.narrative_texts import Head, document_name
from disclosure.collection.narrative_writer import Template, write_docx
from disclosure.collection.narratives import hand_in_narrative
from disclosure.collection.replies import reply_to
from disclosure.collection.submissions import Receipt, hand_in
from disclosure.collection.workbook_writer import write_workbook
from disclosure.collection.workbooks import workbook_name
from disclosure.compilation import figures_of_period
from disclosure.demo_errors import seeded_errors, text_with_errors, with_errors
from disclosure.demo_figures import demo_figures, demo_history
from disclosure.demo_text import demo_text
from disclosure.errors import DisclosureError
from disclosure.figures import Figure
from disclosure.narrative import TextBlock
from disclosure.periods import Period
from disclosure.records.tables import AuditRun, Compilation, Cycle
from disclosure.review import people
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.decisions import audit_of
from disclosure.review.forms import AT_ONCE, RETURN_TO_NOBODY
from disclosure.settings import Settings
from disclosure.workplace import Workplace
from tasks import runs
from tasks.waking import answer_form, wake_waiting_run

_STEP_SECONDS = 180.0
#: Explains every warning, however many: published figures are shown as they were printed.
_OPINION = "同意。\n1-999：演示数据照原样发布，须说明的问题已阅。"
_RETURN = "数据质量报告列有严重问题，请按报告逐条更正后重新报送。"
_FILLER, _CHECKER, _AUTHOR = "演示填报人", "演示复核人", "演示起草人"


@dataclass(frozen=True)
class DemoResult:
    """Where to look afterwards; ``report_with_errors`` is the first round's where it was returned."""

    site: Path
    release: Path
    report: Path
    report_with_errors: Path | None
    run_url: str
    figure_count: int
    critical: int
    warnings: int


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
    place = Workplace(settings)
    catalog = place.catalog
    secrets = _enrol_reviewers(place)
    progress("正在导入往期数据…")
    _import_history(place, period)
    progress("正在开启周期、生成并填写各单位的报表…")
    cycle_id = _open(place, period)
    right = demo_figures(catalog, period)
    errors = seeded_errors(catalog.folder)
    wrong = with_errors(catalog, right, demo_history(catalog, period), errors)
    passing = {name: error for name, error in errors.items() if not error.stopped_at_door}
    taken = with_errors(catalog, right, demo_history(catalog, period), passing)
    _hand_in_all(place, period, 1, (wrong, taken), progress)
    _hand_in_text(place, period, 1, text_with_errors(demo_text(catalog, period), errors), progress)
    with running(settings, progress) as children:
        run_id = runs.start_run(period)
        case = _Case(place, period, cycle_id, run_id, secrets, children[-1], progress)
        case.answer_all(right, look)
        return _result(place, cycle_id, run_id)


def _enrol_reviewers(place: Workplace) -> dict[str, tuple[str, str]]:
    """One demonstration reviewer per gate: gate name -> (person's name, secret)."""
    enrolled = {}
    with place.records.write() as session:
        for gate in (*REVIEW_GATES, "leader"):
            office = place.catalog.gate_office(gate)
            name = f"演示·{office.name}"
            made = people.enrol(session, place.catalog, place.cipher, name, office.id, is_demo=True)
            enrolled[place.catalog.gates[gate].name] = (name, made.secret)
    return enrolled


def _import_history(place: Workplace, period: Period) -> None:
    content = long_csv(place.catalog, demo_history(place.catalog, period))
    record_import(place.records, place.settings.files, place.catalog, content, "演示往期数据.csv")


def _open(place: Workplace, period: Period) -> int:
    with place.records.write() as session:
        return cycles.open_cycle(session, place.catalog, period, is_demo=True, actor="演示").id


def _hand_in_text(
    place: Workplace,
    period: Period,
    round_number: int,
    sections: Mapping[str, tuple[TextBlock, ...]],
    progress: Callable[[str], None],
) -> None:
    """Text sections, where the profile takes some and this round asks for them, as a Word document."""
    catalog = place.catalog
    with place.records.read() as session:
        cycle = cycles.find_cycle(session, catalog, period)
        assert cycle is not None  # noqa: S101 - opened a moment ago
        owing = cycles.sections_to_write(session, catalog, cycle)
    if not sections or not owing:
        return
    office = owing[0]
    name = document_name(period.label, office.name, round_number, ".docx")
    path = place.settings.workbooks / period.id / name
    head = Head(catalog.profile.id, period, round_number, office.id, _AUTHOR)
    write_docx(path, catalog, Template(head, sections, {}))
    receipt = hand_in_narrative(place.records, place.settings.files, catalog, path.read_bytes(), name)
    if not receipt.is_accepted:
        raise DisclosureError("\n".join(problem.sentence for problem in receipt.problems))
    progress(f"{office.name}已报送 {len(receipt.sections)} 个部分的示例文字")


def _hand_in_all(
    place: Workplace,
    period: Period,
    round_number: int,
    attempts: Sequence[Sequence[Figure]],
    progress: Callable[[str], None],
) -> None:
    """Hand in what each centre owes in this round: the first of ``attempts`` that is not refused."""
    with place.records.read() as session:
        cycle = cycles.find_cycle(session, place.catalog, period)
        assert cycle is not None  # noqa: S101 - opened a moment ago
        owing = cycles.centres_to_hand_in(session, place.catalog, cycle)
    for centre in owing:
        for figures in attempts:
            receipt = _hand_in(place, period, round_number, centre, figures=figures)
            if receipt.is_accepted:
                progress(f"{centre.name}已报送 {receipt.figure_count} 个数据")
                break
            progress(f"{centre.name}的报表没有收下：{receipt.problems[0].sentence}")
            name = workbook_name(period.label, centre.name, round_number)
            reply_to(place.settings.replies, place.catalog, receipt, name)
        else:
            raise DisclosureError("\n".join(problem.sentence for problem in receipt.problems))


def _hand_in(
    place: Workplace, period: Period, round_number: int, centre: Office, *, figures: Sequence[Figure]
) -> Receipt:
    known = demo_history(place.catalog, period)
    catalog = place.catalog
    # Filled in elsewhere: what was handed out, with its marks in a returned round, is left to be looked at.
    filled = place.settings.workbooks / period.id / "已填" / workbook_name(period.label, centre.name, round_number)
    write_workbook(
        filled,
        catalog,
        period,
        centre.id,
        round_number=round_number,
        last=figures_of_period(known, period.previous()),
        year_before=figures_of_period(known, period.year_before()),
        filled=[f for f in figures if catalog.indicators[f.indicator].centre == centre.id],
        cover=(_FILLER, _CHECKER, shanghai(utc_now()).date().isoformat()),
    )
    return hand_in(place.records, place.settings.files, catalog, filled.read_bytes(), filled.name)


@dataclass
class _Case:
    """The cycle being played, and the run that drives it; ``secrets`` are (name, secret) by gate."""

    place: Workplace
    period: Period
    cycle_id: int
    run_id: UUID
    secrets: Mapping[str, tuple[str, str]]
    runner: Child
    progress: Callable[[str], None]
    used_steps: dict[str, set[int]] = field(default_factory=dict)

    def answer_all(self, right: Sequence[Figure], look: Callable[[runs.OpenForm], None]) -> None:
        """Answer each form as it opens, handing ``right`` in when centres are asked again, until it is published."""
        key = ""
        while form := runs.wait_for_form(self.run_id, key, _STEP_SECONDS, self.runner.last_words):
            look(form)
            if "gate" in form.schema["properties"]:
                self.answer(form)
            else:
                _hand_in_all(self.place, self.period, 2, [right], self.progress)
                _hand_in_text(self.place, self.period, 2, demo_text(self.place.catalog, self.period), self.progress)
                self.progress(wake_waiting_run(self.place, self.cycle_id))
            key = form.key
        run = runs.wait_for(
            self.run_id,
            lambda run: run.state is not None and run.state.is_final(),
            _STEP_SECONDS,
            self.runner.last_words,
        )
        if run.state is None or not run.state.is_completed():
            message = run.state.message if run.state else ""
            raise DisclosureError(f"演示没有走完：{message}\n{self.runner.last_words()}")

    def answer(self, form: runs.OpenForm) -> None:
        """Approve at the form's first gate; finance comes last, and returns what its report finds wrong."""
        gates = self.place.catalog.gates
        ordered = sorted((*REVIEW_GATES, "leader"), key=lambda gate: gate == "finance")
        title = next(
            gates[gate].name for gate in ordered if gates[gate].name in form.schema["properties"]["gate"]["enum"]
        )
        name, secret = self.secrets[title]
        sent_back = self.sent_back() if title == gates["finance"].name else []
        answer = {
            "gate": title,
            "outcome": "退回" if sent_back else "通过",
            "name": name,
            "code": self.code(name, secret),
            "opinion": _RETURN if sent_back else _OPINION,
            "returned_to": sent_back or [RETURN_TO_NOBODY],
            **({"publish_at": AT_ONCE} if title == gates["leader"].name else {}),
        }
        answer_form(self.run_id, answer)
        self.progress(f"{title}：{name} {'退回' + '、'.join(sent_back) if sent_back else '通过'}")

    def sent_back(self) -> list[str]:
        """Names of the centres and sections with findings, when finance can only return."""
        with self.place.records.read() as session:
            audit = audit_of(session, cycles.get_cycle(session, self.cycle_id))
            if audit is None or not audit.is_blocking:
                return []
            found = {finding.centre for finding in audit.findings if finding.severity != "info"}
            return [office.name for office in self.place.catalog.offices.values() if office.id in found]

    def code(self, name: str, secret: str) -> str:
        """The newest code still accepted that this person has not used: each counts once.

        Raises:
            DisclosureError: when both are used up, which only happens when answers are refused.
        """
        now = int(utc_now().timestamp()) // people.STEP_SECONDS
        used = self.used_steps.setdefault(name, set())
        step = next((step for step in (now, now - 1) if step not in used), None)
        if step is None:
            raise DisclosureError(f"演示没有走完：{name}的审核没有被接受。\n{self.runner.last_words()}")
        used.add(step)
        return pyotp.TOTP(secret).at(step * people.STEP_SECONDS)


def _result(place: Workplace, cycle_id: int, run_id: UUID) -> DemoResult:
    settings = place.settings
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        audit = audit_of(session, cycle)
        release = cycles.release_of(session, cycle)
        if audit is None or release is None or not release.is_live:
            raise DisclosureError("演示没有走完：发布件没有上线。")
        site = settings.home / "site"
        return DemoResult(
            site=site / "index.html",
            release=site / "releases" / cycle.period_id / "index.html",
            report=settings.reports / audit.report,
            report_with_errors=_first_report(session, settings, cycle) if cycle.round > 1 else None,
            run_url=f"{settings.server_url}/runs/flow-run/{run_id}",
            figure_count=sum(len(s.observations) for s in cycles.standing_submissions(session, cycle).values()),
            critical=audit.critical_count,
            warnings=audit.warning_count,
        )


def _first_report(session: Session, settings: Settings, cycle: Cycle) -> Path:
    """The quality report of the first round."""
    first = select(AuditRun).join(Compilation).where(Compilation.cycle_id == cycle.id).order_by(AuditRun.id).limit(1)
    return settings.reports / session.scalars(first).one().report
