"""``python -m deployments.runner.serve``: register all deployments and run what Prefect schedules, until stopped."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from uuid import UUID

from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import TerminationSignal

from deployments.logs import keep_event_log
from deployments.runner.process_starter import OwnRunner, PreloadedProcess
from disclosure.collection.intake.intake import prepare_inboxes
from disclosure.cycle import queries
from disclosure.platform.errors import is_passing, pause_after
from disclosure.platform.private_files import close_to_others
from disclosure.records.installation import Installation, open_installation
from disclosure.records.self_check.findings import UnsoundRecordsError
from disclosure.records.self_check.inspection import refuse_start
from tasks.orchestration.prefect_private import know_deployment, outlast_outages
from tasks.orchestration.processes import leave_mark
from tasks.orchestration.registration import register, wanted_deployments
from tasks.orchestration.watching.announcing import TellPrefect
from tasks.orchestration.watching.watcher import Chore, WakeForgotten, watching

_log = logging.getLogger("disclosure.guard")

#: How often it is looked whether Prefect still has what was registered.
_LOOK_SECONDS = 10.0


async def _serve(installation: Installation, deployments: Sequence[RunnerDeployment], ids: Mapping[str, UUID]) -> None:
    """Run what is scheduled; schedules stay on at the end, so a restart misses nothing that Prefect still holds."""
    async with AsyncExitStack() as stack:
        chores: list[Chore] = [WakeForgotten(), TellPrefect(installation)]
        preloaded = None
        if installation.settings.runner_is_warm and sys.platform == "linux":
            preloaded = await stack.enter_async_context(PreloadedProcess())
            chores.append(partial(_prepare_audit, preloaded))
        runner = OwnRunner(preloaded, query_seconds=installation.settings.runner_poll_seconds, pause_on_shutdown=False)
        _know(runner, ids)
        await asyncio.to_thread(_recover, installation)
        leave_mark(installation.settings)
        stack.enter_context(watching(installation, chores))
        # At a SIGTERM Prefect would cancel the runs under way, and nobody goes on with what was cancelled; at Ctrl-C
        # they are left to the next runner.
        runner.handle_sigterm = lambda *_: signal.raise_signal(signal.SIGINT)  # type: ignore[method-assign]
        guard = asyncio.create_task(_guard(installation, deployments, runner))
        try:
            await runner.start()
        finally:
            guard.cancel()


async def _guard(installation: Installation, deployments: Sequence[RunnerDeployment], runner: OwnRunner) -> None:
    """Keep what is registered as it was; one that had to be registered anew is known to the runner again."""
    # Only now, as in `_recover`.
    from tasks.orchestration.own_code.guard import put_right

    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            told, ids = await asyncio.to_thread(put_right, installation, deployments)
        except Exception as error:
            # What passes (Prefect away, records locked) hinders the runner too, which tells of it. Whatever else it is,
            # nobody else would look.
            level = logging.WARNING if is_passing(error) else logging.ERROR
            is_fault = level == logging.ERROR
            _log.log(level, "没有能够核对登记的部署：%s", error, exc_info=is_fault, extra={"event": "guard.failed"})
            continue
        for line in told:
            print(line)
        _know(runner, ids)


def _know(runner: OwnRunner, ids: Mapping[str, UUID]) -> None:
    for name, deployment_id in ids.items():
        know_deployment(runner, deployment_id, name)


def _prepare_audit(preloaded: PreloadedProcess, installation: Installation) -> None:
    """Have what an audit needs in memory while a round is being collected, and not before."""
    with installation.records.read() as session:
        if queries.is_audit_ahead(session, installation.catalog.profile.id):
            preloaded.prepare_audit()


def _recover(installation: Installation) -> None:
    """Before the first run is taken: what died with the runner before is called dead, its cycles get a run again.

    Then supervision looks at everything, as the first run.
    """
    # Only now: it imports the flows as well, and could not say in words what is wrong with them.
    from tasks.orchestration.repair import end_dead_runs, restart_abandoned
    from tasks.orchestration.resume import wake_answered_runs
    from tasks.orchestration.runs import start_supervision

    if dead := end_dead_runs(installation):
        print(f"上次有 {dead} 个运行中途被停掉。")
    if woken := wake_answered_runs(installation):
        print(f"{len(woken)} 个已答复的运行继续办理。")
    for label in restart_abandoned(installation):
        print(f"{label}重新开始办理。")
    if installation.settings.supervise_at:
        start_supervision()


def main() -> None:
    """Serve until interrupted.

    Opening the records makes tables before the first run needs them, and a broken catalogue is told at once. Records
    that are not to be built upon are told, and end it.
    """
    close_to_others()
    installation = open_installation()
    keep_event_log(installation.settings.logs, "runner")
    try:
        _ = installation.records
        for finding in refuse_start(installation):
            print(finding.sentence)
    except UnsoundRecordsError as error:
        sys.exit(str(error))
    prepare_inboxes(installation)
    deployments = wanted_deployments(installation)
    registered = register(installation, deployments)
    for line in registered.lines:
        print(line)
    outlast_outages(lambda tries, error: pause_after(tries, error).total_seconds())
    with suppress(KeyboardInterrupt, TerminationSignal):
        asyncio.run(_serve(installation, deployments, registered.ids))


if __name__ == "__main__":
    main()
