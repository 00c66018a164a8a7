"""Answering a suspended run as its form does, and waking one that waits for files once some have arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
from prefect import task
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError

from disclosure import cycles
from disclosure.errors import DisclosureError
from disclosure.review import asks
from disclosure.review.forms import CHECK_AGAIN, SYSTEM_NAME
from disclosure.workplace import Workplace, open_workplace


def answer_form(run_id: UUID, answer: Mapping[str, Any]) -> None:
    """Press Resume with ``answer``, as the UI does.

    Raises:
        DisclosureError: when the server refuses the form, or somebody else has answered already.
    """
    with get_client(sync_client=True) as client:
        try:
            result = client.resume_flow_run(run_id, run_input=dict(answer))
        except PrefectHTTPStatusError as error:
            raise DisclosureError(f"表单没有被接受，请核对各项后重填：{_detail(error.response)}") from error
    # A second resume answers 200 with ABORT in the body.
    if result.status.value != "ACCEPT":
        raise DisclosureError("这一问刚刚已有人答复，请看最新的表单。")


def wake_waiting_run(place: Workplace, cycle_id: int) -> str:
    """Resume the run that asks who is missing, to look again; a sentence that says what happened.

    The submission is recorded already, so nothing is lost when Prefect cannot be reached: the run looks
    again whenever somebody resumes or retries it, and the next intake wakes it again.
    """
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        label = cycles.period_of(cycle).label
        ask = asks.open_ask_of(session, cycle)
        is_complete = not cycles.missing_centres(session, place.catalog, cycle)
    arrived = "报表已到齐" if is_complete else "有新的报表"
    if ask is None or ask.step != "collect":
        return f"{label}{arrived}。"
    answer = {"action": CHECK_AGAIN, "name": SYSTEM_NAME, "code": "000000", "reason": f"{arrived}，请再看一遍"}
    try:
        answer_form(UUID(ask.flow_run_id), answer)
    except (DisclosureError, httpx.HTTPError) as error:
        advice = f"请在 Prefect 界面上点 Resume，选“{CHECK_AGAIN}”。"
        return f"{label}{arrived}并已记录，但没能唤醒等待的运行（{error}）。{advice}"
    return f"{label}{arrived}，流程继续。" if is_complete else f"{label}{arrived}，等待的运行会更新在等谁。"


@task(name="wake 唤醒周期")
def wake(cycle_id: int) -> str:
    """Wake the run of one cycle; what happened, in words."""
    return wake_waiting_run(open_workplace(), cycle_id)


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json().get("detail", response.text))
    except ValueError:
        return response.text[:300]
