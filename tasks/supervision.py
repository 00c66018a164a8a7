"""Supervision's steps: look, mend what is safe, look again, tell."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import runtime, task
from prefect.artifacts import create_markdown_artifact

from disclosure.monitoring.supervision import findings_repository
from disclosure.monitoring.supervision.findings import Inspection
from disclosure.monitoring.supervision.our_snapshots import snapshot_pages, snapshot_records
from disclosure.monitoring.supervision.rules import judge
from disclosure.monitoring.supervision.schedule import last_supervision
from disclosure.monitoring.supervision.snapshots import PageSnapshot, Snapshots, World
from disclosure.monitoring.supervision.texts import phrase
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import render_text
from disclosure.records.installation import Installation, open_installation
from disclosure.records.self_check.inspection import check_records
from tasks.orchestration.prefect_snapshot import snapshot_prefect, why_processes_unseen
from tasks.orchestration.repair import mend
from tasks.patience import patient


@task(name="begin 开始督办")
@patient("开始督办")
def begin() -> int | None:
    """Begin a look; its id in our records, or None when somebody has looked since this run should have begun.

    After days with the machine off Prefect starts the run of every morning that was missed: one look is enough.
    """
    installation = open_installation()
    due = runtime.flow_run.scheduled_start_time
    with installation.records.write() as session:
        last = last_supervision(session, installation.catalog.profile.id)
        if last is not None and due is not None and due < last.started_at:
            return None
        return findings_repository.begin(session, installation.catalog.profile.id, str(runtime.flow_run.id), utc_now())


@task(name="look 核对")
@patient("核对")
def look_around() -> Inspection:
    """Look at all four worlds and note what is found; what was found before is only seen again."""
    installation = open_installation()
    look = judge(_worlds(installation))
    with installation.records.write() as session:
        findings_repository.write_down(session, installation.catalog.profile.id, look, utc_now())
    return look


@task(name="mend 处理")
def mend_what_is_safe(looks: Sequence[Inspection]) -> int:
    """Mend what only the latest of ``looks`` found, and note how that went; of how many. Nothing is tried twice."""
    installation = open_installation()
    before = {one.key for look in looks[:-1] for one in look.found}
    outcome = mend(installation, [one for one in looks[-1].found if one.key not in before])
    if outcome:
        with installation.records.write() as session:
            findings_repository.note_mending(session, installation.catalog.profile.id, outcome, utc_now())
    return len(outcome)


@task(name="settle 销号")
@patient("销号")
def settle(run: int, looks: Sequence[Inspection]) -> findings_repository.SupervisionReport:
    """Close what is gone, and show on the run what happened and what a person must do."""
    installation = open_installation()
    profile, now = installation.catalog.profile.id, utc_now()
    with installation.records.write() as session:
        gone = findings_repository.settle(session, profile, looks[-1], now)
        report = findings_repository.report_of(session, profile, looks, gone)
        findings_repository.finish(session, run, report, now)
    create_markdown_artifact(
        key="supervision", description="督办结果", markdown=render_text("supervision/report.md.j2", report=report)
    )
    return report


def _worlds(installation: Installation) -> Snapshots:
    now = utc_now()
    unread: dict[World, str] = {}
    check = check_records(installation)
    records = snapshot_records(installation, now)
    pages: tuple[PageSnapshot, ...] | None = None
    if check.stopping:
        # Neither what is missing on the site nor what is "not ours" there can be told by such records.
        unread["records"] = unread["pages"] = phrase("unsound")
    else:
        installation.sign_ledger()
        try:
            pages = snapshot_pages(installation)
        except (DisclosureError, OSError) as error:
            unread["pages"] = str(error)
    if why := why_processes_unseen(installation):
        unread["processes"] = why
    return Snapshots(utc_now(), records, snapshot_prefect(installation, records), pages, unread, unsound=check.findings)
