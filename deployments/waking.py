"""Waking a run that waits for files once the last of them has arrived."""

from __future__ import annotations

from uuid import UUID

import httpx

from deployments import runs
from disclosure import cycles
from disclosure.errors import DisclosureError
from disclosure.review import asks
from disclosure.review.forms import CHECK_AGAIN, SYSTEM_NAME
from disclosure.workplace import Workplace


def wake_waiting_run(place: Workplace, cycle_id: int) -> str:
    """Resume the run that asks who is missing; a sentence that says what happened.

    The submission is recorded already, so nothing is lost when Prefect cannot be reached: the run looks
    again whenever somebody resumes or retries it.
    """
    with place.records.read() as session:
        ask = asks.open_ask_of(session, cycles.get_cycle(session, cycle_id))
    if ask is None or ask.step != "collect":
        return "报表已到齐。"
    answer = {"action": CHECK_AGAIN, "name": SYSTEM_NAME, "code": "000000", "reason": "最后一份报表已交来"}
    try:
        runs.answer_form(UUID(ask.flow_run_id), answer)
    except (DisclosureError, httpx.HTTPError) as error:
        return f"报表已到齐并已记录，但没能唤醒等待的运行（{error}）。请在 Prefect 界面上点 Resume，选“{CHECK_AGAIN}”。"
    return "报表已到齐，流程继续。"
