"""Reminders: who owes what (``duties``), which are due now (``rules``), the letters, and that each goes out once.

``sending.send_due`` does all of it; only ``messengers``, which it imports when something is due, knows how to send.
"""

from disclosure.monitoring.reminders.duties import Duty, Recipient, load_duties
from disclosure.monitoring.reminders.letters import Letter, write_letters
from disclosure.monitoring.reminders.outbox import Delivered, NotSentError, deliver, uncertain
from disclosure.monitoring.reminders.rules import Reminder, due_now

__all__ = [
    "Delivered",
    "Duty",
    "Letter",
    "NotSentError",
    "Recipient",
    "Reminder",
    "deliver",
    "due_now",
    "load_duties",
    "uncertain",
    "write_letters",
]
