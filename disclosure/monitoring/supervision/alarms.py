"""What lasts and needs somebody now: kept as a finding, told by letter after a minute, and told when it is over.

The records may be the very thing that fails, so an alarm lives in memory first and is a row as soon as it can be.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, Messenger, RoleId
from disclosure.monitoring.reminders import messengers
from disclosure.monitoring.reminders.duties import Recipient
from disclosure.monitoring.reminders.letters import Letter
from disclosure.monitoring.supervision import findings_repository
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.texts import kinds
from disclosure.platform.clock import format_moment
from disclosure.platform.errors import TOLD_AFTER
from disclosure.platform.secrets import Secrets
from disclosure.platform.templating import render_text
from disclosure.records import ledger
from disclosure.records.installation import Installation
from disclosure.records.tables import SupervisionFinding
from disclosure.review import people

#: Who hears of alarms: those who see to it that things are done, and those who publish.
_ROLES: tuple[RoleId, ...] = ("supervisor", "compiler")
#: What is over sooner was nothing: a publication takes seconds.
_KEPT_AFTER = dt.timedelta(seconds=10)
#: A letter that reached nobody is tried again after so long.
_AGAIN_AFTER = dt.timedelta(minutes=1)
#: Who is reached how, is read again after so long.
_CONTACTS_LAST = dt.timedelta(minutes=10)

_log = logging.getLogger("disclosure.watch")

#: Hands one letter to a messenger for an address; raises when it does not leave.
Post = Callable[[Messenger, str, Letter], None]


@dataclass(frozen=True)
class AlarmContact:
    """Somebody who hears of alarms, and how."""

    recipient: Recipient
    messenger: Messenger
    address: str


@dataclass(frozen=True)
class Alarm:
    """Something that lasts since ``since``; ``is_kept``: it is a row; ``told_at``: when letters went out."""

    finding: Discrepancy
    since: dt.datetime
    is_kept: bool = False
    told_at: dt.datetime | None = None
    tried_at: dt.datetime | None = None

    def must_be_told(self, now: dt.datetime) -> bool:
        """Whether letters are due at ``now``."""
        if self.told_at is not None or not kinds()[self.finding.kind].is_alarm or now - self.since < TOLD_AFTER:
            return False
        return self.tried_at is None or now - self.tried_at >= _AGAIN_AFTER

    @property
    def sentence(self) -> str:
        """What people read of it."""
        kind = kinds()[self.finding.kind]
        return f"{kind.name}：{kind.found.format(**self.finding.facts)}"

    @property
    def todo(self) -> str:
        """What is left to do for people."""
        return kinds()[self.finding.kind].todo.format(**self.finding.facts)


class AlarmBook:
    """The alarms that are on now, and telling people of them."""

    def __init__(self, installation: Installation, read_secret: Secrets, post: Post | None = None) -> None:
        self._installation = installation
        publisher = installation.catalog.profile.publisher
        self._post = post or (lambda how, to, letter: messengers.send(how, read_secret, to, letter, publisher))
        self._alarms: dict[tuple[str, str], Alarm] = {}
        self._over: dict[tuple[str, str], Alarm] = {}
        self._contacts: tuple[AlarmContact, ...] = ()
        self._contacts_read_at: dt.datetime | None = None
        self._is_loaded = False

    def update(self, found: Iterable[Discrepancy], now: dt.datetime, *, can_write: bool = True) -> None:
        """Take in all that is wrong at ``now``: keep it where that can be written, tell what is due, close the rest."""
        seen = {one.key: one for one in found}
        try:
            self._load()
            self._read_contacts(now)
        except SQLAlchemyError as error:
            _log.warning("记录库暂时读不了：%s", error, extra={"event": "records.unreadable"})
        for key, one in seen.items():
            before = self._alarms.get(key) or Alarm(one, now)
            facts = {**one.facts, "since": format_moment(before.since)}
            self._alarms[key] = replace(before, finding=replace(one, facts=facts))
        for key in self._alarms.keys() - seen.keys():
            self._over[key] = self._alarms.pop(key)
        self._tell(now)
        try:
            if can_write:
                self._write(now)
        except SQLAlchemyError as error:
            _log.warning("告警暂时没有记进记录库：%s", error, extra={"event": "alarm.not_kept"})

    def _load(self) -> None:
        """Take over what the watcher before has left open."""
        if self._is_loaded:
            return
        with self._installation.records.read() as session:
            rows = findings_repository.open_findings(session, self._installation.catalog.profile.id)
        for row in rows:
            if kinds()[row.kind].is_watched:
                one = Discrepancy(row.kind, row.subject, row.facts, row.cycle_id, row.run_id)
                self._alarms.setdefault(one.key, Alarm(one, row.first_seen, is_kept=True, told_at=row.told_at))
        self._is_loaded = True

    def _read_contacts(self, now: dt.datetime) -> None:
        if self._contacts_read_at is None or now - self._contacts_read_at >= _CONTACTS_LAST:
            with self._installation.records.read() as session:
                self._contacts = tuple(load_contacts(session, self._installation.catalog, now))
            self._contacts_read_at = now

    def _tell(self, now: dt.datetime) -> None:
        due = [alarm for alarm in self._alarms.values() if alarm.must_be_told(now)]
        over = [alarm for alarm in self._over.values() if alarm.told_at is not None]
        if due:
            is_told = self._send(due, is_over=False)
            for alarm in due:
                told_at = now if is_told else None
                self._alarms[alarm.finding.key] = replace(alarm, told_at=told_at, tried_at=now, is_kept=False)
        if over:
            self._send(over, is_over=True)
            for alarm in over:
                self._over[alarm.finding.key] = replace(alarm, told_at=None)

    def _send(self, alarms: Sequence[Alarm], *, is_over: bool) -> bool:
        """Send one letter to each; whether nobody is left who should have heard and did not."""
        reached = 0
        for contact in self._contacts:
            letter = write_alarm(self._installation, contact.recipient, alarms, is_over=is_over)
            try:
                self._post(contact.messenger, contact.address, letter)
                reached += 1
            except Exception as error:  # one messenger that fails keeps nobody else from hearing
                _log.warning("告警没有发到%s：%s", contact.recipient.name, error, extra={"event": "alarm.not_sent"})
        _log.warning(
            "%s（告知 %d 人）：%s",
            "已恢复" if is_over else "告警",
            reached,
            " ".join(a.sentence for a in alarms),
            extra={"event": "alarm.over" if is_over else "alarm.told", "kinds": [a.finding.kind for a in alarms]},
        )
        return reached > 0 or not self._contacts

    def _write(self, now: dt.datetime) -> None:
        """Keep rows for what is on and has none, and close those of what is over."""
        fresh = [a for a in self._alarms.values() if not a.is_kept and (now - a.since >= _KEPT_AFTER or a.told_at)]
        over = {key for key, alarm in self._over.items() if alarm.is_kept}
        if not (fresh or over):
            self._over.clear()
            return
        profile = self._installation.catalog.profile.id
        with self._installation.records.write() as session:
            for alarm in fresh:
                findings_repository.keep(session, profile, [alarm.finding], alarm.since)
            findings_repository.close(session, profile, over, now)
            rows = {(row.kind, row.subject): row for row in findings_repository.open_findings(session, profile)}
            for alarm in fresh:
                _note_told(session, rows[alarm.finding.key], alarm)
        for alarm in fresh:
            self._alarms[alarm.finding.key] = replace(alarm, is_kept=True)
        self._over.clear()


def load_contacts(session: Session, catalog: Catalog, now: dt.datetime) -> list[AlarmContact]:
    """Return who hears of alarms and can be reached."""
    acting = people.acting(session, catalog, now)
    able = {person.id: person for role in _ROLES for person in people.able(acting, role)}
    return [
        AlarmContact(Recipient(person.id, person.name), catalog.messengers[person.messenger], person.address)
        for person in able.values()
        if person.messenger in catalog.messengers
    ]


def write_alarm(installation: Installation, recipient: Recipient, alarms: Sequence[Alarm], *, is_over: bool) -> Letter:
    """Write the letter of ``alarms`` to one person."""
    values = {
        "name": recipient.name,
        "items": alarms,
        "is_over": is_over,
        "sender": installation.catalog.profile.short_title,
        "publisher": installation.catalog.profile.publisher,
        "server_url": installation.settings.server_url,
    }
    text = render_text("mail/alarm.txt.j2", **values)
    subject = f"【{values['sender']}】{'已恢复' if is_over else '告警'}：{kinds()[alarms[0].finding.kind].name}"
    html = render_text("mail/alarm.html.j2", subject=subject, **values)
    return Letter(recipient, (), subject, text, html, text.strip()[:600])


def _note_told(session: Session, row: SupervisionFinding, alarm: Alarm) -> None:
    if alarm.told_at is None or row.told_at is not None:
        return
    row.told_at = alarm.told_at
    details = {"kind": row.kind, "subject": row.subject}
    ledger.append(session, "supervision.told", actor="系统", cycle_id=row.cycle_id, **details)
