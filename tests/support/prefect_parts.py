"""``python tests/support/prefect_parts.py``: what each part of ``prefect_private`` comes to, as one JSON object.

A process of its own, as the tests' own never imports Prefect. The line before begins with ``cold:`` and is what
Prefect's own way of starting a process told a run.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import httpx
import prefect
from prefect import flow
from prefect.cache_policies import NO_CACHE
from prefect.results import ResultStore
from prefect.runner import Runner
from prefect.runner._control_channel import ControlChannel
from prefect.runner._hook_runner import HookRunner
from prefect.runner._scheduled_run_poller import ScheduledRunPoller
from prefect.runner._starter_engine import EngineCommandStarter
from prefect.settings import get_current_settings

from tasks.orchestration import prefect_private as private

RUN: Any = SimpleNamespace(id=uuid.UUID(int=7), deployment_id=uuid.UUID(int=8))
TELL = "--tell"


@flow
def yearly(year: int, kind: str = "annual") -> None:
    """Stand for a flow with parameters."""


def wrap_a_fork() -> dict[str, Any]:
    """Return what Prefect's handle tells of a process that runs, and of one that has ended."""
    fork = SimpleNamespace(pid=7, returncode=None)
    handle = private.wrap_process(fork)
    running = [handle.pid, handle.returncode]
    fork.returncode = -9
    return {"running": running, "ended": [handle.pid, handle.returncode]}


async def start_cold() -> dict[str, Any]:
    """Let Prefect start a process that tells its variables; return what a fork would be told."""
    async with ControlChannel() as control:
        forked = private.environment_of_run(control, "annual", RUN)
        command = f"{sys.executable} {__file__} {TELL}"
        await EngineCommandStarter(command=command, control_channel=control, deployment_name="annual").start(RUN)
    return {"forked": forked}


def replace_the_starter() -> dict[str, Any]:
    """Return what the poller chooses once its choice is replaced, who asks it, and whether the runner makes it."""
    unused: dict[str, Any] = dict.fromkeys(inspect.signature(ScheduledRunPoller).parameters)
    poller = ScheduledRunPoller(**{**unused, "resolve_starter": lambda _: "ordinary"})
    runner = Runner(name="x")
    runner._scheduled_run_poller = poller
    made: Any = lambda cold, environment_of: ["ours", type(cold).__name__, environment_of.args[-1]]  # noqa: E731
    private.replace_starter(runner, made)
    methods = dict(inspect.getmembers(ScheduledRunPoller, inspect.isfunction))
    return {
        "chosen": poller._resolve_starter(RUN),
        "asked_by": [n for n, m in methods.items() if n != "__init__" and "_resolve_starter" in m.__code__.co_names],
        "is_made": {"_scheduled_run_poller", "ScheduledRunPoller"} <= set(Runner.__aenter__.__code__.co_names),
    }


def outlast_an_outage() -> dict[str, Any]:
    """Return what two polls that fail come to, one for a while and one for good, and whether the loop polls by that."""
    unused: dict[str, Any] = dict.fromkeys(inspect.signature(ScheduledRunPoller).parameters)
    poller = ScheduledRunPoller(**unused)
    errors: list[Exception] = [httpx.ConnectError("away"), ValueError("oh")]

    async def fail(*_: object) -> None:
        raise errors.pop(0)

    async def poll() -> list[str]:
        await poller._get_and_submit_flow_runs()
        try:
            await poller._get_and_submit_flow_runs()
        except ValueError as error:
            return [str(error)]
        return []

    with patch.object(ScheduledRunPoller, "_get_and_submit_flow_runs", fail):
        private.outlast_outages(lambda tries, _error: tries / 1000)
        raised = asyncio.run(poll())
    return {
        "outlasted": [len(errors), *raised],
        "polls_by": "_get_and_submit_flow_runs" in ScheduledRunPoller.run.__code__.co_names,
    }


def run_the_engine() -> dict[str, Any]:
    """Return which flow the engine runs for a run, and the heartbeats it would send; and what it does with none."""
    private.preload_engine()
    seen: dict[str, Any] = {"is_preloaded": "prefect.flow_engine" in sys.modules, "ran": []}

    def run_flow(ours: Any, **about: Any) -> None:
        seen["ran"].append([ours.name, about["flow_run"] is RUN])
        seen["heartbeat"] = get_current_settings().flows.heartbeat_frequency

    os.environ[private.RUN_ID_VARIABLE] = str(RUN.id)
    with (
        patch("prefect.flow_engine.load_flow_run", lambda flow_run_id: RUN if flow_run_id == RUN.id else None),
        patch("prefect.flow_engine.run_flow", run_flow),
        patch("prefect.logging.loggers.flow_run_logger", lambda flow_run: flow_run),
    ):
        private.run_engine(lambda _: yearly)
        private.run_engine(lambda _: None)
    return seen


def keep_no_results() -> dict[str, Any]:
    """Return whether a task of ours would look for a kept result, and where its flow would."""
    from flows.cycle import disclosure_cycle  # noqa: PLC0415 - Prefect, once it is told which server
    from tasks.collect import open_cycle  # noqa: PLC0415 - Prefect, once it is told which server

    ours = disclosure_cycle.with_options(result_storage=Path("results"), persist_result=False)
    return {
        "cache_policy": open_cycle.cache_policy is NO_CACHE,
        "results": [
            cast("Any", ResultStore()).update_for_flow(ours).result_storage.basepath,
            ours.name == disclosure_cycle.name,
        ],
    }


async def keep_to_our_own() -> dict[str, Any]:
    """Return the process of a cold run, the flow whose hooks are run, and the deployments that are polled."""
    cold: Any = private.start_cold(SimpleNamespace(), "annual")  # type: ignore[arg-type]
    runner = Runner(name="x")
    runner._hook_runner = HookRunner(resolve_flow=lambda _: None)  # type: ignore[arg-type,return-value]
    private.replace_hooks_flow(runner, lambda _: yearly)
    flow_of_hooks = await runner._hook_runner._resolve_flow(RUN)
    private.know_deployment(runner, RUN.deployment_id, "annual")
    return {
        "cold_command": cold._command.split()[1:],
        "flow_of_hooks": flow_of_hooks.name,
        "polled": [str(known) for known in runner._deployment_registry.get_deployment_ids()],
    }


def main() -> None:
    """Print what the parts come to; ``--tell``: this process's own variables of a run."""
    if TELL in sys.argv:
        told = {name: value for name, value in os.environ.items() if name.startswith("PREFECT__")}
        print(f"cold: {json.dumps(told)}")
        return
    print(
        json.dumps(
            {
                "version": prefect.__version__,
                "schema": private.parameter_schema(yearly.to_deployment("x")),  # type: ignore[arg-type]
                **wrap_a_fork(),
                **asyncio.run(start_cold()),
                **replace_the_starter(),
                **outlast_an_outage(),
                **run_the_engine(),
                **asyncio.run(keep_to_our_own()),
                **keep_no_results(),
            }
        )
    )


if __name__ == "__main__":
    main()
