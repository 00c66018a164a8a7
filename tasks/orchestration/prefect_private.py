"""Everything of Prefect we use that it does not promise to keep: an upgrade breaks here and nowhere else.

``docs/prefect-notes.md`` lists each part with the test that fails when it changes. Nothing of Prefect is imported
before it is needed: what lives without it, such as the look for processes of runs, reads this file too.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from disclosure.platform.errors import is_passing

if TYPE_CHECKING:
    import logging

    import anyio.abc
    from prefect.client.schemas.objects import FlowRun
    from prefect.deployments.runner import RunnerDeployment
    from prefect.flows import Flow
    from prefect.runner import Runner
    from prefect.runner._control_channel import ControlChannel
    from prefect.runner._flow_run_executor import ProcessStarter as ProcessStarter  # noqa: PLC0414 - for others to name
    from prefect.runner._process_manager import ProcessHandle as ProcessHandle  # noqa: PLC0414 - likewise

#: By this variable Prefect's engine is told which run it is to be.
RUN_ID_VARIABLE = "PREFECT__FLOW_RUN_ID"
#: What a run is by its own process: our own engine, which asks Prefect for the run and us for the flow.
COLD_RUN = "deployments.runner.run"


def parameter_schema(deployment: RunnerDeployment) -> dict[str, Any]:
    """Return the parameters' schema as registering ``deployment`` sends it, and the server then has it."""
    return deployment._parameter_openapi_schema.model_dump(exclude_unset=True)


def environment_of_run(control: ControlChannel, deployment_name: str | None, flow_run: FlowRun) -> dict[str, str]:
    """Return what Prefect's ``EngineCommandStarter`` tells a run beyond the runner's own environment."""
    port, token = control.register(flow_run.id)
    return {
        RUN_ID_VARIABLE: str(flow_run.id),
        "PREFECT__DEPLOYMENT_NAME": deployment_name or "",
        "PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "false",
        "PREFECT__CONTROL_PORT": str(port),
        "PREFECT__CONTROL_TOKEN": token,
    }


def wrap_process(process: object) -> ProcessHandle:
    """Return Prefect's handle on something that has a ``pid`` and, once it has ended, a ``returncode``."""
    from prefect.runner._process_manager import ProcessHandle

    return ProcessHandle(cast("anyio.abc.Process", process))


#: Makes a starter of one run's process from the cold one and what gives the run's environment.
MakeStarter = Callable[["ProcessStarter", Callable[["FlowRun"], dict[str, str]]], "ProcessStarter"]


def replace_starter(runner: Runner, make_starter: MakeStarter) -> None:
    """Let ``make_starter`` decide how the processes of an entered ``runner``'s runs are started.

    Prefect has a protocol for that (``ProcessStarter``), but its runner passes its own choice straight to its poller,
    and that choice starts whatever the row of the deployment names.
    """
    names = runner._deployment_registry

    def choose(flow_run: FlowRun) -> ProcessStarter:
        name = names.get_deployment_name(flow_run.deployment_id) if flow_run.deployment_id else None
        cold = start_cold(runner._control_channel, name)
        return make_starter(cold, partial(environment_of_run, runner._control_channel, name))

    runner._scheduled_run_poller._resolve_starter = choose


def start_cold(control: ControlChannel, deployment_name: str | None) -> ProcessStarter:
    """Return what starts a run in a new Python of ours, where Prefect would start its own engine."""
    from prefect.runner._starter_engine import EngineCommandStarter

    return EngineCommandStarter(
        command=shlex.join([sys.executable, "-m", COLD_RUN]), control_channel=control, deployment_name=deployment_name
    )


def replace_hooks_flow(runner: Runner, find_flow: Callable[[FlowRun], Flow[..., Any]]) -> None:
    """Let ``find_flow`` find the flow whose hooks an entered ``runner`` runs, when a run crashed or is cancelled.

    Prefect would load it from the row of the deployment, pull steps and all, into the runner's own process.
    """

    async def resolve(flow_run: FlowRun) -> Flow[..., Any]:
        return find_flow(flow_run)

    assert runner._hook_runner is not None  # noqa: S101 - entered
    runner._hook_runner._resolve_flow = resolve


def know_deployment(runner: Runner, deployment_id: UUID, name: str) -> None:
    """Let a ``runner`` take the runs of a deployment that is registered already."""
    runner._deployment_registry.register_deployment(deployment_id, name)


def outlast_outages(pause: Callable[[int, Exception], float]) -> None:
    """Let every runner of this process go on polling while the server fails; ``pause`` gives seconds after so many.

    Prefect's runner would end after three polls that fail, and with it every run under way.
    """
    import anyio
    from prefect.logging import get_logger
    from prefect.runner._scheduled_run_poller import ScheduledRunPoller

    poll, failures = ScheduledRunPoller._get_and_submit_flow_runs, [0]

    async def poll_on(self: ScheduledRunPoller, task_group: anyio.abc.TaskGroup | None = None) -> None:
        try:
            await poll(self, task_group)
        except Exception as error:
            if not is_passing(error):
                raise
            failures[0] += 1
            get_logger("runner").warning("Prefect 服务没有正常应答（第 %d 次）：%s", failures[0], error)
            await anyio.sleep(pause(failures[0], error))
        else:
            failures[0] = 0

    ScheduledRunPoller._get_and_submit_flow_runs = poll_on  # type: ignore[method-assign]


def preload_engine() -> None:
    """Import what ``run_engine`` takes its time for."""
    import prefect.flow_engine  # noqa: F401


def run_engine(find_flow: Callable[[FlowRun], Flow[..., Any] | None]) -> None:
    """Be Prefect's engine for the run named in the environment, with the flow that ``find_flow`` says, if any.

    ``prefect.engine`` loads the flow from the row of the deployment, and runs what its pull steps say before. Without
    heartbeats: nobody listens for them, and their thread, which wakes once a second, would hold up the run's end.
    """
    from prefect._internal.control_listener import configure_from_env
    from prefect.engine import handle_engine_signals
    from prefect.flow_engine import load_flow_run, run_flow
    from prefect.logging.loggers import flow_run_logger
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    run_id = UUID(os.environ[RUN_ID_VARIABLE])
    configure_from_env()
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}), handle_engine_signals(run_id):
        flow_run = load_flow_run(flow_run_id=run_id)
        flow = find_flow(flow_run)
        if flow is not None:
            run_flow(flow, flow_run=flow_run, error_logger=cast("logging.Logger", flow_run_logger(flow_run=flow_run)))
