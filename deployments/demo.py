"""``disclosure demo``: a whole cycle unattended, through the same doors people use.

Demonstration reviewers are enrolled, hold one-time-code secrets like anybody else, and answer through
Prefect's resume call; every page says 演示.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pyotp

from deployments import runs
from deployments.local import Child, running
from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import shanghai, utc_now
from disclosure.collection.imports import long_csv, record_import
from disclosure.collection.narrative_texts import Head, document_name
from disclosure.collection.narrative_writer import Template, write_docx
from disclosure.collection.narratives import hand_in_narrative
from disclosure.collection.submissions import hand_in
from disclosure.collection.workbook_writer import write_workbook
from disclosure.collection.workbooks import workbook_name
from disclosure.compilation import figures_of_period
from disclosure.demo_figures import demo_figures, demo_history
from disclosure.demo_text import demo_text
from disclosure.errors import DisclosureError
from disclosure.periods import Period
from disclosure.review import people
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.decisions import audit_of
from disclosure.review.forms import AT_ONCE, RETURN_TO_NOBODY
from disclosure.settings import Settings
from disclosure.workplace import Workplace
from tasks.waking import answer_form

_STEP_SECONDS = 180.0
#: Explains every warning, however many: published figures are shown as they were printed.
_OPINION = "同意。\n1-999：演示数据照原样发布，须说明的问题已阅。"
_FILLER, _CHECKER, _AUTHOR = "演示填报人", "演示复核人", "演示起草人"


@dataclass(frozen=True)
class DemoResult:
    """Where to look afterwards."""

    site: Path
    release: Path
    report: Path
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
    _hand_in_all(place, period, progress)
    _hand_in_text(place, period, progress)
    with running(settings, progress) as children:
        run_id = runs.start_run(period)
        _answer_all(catalog, run_id, secrets, children[-1], progress=progress, look=look)
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


def _hand_in_all(place: Workplace, period: Period, progress: Callable[[str], None]) -> None:
    catalog = place.catalog
    figures = demo_figures(catalog, period)
    known = demo_history(catalog, period)
    today = shanghai(utc_now()).date().isoformat()
    for centre in catalog.centres:
        if not catalog.indicators_for(period, centre.id):
            continue
        path = place.settings.workbooks / period.id / workbook_name(period.label, centre.name, 1)
        write_workbook(
            path,
            catalog,
            period,
            centre.id,
            last=figures_of_period(known, period.previous()),
            year_before=figures_of_period(known, period.year_before()),
            filled=[f for f in figures if catalog.indicators[f.indicator].centre == centre.id],
            cover=(_FILLER, _CHECKER, today),
        )
        receipt = hand_in(place.records, place.settings.files, catalog, path.read_bytes(), path.name)
        if not receipt.is_accepted:
            raise DisclosureError("\n".join(problem.sentence for problem in receipt.problems))
        progress(f"{centre.name}已报送 {receipt.figure_count} 个数据")


def _hand_in_text(place: Workplace, period: Period, progress: Callable[[str], None]) -> None:
    """The sample text sections, where the profile has some, written and read back as a Word document."""
    catalog = place.catalog
    sections = demo_text(catalog, period)
    if not sections:
        return
    office = catalog.writers[0]
    name = document_name(period.label, office.name, 1, ".docx")
    path = place.settings.workbooks / period.id / name
    write_docx(path, catalog, Template(Head(catalog.profile.id, period, 1, office.id, _AUTHOR), sections, {}))
    receipt = hand_in_narrative(place.records, place.settings.files, catalog, path.read_bytes(), name)
    if not receipt.is_accepted:
        raise DisclosureError("\n".join(problem.sentence for problem in receipt.problems))
    progress(f"{office.name}已报送 {len(receipt.sections)} 个部分的示例文字")


def _answer_all(
    catalog: Catalog,
    run_id: UUID,
    secrets: Mapping[str, tuple[str, str]],
    runner: Child,
    *,
    progress: Callable[[str], None],
    look: Callable[[runs.OpenForm], None],
) -> None:
    """Answer each gate's form as it opens, until the run has published."""
    key = ""
    for gate in (*REVIEW_GATES, "leader"):
        title = catalog.gates[gate].name
        form = runs.wait_for_form(run_id, key, _STEP_SECONDS, runner.last_words)
        if form is None:
            break
        look(form)
        name, secret = secrets[title]
        now = dt.datetime.now(dt.UTC)
        answer = {
            "gate": title,
            "outcome": "通过",
            "name": name,
            "code": pyotp.TOTP(secret).at(now),
            "opinion": _OPINION,
            "returned_to": [RETURN_TO_NOBODY],
            **({"publish_at": AT_ONCE} if gate == "leader" else {}),
        }
        answer_form(run_id, answer)
        progress(f"{title}：{name} 通过")
        key = form.key
    run = runs.wait_for(
        run_id, lambda run: run.state is not None and run.state.is_final(), _STEP_SECONDS, runner.last_words
    )
    if run.state is None or not run.state.is_completed():
        message = run.state.message if run.state else ""
        raise DisclosureError(f"演示没有走完：{message}\n{runner.last_words()}")


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
            run_url=f"{settings.server_url}/runs/flow-run/{run_id}",
            figure_count=sum(len(s.observations) for s in cycles.standing_submissions(session, cycle).values()),
            critical=audit.critical_count,
            warnings=audit.warning_count,
        )
