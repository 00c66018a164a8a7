"""Waking runs: the answer that Prefect's form sends goes into our records first, and so do files handed in."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from deployments.credential import with_live_credential
from deployments.door.prefect.upstream import Upstream
from deployments.door.prefect.waking import wake_suspended_run
from deployments.door.visitor import Visitor
from disclosure.answers.taking import take_answer
from disclosure.platform.clock import utc_now
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.records.tables import Cycle
from disclosure.review import asks
from disclosure.review.refusals import Refusal

_WAKING_SECONDS = 10

_log = logging.getLogger("disclosure.door")


@dataclass(frozen=True)
class ResumeTaker:
    """Takes what visitors fill in."""

    installation: Installation
    upstream: Upstream

    def take(self, run_id: str, filled_in: object, visitor: Visitor) -> Refusal | None:
        """Take ``filled_in`` as the visitor's answer to what the run asks, or return why it was not taken.

        Once taken it counts: a run that cannot be woken now is woken by whoever watches over answered runs.
        """
        taken = take_answer(self.installation, run_id, filled_in, by=visitor.name, now=utc_now(), source=visitor.source)
        if isinstance(taken, Refusal):
            return taken
        if not _wake(self.installation.settings, self.upstream.credential(), taken.flow_run_id, taken.pause_key):
            _log.warning(
                "%s 的答复已记录，运行 %s 还没有唤醒",
                taken.name,
                taken.flow_run_id,
                extra={"event": "run.not_woken", "run": taken.flow_run_id},
            )
        return None


def wake_collecting_runs(installation: Installation, cycle_ids: Iterable[int]) -> None:
    """Wake the runs that ask who is missing from these cycles: they look again.

    What was handed in is recorded already, so one that cannot be woken now loses nothing: the next intake wakes it.
    """
    with installation.read() as work:
        open_asks = [asks.open_ask_of(work.session, work.session.get_one(Cycle, one)) for one in set(cycle_ids)]
    collecting = [ask for ask in open_asks if ask is not None and ask.step == "collect"]
    known = with_live_credential(installation.settings).prefect_auth if collecting else None
    for ask in collecting:
        credential = known.get_secret_value() if known else ""
        if not _wake(installation.settings, credential, ask.flow_run_id, ask.pause_key):
            _log.warning(
                "报送已记录，运行 %s 还没有唤醒",
                ask.flow_run_id,
                extra={"event": "run.not_woken", "run": ask.flow_run_id},
            )


def _wake(settings: Settings, credential: str, run_id: str, pause_key: str) -> bool:
    user, _, password = credential.partition(":")
    with httpx.Client(
        base_url=f"{settings.prefect_url}/api",
        auth=(user, password),
        timeout=_WAKING_SECONDS,
        trust_env=False,
        verify=False,  # noqa: S501 - plain http on this machine; loading certificates would take longer than waking
    ) as prefect:
        return wake_suspended_run(prefect, run_id, pause_key)
