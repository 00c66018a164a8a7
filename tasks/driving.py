"""Only one run drives a cycle: a second one says who does, and stops."""

from __future__ import annotations

from uuid import UUID

from prefect import runtime, task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from disclosure import cycles
from disclosure.records import ledger
from disclosure.workplace import open_workplace


@task(name="take-over 接手周期")
def take_over(cycle_id: int) -> str:
    """Make this run the driver; an empty text, or the name of the live run that drives the cycle already."""
    place = open_workplace()
    mine = str(runtime.flow_run.id)
    with place.records.read() as session:
        driver = cycles.get_cycle(session, cycle_id).driver_run_id
    if driver not in (None, mine) and (name := _live_run_name(str(driver))):
        return name
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        if cycle.driver_run_id not in (driver, mine):
            return str(cycle.driver_run_id)
        if cycle.driver_run_id != mine:
            cycle.driver_run_id = mine
            ledger.append(session, "cycle.taken_over", actor="系统", cycle_id=cycle.id, run=mine, before=driver)
    return ""


def _live_run_name(run_id: str) -> str:
    """The name of a run that Prefect knows and that can go on; empty otherwise."""
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
    return run.name


def _has_no_form(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Whether it was stopped between suspending and storing its form: nobody can ever resume it."""
    if run.state is None or not run.state.is_paused() or not (keys := run.state.state_details.run_input_keyset):
        return False
    return not client.filter_flow_run_input(run.id, key_prefix=keys["schema"], limit=1, exclude_keys=set())
