"""Supervision's steps: look, mend what is safe, look again, tell."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import runtime, task
from prefect.artifacts import create_markdown_artifact

from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.supervision import book
from disclosure.supervision.discovered import Look
from disclosure.supervision.mornings import last_look
from disclosure.supervision.our_worlds import look_at_pages, look_at_records
from disclosure.supervision.rules import judge
from disclosure.supervision.worlds import PageSeen, World, Worlds
from disclosure.templating import render_text
from disclosure.workplace import Workplace, open_workplace
from tasks.mending import mend
from tasks.prefect_world import look_at_prefect, why_processes_unseen


@task(name="begin 开始督办")
def begin() -> int | None:
    """The id of this look in our records; None when somebody has looked since this run should have begun.

    After days with the machine off Prefect starts the run of every morning that was missed: one look is enough.
    """
    place = open_workplace()
    due = runtime.flow_run.scheduled_start_time
    with place.records.write() as session:
        last = last_look(session, place.catalog.profile.id)
        if last is not None and due is not None and due < last.started_at:
            return None
        return book.begin(session, place.catalog.profile.id, str(runtime.flow_run.id), utc_now())


@task(name="look 核对")
def look_around() -> Look:
    """Look at all four worlds and note what is found; what was found before is only seen again."""
    place = open_workplace()
    look = judge(_worlds(place))
    with place.records.write() as session:
        book.write_down(session, place.catalog.profile.id, look, utc_now())
    return look


@task(name="mend 处理")
def mend_what_is_safe(looks: Sequence[Look]) -> int:
    """Mend what only the latest of ``looks`` found, and note how that went; of how many. Nothing is tried twice."""
    place = open_workplace()
    before = {one.key for look in looks[:-1] for one in look.found}
    outcome = mend(place, [one for one in looks[-1].found if one.key not in before])
    if outcome:
        with place.records.write() as session:
            book.note_mending(session, place.catalog.profile.id, outcome, utc_now())
    return len(outcome)


@task(name="settle 销号")
def settle(run: int, looks: Sequence[Look]) -> book.Report:
    """Close what is gone, and show on the run what happened and what a person must do."""
    place = open_workplace()
    profile, now = place.catalog.profile.id, utc_now()
    with place.records.write() as session:
        gone = book.settle(session, profile, looks[-1], now)
        report = book.report_of(session, profile, looks, gone)
        book.finish(session, run, report, now)
    create_markdown_artifact(
        key="supervision", description="督办结果", markdown=render_text("supervision/report.md.j2", report=report)
    )
    return report


def _worlds(place: Workplace) -> Worlds:
    now = utc_now()
    unread: dict[World, str] = {}
    records = look_at_records(place, now)
    pages: tuple[PageSeen, ...] | None = None
    try:
        pages = look_at_pages(place)
    except (DisclosureError, OSError) as error:
        unread["pages"] = str(error)
    if why := why_processes_unseen(place):
        unread["processes"] = why
    return Worlds(utc_now(), records, look_at_prefect(place, records), pages, unread)
