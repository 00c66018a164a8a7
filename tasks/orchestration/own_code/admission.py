"""Which flow a run executes: the one this installation has under its name, or none.

What Prefect's database says of code (entrypoint, path, pull steps, job variables) is compared, told of and put right;
nothing of it is ever followed. This is asked in the process of the run, before any flow begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound, ParameterTypeError
from prefect.logging import get_logger
from prefect.states import Cancelled
from sqlalchemy import select

from disclosure.cycle import deadlines
from disclosure.monitoring.supervision import findings_repository
from disclosure.monitoring.supervision.findings import Discrepancy, Inspection
from disclosure.monitoring.supervision.run_status import LIVE
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.installation import Installation
from disclosure.records.states import UNDER_WAY
from disclosure.records.subjects import key_of
from disclosure.records.tables import Cycle, OpennessChange
from tasks.orchestration.known_flows import BY_NAME, CYCLE, KnownFlow
from tasks.orchestration.registration import alterations, register
from tasks.orchestration.repair import start_successor
from tasks.orchestration.run_status import period_of_run, settle_run
from tasks.patience import patient

if TYPE_CHECKING:
    from prefect.flows import Flow


@dataclass(frozen=True)
class Claim:
    """What Prefect says of a run: under which flow and deployment, and how its row was altered."""

    flow: KnownFlow | None
    deployment: str
    parameters: Mapping[str, Any]
    altered: tuple[str, ...]


def admit(installation: Installation, run: FlowRun) -> Flow[..., Any] | None:
    """Return our own flow for ``run``; None when it is refused, which is recorded, told and put right by then."""
    with get_client(sync_client=True) as client:
        claim = _read_claim(client, installation, run)
    if claim.altered:
        # What it says is put right, told and recorded; for this run it is as it was read.
        register(installation)
    why = "；".join(_object_to_run(installation, claim, run))
    if why or claim.flow is None:
        _refuse(installation, run, why)
        return None
    # A result of its own is unpickled; Prefect would look for it where its database says.
    return claim.flow.load().with_options(
        result_storage=installation.settings.prefect_home / "results", persist_result=False
    )


def flow_of_run(run: FlowRun) -> Flow[..., Any]:
    """Return our own flow under the name of the run's.

    Raises:
        DisclosureError: when there is none of that name.
    """
    with get_client(sync_client=True) as client:
        name = client.read_flow(run.flow_id).name
    if name not in BY_NAME:
        raise DisclosureError(f"本系统没有名为“{name}”的流程，没有执行。")
    return BY_NAME[name].load()


def _read_claim(client: SyncPrefectClient, installation: Installation, run: FlowRun) -> Claim:
    flow = BY_NAME.get(client.read_flow(run.flow_id).name)
    if run.deployment_id is None:
        return Claim(flow, "", {}, ())
    try:
        row = client.read_deployment(run.deployment_id)
    except ObjectNotFound:
        return Claim(flow, "", {}, ())
    if flow is None or row.flow_id != run.flow_id:
        return Claim(None, row.name, {}, ())
    parameters = {"kind": row.name} if flow is CYCLE else {}
    if flow is CYCLE and row.name not in installation.catalog.profile.cycles:
        return Claim(None, row.name, {}, ())
    return Claim(flow, row.name, parameters, alterations(row, flow.entrypoint, parameters))


def _object_to_run(installation: Installation, claim: Claim, run: FlowRun) -> Iterator[str]:
    """Yield why ``run`` is not executed."""
    if claim.flow is None or not claim.deployment:
        yield "它不属于本系统登记的任何部署"
        return
    if run.job_variables:
        yield f"它带有运行环境变量（{'、'.join(sorted(run.job_variables))}）"
    if wrong := _fault_of_parameters(claim, run):
        yield wrong
        return
    if claim.altered and not (run.auto_scheduled or _is_driver(installation, run)):
        yield f"它的部署被人改过（{'、'.join(claim.altered)}）"
    if claim.flow is CYCLE and not _may_open(installation, run):
        yield "要开启的周期没有人开启，也不在日程上"


def _fault_of_parameters(claim: Claim, run: FlowRun) -> str:
    """Say what is wrong with the parameters by our own flow and deployment; empty when they are right."""
    assert claim.flow is not None  # noqa: S101 - asked before
    flow = claim.flow.load()
    if unknown := run.parameters.keys() - flow.parameters.properties.keys():
        return f"它带有没有的参数（{'、'.join(sorted(unknown))}）"
    if not claim.parameters.items() <= run.parameters.items():
        return f"它的参数不是部署“{claim.deployment}”的参数"
    try:
        flow.validate_parameters(dict(run.parameters))
    except (ParameterTypeError, ValueError, TypeError):
        return "它的参数不合要求"
    return ""


def _is_driver(installation: Installation, run: FlowRun) -> bool:
    """Whether our records name the run: it was admitted before."""
    with installation.records.read() as session:
        return any(
            session.scalars(select(table.id).where(table.driver_run_id == str(run.id)).limit(1)).first() is not None
            for table in (Cycle, OpennessChange)
        )


def _may_open(installation: Installation, run: FlowRun) -> bool:
    """Whether the run's cycle is open in our records, or planned by Prefect's scheduler, is due by our plan."""
    period_id = period_of_run(installation.catalog, run)
    with installation.records.read() as session:
        if _cycle_of(installation, run) is not None:
            return True
        if not run.auto_scheduled:
            return False
        now = utc_now()
        planned = deadlines.starts(session, installation.catalog, (now.year - 1, now.year, now.year + 1))
    only = run.parameters.get("only")
    return not only and any(start.period.id == period_id and start.moment <= now for start in planned)


def _cycle_of(installation: Installation, run: FlowRun) -> Cycle | None:
    period_id = period_of_run(installation.catalog, run)
    with installation.records.read() as session:
        return session.scalars(
            select(Cycle).where(
                Cycle.profile == installation.catalog.profile.id,
                (Cycle.period_id == period_id) | (Cycle.driver_run_id == str(run.id)),
            )
        ).first()


def _refuse(installation: Installation, run: FlowRun, why: str) -> None:
    """End the run before it begins, and tell; a cycle under way that it was to go on with gets a run of ours."""
    with installation.records.write() as session:
        ledger.append(session, "run.refused", actor="系统", run=str(run.id), name=run.name, why=why)
    found = Discrepancy("run_refused", str(run.id), {"run": run.name, "why": why}, run_id=str(run.id))
    _tell(installation, found)
    _end(run, f"没有执行：{why}。")
    cycle = _cycle_of(installation, run)
    if cycle is None or cycle.step not in UNDER_WAY:
        return
    driver = cycle.driver_run_id
    if driver is None or driver == str(run.id) or settle_run(installation, driver)[1] not in LIVE:
        start_successor(installation, key_of(cycle), driver)


@patient("结束被拒绝的运行")
def _end(run: FlowRun, why: str) -> None:
    """Cancel a refused run; Prefect must be told until it took it in, or the run stays open for good."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run.id, Cancelled(message=why), force=True)


def _tell(installation: Installation, found: Discrepancy) -> None:
    """Note a finding about which something has been done already."""
    profile, now = installation.catalog.profile.id, utc_now()
    with installation.records.write() as session:
        findings_repository.write_down(session, profile, Inspection((found,)), now)
        findings_repository.note_mending(session, profile, {found.key: ""}, now)
    get_logger("runner").critical("%s：%s", found.kind, "；".join(found.facts.values()))
