"""Supervision: do the statutory plan, our records, Prefect and the live pages agree?"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from disclosure.clock import shanghai, utc_now
from disclosure.supervision.book import one_at_a_time
from disclosure.workplace import open_workplace
from tasks.known_flows import SUPERVISION
from tasks.supervision import begin, look_around, mend_what_is_safe, settle


def _run_name() -> str:
    return f"supervision {shanghai(utc_now()):%m-%d %H:%M}"


@flow(name=SUPERVISION.name, flow_run_name=_run_name)
def supervision() -> Any:
    """Look, mend what is safe, look again; what is gone in the end is settled, what is left is for people.

    Findings are rows before anything is done about them, and everything done may be done twice, so a run that was
    killed anywhere leaves the next one to go on.
    """
    with one_at_a_time(open_workplace().settings.home):
        run = begin()
        if run is None:
            return Completed(message="此后已经督办过，不再重复。")
        looks = [look_around()]
        while mend_what_is_safe(looks):
            looks.append(look_around())
        report = settle(run, looks)
    return Completed(message=report.summary, data=report)
