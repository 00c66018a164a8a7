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

from disclosure import cycles
from disclosure.clock import said, utc_now
from disclosure.errors import DisclosureError
from disclosure.publication.publish import publish_round, stage_round
from disclosure.publication.read_back import read_back
from disclosure.records import ledger
from disclosure.records.tables import Release
from disclosure.workplace import Workplace, open_workplace
from tasks.secrets import read_secret

#: Nearer to its hour than this, a run waits itself instead of handing over.
_NEAR_SECONDS = 10.0


@task(name="schedule 排定发布")
def schedule_publication(cycle_id: int) -> str:
    """Hand the cycle over to a run scheduled for the hour that was signed; an empty text when it is time now."""
    place = open_workplace()
    with place.records.read() as session:
        release = cycles.release_of(session, cycles.get_cycle(session, cycle_id))
    assert release is not None  # noqa: S101 - signed before
    if release.planned_for is None:
        return ""
    ahead = (release.planned_for - utc_now()).total_seconds()
    if ahead <= _NEAR_SECONDS:
        # Prefect may begin a run a moment before its time; what is left is waited out here.
        time.sleep(max(0.0, ahead))
        return ""
    _stage_ahead(place, cycle_id)
    run = _run_at_hour(release)
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        cycle.driver_run_id = str(run.id)
        cycles.enter(session, cycle, "publish")
        ledger.append(
            session,
            "publication.scheduled",
            actor="系统",
            cycle_id=cycle_id,
            run=cycle.driver_run_id,
            planned_for=release.planned_for.isoformat(),
        )
    return said(release.planned_for)


def _stage_ahead(place: Workplace, cycle_id: int) -> None:
    """Have everything ready on the channels; whatever cannot be is tried again at the hour."""
    try:
        wrong = stage_round(place, cycle_id, read_secret)
    except DisclosureError as error:
        wrong = str(error)
    if wrong:
        get_run_logger().warning("提前暂存没有全部成功，到点发布时会再试：%s", wrong)


def _run_at_hour(release: Release) -> FlowRun:
    """The run that will publish ``release``: made once, and again only if somebody began or ended it too early."""
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


def _read_numbers(place: Workplace) -> str:
    """Read every number back out of what is live; what is wrong is noted, and followed by the supervision."""
    try:
        read = read_back(place, read_secret)
    except DisclosureError as error:
        get_run_logger().warning("数字没有能够读回：%s", error)
        return f"数字没有能够读回：{error}"
    wrong = [f"{each.path}：{problem}" for each in read for problem in each.problems]
    for problem in wrong:
        get_run_logger().warning("读回不符：%s", problem)
    count = sum(each.figures for each in read)
    return f"读回发现 {len(wrong)} 处不符：{wrong[0]}" if wrong else f"读回 {count} 个数字，与汇总全部相符。"


@task(name="publish 发布", retries=3, retry_delay_seconds=2)
def publish_release(cycle_id: int) -> str:
    """Where the release is; published before, nothing is done twice."""
    place = open_workplace()
    published = publish_round(place, cycle_id, read_secret)
    # What was published, decided and handed in so far can no longer be rewritten without showing.
    place.sign_ledger()
    create_markdown_artifact(
        key=f"release-cycle-{cycle_id}",
        description="发布结果",
        markdown=f"已发布：[{published.title}]({place.settings.desk_url}/site/{published.address})，"
        f"文件 {published.file_count} 个，逐字节核对无误。{_read_numbers(place)}",
    )
    return published.address
