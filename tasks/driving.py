"""Only one run drives a cycle or a change of the openness catalogue: a second one says who does, and stops."""

from __future__ import annotations

from uuid import UUID

from prefect import runtime, task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from disclosure.records import ledger
from disclosure.records.subjects import SubjectKey, lock, told
from disclosure.records.tables import Cycle
from disclosure.review import asks
from disclosure.workplace import open_workplace


@task(name="take-over 接手周期")
def take_over(cycle_id: int) -> str:
    """Make this run the driver; an empty text, or the name of the live run that drives the cycle already."""
    return drive(SubjectKey(Cycle, cycle_id))


def drive(about: SubjectKey) -> str:
    """Make this run the driver of ``about``; an empty text, or the name of the live run that drives it already."""
    place = open_workplace()
    mine = str(runtime.flow_run.id)
    with place.records.read() as session:
        subject = about.get(session)
        driver, ask = subject.driver_run_id, asks.open_ask_of(session, subject)
    if driver not in (None, mine) and (name := live_run_name(str(driver), ask.key if ask else "")):
        return name
    with place.records.write() as session:
        subject = about.get(session)
        lock(session, subject)
        if subject.driver_run_id not in (driver, mine):
            return str(subject.driver_run_id)
        if subject.driver_run_id != mine:
            subject.driver_run_id = mine
            event = "cycle.taken_over" if isinstance(subject, Cycle) else "openness.taken_over"
            ledger.append(session, event, actor="系统", **told(subject), run=mine, before=driver)
    return ""


def live_run_name(run_id: str, asked: str) -> str:
    """The name of a run that Prefect knows and that can go on; empty otherwise.

    ``asked`` is the key of the ask that is open, empty for none: a run that waits under another key waits for
    nothing (its ask was given up because the content changed), and is ended.
    """
    with get_client(sync_client=True) as client:
        try:
            run = client.read_flow_run(UUID(run_id))
        except ObjectNotFound:
            return ""
        if run.state is None or run.state.is_final():
            return ""
        if _has_no_form(client, run):
            client.set_flow_run_state(run.id, Crashed(message="提问中途被停掉，由新的运行接着办理。"), force=True)
            return ""
        if run.state.is_paused() and run.state.state_details.pause_key != asked:
            client.set_flow_run_state(run.id, Cancelled(message="所问的内容已经更换，由新的运行接着办理。"), force=True)
            return ""
    return run.name


def _has_no_form(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Whether it was stopped between suspending and storing its form: nobody can ever resume it."""
    if run.state is None or not run.state.is_paused() or not (keys := run.state.state_details.run_input_keyset):
        return False
    return not client.filter_flow_run_input(run.id, key_prefix=keys["schema"], limit=1, exclude_keys=set())
