"""Reminders: what is due goes out; what a messenger did not take is tried again, further and further apart."""

from __future__ import annotations

from prefect import get_run_logger, task

from disclosure.monitoring.reminders.sending import Sent, send_due
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import open_installation
from tasks.orchestration.secrets import read_secret
from tasks.patience import patient


class DelayedError(DisclosureError):
    """Some letters wait for their messenger to work again."""


@task(name="remind 发提醒", retries=3, retry_delay_seconds=[60, 300, 1200])
@patient("发提醒")
def send_reminders() -> Sent:
    """Send what is due now; our records keep what went out, so each try sends only the rest.

    Raises:
        DelayedError: when something still waits; the next try, and the next run, take it up again.
    """
    sent = send_due(open_installation(), utc_now(), read_secret)
    logger = get_run_logger()
    for line in sent.lines:
        logger.info(line)
    if sent.is_delayed:
        raise DelayedError("\n".join(sent.lines))
    return sent
