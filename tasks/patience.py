"""Steps that do not give up: what fails because something is away for a moment is tried again until it works.

Every step looks into our records first, so it may be begun again at any point. What is no passing failure
(``disclosure.platform.errors``), such as a rule that is not met, ends the run and is told.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from prefect import runtime
from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

from disclosure.monitoring.supervision import findings_repository
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.platform.clock import format_moment, utc_now
from disclosure.platform.errors import TOLD_AFTER, is_passing, pause_after
from disclosure.records.installation import open_installation

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger("disclosure.patience")


def patient(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a step try again, with growing pauses and without end, while what fails is a passing failure.

    ``what`` is what people call the step; once it has been hindered for a minute, that is a finding of supervision,
    and letters go out.
    """

    def make(step: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(step)
        def go(*args: P.args, **kwargs: P.kwargs) -> R:
            hindrance = _Hindrance(what)
            while True:
                try:
                    result = step(*args, **kwargs)
                except Exception as error:
                    if not is_passing(error):
                        hindrance.end()
                        raise
                    hindrance.wait_out(error)
                else:
                    hindrance.end()
                    return result

        return go

    return make


class _Hindrance:
    """What keeps one step from being done, from its first failure to its end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._since: dt.datetime | None = None
        self._tries = 0
        self._is_noted = False

    def wait_out(self, error: Exception) -> None:
        """Say what is wrong, and let the pause pass that is due now."""
        self._since = self._since or utc_now()
        self._tries += 1
        pause = pause_after(self._tries, error)
        _logger().warning(
            "%s没有办成，%.1f 秒后再试（第 %d 次）：%s",
            self._what,
            pause.total_seconds(),
            self._tries,
            error,
            extra={"event": "step.hindered"},
        )
        if utc_now() - self._since >= TOLD_AFTER:
            self._note(error)
        time.sleep(pause.total_seconds())

    def end(self) -> None:
        """Settle what was noted; where that fails as well, the watcher settles it with the end of the run."""
        if not self._is_noted:
            return
        try:
            installation = open_installation()
            with installation.records.write() as session:
                keys = {self._finding("").key}
                findings_repository.close(session, installation.catalog.profile.id, keys, utc_now())
        except Exception as error:  # whatever it is, the step itself is done
            _logger().warning("没有能够销号：%s", error, extra={"event": "step.not_settled"})

    def _note(self, error: Exception) -> None:
        try:
            installation = open_installation()
            with installation.records.write() as session:
                profile = installation.catalog.profile.id
                findings_repository.keep(session, profile, [self._finding(str(error))], self._since or utc_now())
            self._is_noted = True
        except Exception as told:  # the records may be the very thing that is away; the watcher tells of that
            _logger().warning("没有能够记下：%s", told, extra={"event": "step.not_kept"})

    def _finding(self, why: str) -> Discrepancy:
        run_id, name = str(runtime.flow_run.id or ""), str(runtime.flow_run.name or "")
        facts = {
            "what": self._what,
            "run": name,
            "why": why[:500].rstrip("。"),
            "since": format_moment(self._since or utc_now()),
        }
        return Discrepancy("step_hindered", f"{run_id}/{self._what}", facts, run_id=run_id)


def _logger() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    try:
        return get_run_logger()
    except MissingContextError:
        return _log
