"""Publish to every channel as one act, at the hour that was signed, and read back what is live."""

from __future__ import annotations

import itertools
import time
from uuid import UUID

from prefect import get_run_logger, runtime, task
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Scheduled

from disclosure.cycle import queries
from disclosure.cycle.states import enter
from disclosure.platform.clock import format_moment, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.publication.publish import publish_round, stage_round
from disclosure.publication.read_back import read_back
from disclosure.records import ledger
from disclosure.records.installation import Installation, open_installation
from disclosure.records.states import CycleStep
from disclosure.records.tables import Release
from tasks.orchestration.secrets import read_secret
from tasks.patience import patient

#: Nearer to its hour than this, a run waits itself instead of handing over.
_NEAR_SECONDS = 10.0


@task(name="schedule 排定发布")
@patient("排定发布")
def schedule_publication(cycle_id: int) -> str:
    """Hand the cycle over to a run scheduled for the hour that was signed; an empty text when it is time now."""
    installation = open_installation()
    with installation.records.read() as session:
        release = queries.release_of(session, queries.get_cycle(session, cycle_id))
    assert release is not None  # noqa: S101 - signed before
    if release.planned_for is None:
        return ""
    ahead = (release.planned_for - utc_now()).total_seconds()
    if ahead <= _NEAR_SECONDS:
        # Prefect may begin a run a moment before its time; what is left is waited out here.
        time.sleep(max(0.0, ahead))
        return ""
    _stage_ahead(installation, cycle_id)
    run = _run_at_hour(release)
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
        cycle.driver_run_id = str(run.id)
        enter(session, cycle, CycleStep.PUBLISH)
        ledger.append(
            session,
            "publication.scheduled",
            actor="系统",
            cycle_id=cycle_id,
            run=cycle.driver_run_id,
            planned_for=release.planned_for.isoformat(),
        )
    return format_moment(release.planned_for)


def _stage_ahead(installation: Installation, cycle_id: int) -> None:
    """Have everything ready on the channels; whatever cannot be is tried again at the hour."""
    try:
        wrong = stage_round(installation, cycle_id, read_secret)
    except DisclosureError as error:
        wrong = str(error)
    if wrong:
        get_run_logger().warning("提前暂存没有全部成功，到点发布时会再试：%s", wrong)


def _run_at_hour(release: Release) -> FlowRun:
    """Make the run that will publish ``release``: once, and again only if somebody began or ended it too early."""
    assert release.planned_for is not None  # noqa: S101 - asked only then
    with get_client(sync_client=True) as client:
        for attempt in itertools.count(1):
            run = client.create_flow_run_from_deployment(
                UUID(str(runtime.deployment.id)),
                parameters=dict(runtime.flow_run.parameters),
                state=Scheduled(scheduled_time=release.planned_for),
                idempotency_key=f"publish-{release.digest[:32]}-{release.planned_for.timestamp():.0f}-{attempt}",
            )
            is_this_run = str(run.id) == str(runtime.flow_run.id)
            if not is_this_run and (run.state is None or not run.state.is_final()):
                return run
    raise AssertionError("unreachable")


def _read_numbers(installation: Installation) -> str:
    """Read every number back out of what is live; what is wrong is noted, and followed by the supervision."""
    try:
        read = read_back(installation, read_secret)
    except DisclosureError as error:
        get_run_logger().warning("数字没有能够读回：%s", error)
        return f"数字没有能够读回：{error}"
    wrong = [f"{each.path}：{problem}" for each in read for problem in each.problems]
    for problem in wrong:
        get_run_logger().warning("读回不符：%s", problem)
    count = sum(each.figures for each in read)
    return f"读回发现 {len(wrong)} 处不符：{wrong[0]}" if wrong else f"读回 {count} 个数字，与汇总全部相符。"


@task(name="publish 发布")
@patient("发布")
def publish_release(cycle_id: int) -> str:
    """Publish the release, and tell where it is; published before, nothing is done twice."""
    installation = open_installation()
    published = publish_round(installation, cycle_id, read_secret)
    # What was published, decided and handed in so far can no longer be rewritten without showing.
    installation.sign_ledger()
    create_markdown_artifact(
        key=f"release-cycle-{cycle_id}",
        description="发布结果",
        markdown=f"已发布：[{published.title}]({installation.settings.server_url}/site/{published.address})，"
        f"文件 {published.file_count} 个，逐字节核对无误。{_read_numbers(installation)}",
    )
    return published.address
