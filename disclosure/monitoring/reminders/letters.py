"""One letter a person: all that is due for them, most urgent first, as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from disclosure.catalog import Catalog
from disclosure.monitoring.reminders.duties import Recipient
from disclosure.monitoring.reminders.rules import Reminder
from disclosure.platform.settings import Settings
from disclosure.platform.templating import render_text

_URGENCY = ("leader", "head", "overdue", "ahead")
#: A WeCom robot takes 2,048; the call of a DingTalk robot needs some more.
_CHAT_BYTES = 2048


@dataclass(frozen=True)
class Letter:
    """What one person is sent; ``keys`` are the reminders it carries, ``subject`` is one line.

    ``brief`` is the same for a chat: plain text of at most 2,048 bytes.
    """

    recipient: Recipient
    keys: tuple[str, ...]
    subject: str
    text: str
    html: str
    brief: str


def write_letters(catalog: Catalog, settings: Settings, reminders: Iterable[Reminder]) -> list[Letter]:
    """Write the letters of ``reminders``, in the order of the people's ids."""
    by_person: dict[Recipient, list[Reminder]] = {}
    for reminder in sorted(reminders, key=_urgency):
        by_person.setdefault(reminder.recipient, []).append(reminder)
    return [_letter(catalog, settings, person, own) for person, own in sorted(by_person.items())]


def _letter(catalog: Catalog, settings: Settings, person: Recipient, own: list[Reminder]) -> Letter:
    values: dict[str, Any] = {
        "name": person.name,
        "items": [_item(settings, reminder) for reminder in own],
        "sender": catalog.profile.short_title,
        "publisher": catalog.profile.publisher,
        "server_url": settings.server_url,
    }
    subject = " ".join(render_text("mail/subject.txt.j2", **values).split())
    return Letter(
        recipient=person,
        keys=tuple(reminder.key for reminder in own),
        subject=subject,
        text=render_text("mail/reminder.txt.j2", **values),
        html=render_text("mail/reminder.html.j2", subject=subject, **values),
        brief=_cut(render_text("mail/brief.txt.j2", **values).strip()),
    )


def _item(settings: Settings, reminder: Reminder) -> dict[str, Any]:
    duty = reminder.duty
    return {
        "kind": reminder.kind,
        "time": reminder.time,
        "period": duty.deadline.period.label,
        "milestone": duty.deadline.name,
        "office": duty.office.name,
        "task": duty.task,
        "due": duty.deadline.sentence,
        "round": duty.round,
        "is_turn": duty.since is not None,
        "is_own": reminder.recipient in duty.people,
        "stands_at": duty.stands_at,
        "people": [person.name for person in duty.people],
        "workbook": duty.workbook,
        "is_text": bool(duty.workbook) and duty.office.writes_text,
        "returned": duty.returned,
        "form_url": _form_url(settings, reminder),
    }


def _form_url(settings: Settings, reminder: Reminder) -> str:
    """Return where the form is answered, by whoever is to; for others where its run is seen."""
    run_id = reminder.duty.run_id
    if not run_id:
        return ""
    return settings.answer_url(run_id) if reminder.recipient in reminder.duty.people else settings.run_url(run_id)


def _cut(text: str) -> str:
    """Cut ``text`` to what a WeCom robot takes."""
    content = text.encode()
    return text if len(content) <= _CHAT_BYTES else content[: _CHAT_BYTES - 3].decode(errors="ignore") + "…"


def _urgency(reminder: Reminder) -> tuple[int, int, str]:
    return _URGENCY.index(reminder.kind), reminder.time.left - reminder.time.over, reminder.key
