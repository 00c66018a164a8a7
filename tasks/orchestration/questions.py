"""Asking people through a suspended run, whatever they are asked about.

An ask is a row: it is written before the run suspends, and its answer is written into our records before the run wakes
(``disclosure.answers``). What lies in Prefect is never read as an answer, and what ``suspend_flow_run`` returns is
never looked at: a run that wakes without an answer asks the same again.
"""

from __future__ import annotations

from typing import NoReturn

from prefect import runtime
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput

from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from disclosure.records.states import AskStep
from disclosure.records.subjects import SubjectKey, lock
from disclosure.review import asks, briefing


def put_ask(
    installation: Installation, about: SubjectKey, step: AskStep, digest: str, form: type[RunInput]
) -> NoReturn:
    """Write the ask, then suspend this run until somebody answers; the run starts over from the top then.

    Raises:
        DisclosureError: when another run took over the subject meanwhile: this one asks nobody any more.
    """
    with installation.records.write() as session:
        subject = about.get(session)
        lock(session, subject)
        if subject.driver_run_id != str(runtime.flow_run.id):
            raise DisclosureError(f"{asks.label_of(subject)}已由另一次运行接着办理，本次运行到此为止。")
        ask = asks.put(session, subject, step, digest, str(runtime.flow_run.id))
    suspend_flow_run(wait_for_input=form, key=ask.pause_key, timeout=None)
    raise RuntimeError("a suspended run does not go on")


def publish_review_artifacts(
    installation: Installation, cycle_id: int, step: AskStep, seen: briefing.ReviewMaterial
) -> None:
    """Hang summary, changes and findings on the run; made anew for every ask, as decisions come in."""
    shown = briefing.review_artifacts(installation, cycle_id, step, seen)
    key = f"cycle-{cycle_id}"
    create_markdown_artifact(shown.summary, key=f"{key}-summary", description="送审摘要：谁已审核、在等谁、预览")
    create_table_artifact(shown.changes, key=f"{key}-changes", description="与上期、上年同期比较")
    create_table_artifact(shown.findings, key=f"{key}-findings", description="数据检查发现的问题")
