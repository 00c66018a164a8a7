"""``python -m deployments.serve``: register all deployments and run what Prefect schedules, until stopped."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import TerminationSignal
from prefect.runner import Runner

from deployments.warm import WarmRunner, Zygote
from disclosure.collection.intake import prepare_inboxes
from disclosure.processes import leave_mark
from disclosure.workplace import Workplace, open_workplace
from tasks.registration import register, wanted_deployments


async def _serve(place: Workplace, deployments: Sequence[RunnerDeployment]) -> None:
    """Run what is scheduled; schedules stay on at the end, so a restart misses nothing that Prefect still holds."""
    options: dict[str, Any] = {"query_seconds": place.settings.runner_poll_seconds, "pause_on_shutdown": False}
    async with AsyncExitStack() as stack:
        if place.settings.runner_is_warm and sys.platform == "linux":
            runner: Runner = WarmRunner(await stack.enter_async_context(Zygote()), **options)
        else:
            runner = Runner(**options)
        for deployment in deployments:
            await runner.aadd_deployment(deployment)
        await asyncio.to_thread(_recover, place)
        leave_mark(place.settings)
        await runner.start()


def _recover(place: Workplace) -> None:
    """Before the first run is taken: what died with the runner before is called dead, its cycles get a run again.

    Then supervision looks at everything, as the first run.
    """
    # Only now: it imports the flows as well, and could not say in words what is wrong with them.
    from tasks.openness import start_runs_of
    from tasks.recovery import crash_dead_runs, restart_abandoned_cycles
    from tasks.runs import start_supervision

    if dead := crash_dead_runs():
        print(f"上次有 {dead} 个运行中途被停掉。")
    for period in restart_abandoned_cycles(place):
        print(f"{period.label}重新开始办理。")
    if going_on := start_runs_of(place):
        print(f"政务公开有 {len(going_on)} 件变更开始或接着办理。")
    if place.settings.supervise_at:
        start_supervision()


def main() -> None:
    """Serve until interrupted.

    Opening the records makes tables before the first run needs them, and a broken catalogue is told at once.
    """
    place = open_workplace()
    _ = place.records
    prepare_inboxes(place)
    deployments = wanted_deployments(place)
    for line in register(place, deployments).lines:
        print(line)
    with suppress(KeyboardInterrupt, TerminationSignal):
        asyncio.run(_serve(place, deployments))


if __name__ == "__main__":
    main()
