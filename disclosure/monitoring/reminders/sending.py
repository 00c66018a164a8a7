"""What is due now goes out: the one call that the flow, the command line and the rehearsal make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, Messenger
from disclosure.monitoring.reminders import messengers
from disclosure.monitoring.reminders.duties import load_duties
from disclosure.monitoring.reminders.letters import Letter, write_letters
from disclosure.monitoring.reminders.outbox import AddressRefusedError, Delivered, NotSentError, deliver, known_keys
from disclosure.monitoring.reminders.rules import Reminder, due_now, is_quiet
from disclosure.platform.secrets import Secrets, from_environment
from disclosure.records import ledger
from disclosure.records.installation import Installation
from disclosure.records.tables import MessengerState, Person

#: Hands one letter to a messenger for an address; raises as ``messengers.send`` does when it does not leave.
Post = Callable[[Messenger, str, Letter], None]


@dataclass(frozen=True)
class Contact:
    """How a person is reached."""

    messenger: Messenger
    address: str


@dataclass(frozen=True)
class DueReminders:
    """Return what is due at a moment: the reminders of those who can be reached, and the names of those who cannot."""

    reminders: tuple[Reminder, ...]
    contacts: dict[int, Contact]
    unreachable: tuple[str, ...]


@dataclass(frozen=True)
class Sent:
    """What a look at the reminders came to; ``unreachable`` are people for whom no address is registered."""

    delivered: Delivered = field(default_factory=Delivered)
    unreachable: tuple[str, ...] = ()

    @property
    def is_delayed(self) -> bool:
        """Whether something waits for its messenger to work again."""
        return self.delivered.put_back > 0

    @property
    def lines(self) -> list[str]:
        """For people, one sentence each."""
        counts = {
            "发出": self.delivered.sent,
            "没有发出、稍后再试": self.delivered.put_back,
            "不能确定是否发出": self.delivered.uncertain,
        }
        told = [f"{what} {count} 封" for what, count in counts.items() if count]
        said = [f"提醒：{'，'.join(told)}。" if told else "现在没有要发的提醒。", *self.delivered.failures]
        if self.unreachable:
            names = "、".join(self.unreachable)
            said.append(f"没有登记联系方式，提醒不到：{names}。请运行 disclosure people contact 登记。")
        return said


def load_due_reminders(installation: Installation, now: dt.datetime) -> DueReminders:
    """Return what is due at ``now`` (an aware time) and was not begun before."""
    catalog = installation.catalog
    if is_quiet(catalog.reminders, catalog.holidays, now):
        return DueReminders((), {}, ())
    with installation.records.read() as session:
        owed = load_duties(session, catalog, now)
        known = known_keys(session, catalog)
        due = due_now(owed, catalog.reminders, catalog.holidays, now, known)
        contacts = _contacts(session, catalog, {reminder.recipient.id for reminder in due})
    return DueReminders(
        reminders=tuple(reminder for reminder in due if reminder.recipient.id in contacts),
        contacts=contacts,
        unreachable=tuple(dict.fromkeys(r.recipient.name for r in due if r.recipient.id not in contacts)),
    )


def send_due(
    installation: Installation, now: dt.datetime, secrets: Secrets = from_environment, post: Post | None = None
) -> Sent:
    """Send every reminder due at ``now`` (an aware time), each at most once whatever crashes.

    ``post`` takes the letters; without one they go by the messengers, whose addresses ``secrets`` reads.

    A messenger that does not take its letters keeps nobody else's from going out: its reminders wait for the next
    call, which is the caller's to make, and the ledger tells when it fails and when it works again.
    """
    due = load_due_reminders(installation, now)
    if not due.reminders:
        return Sent(unreachable=due.unreachable)
    publisher = installation.catalog.profile.publisher
    post = post or (lambda messenger, address, letter: messengers.send(messenger, secrets, address, letter, publisher))

    def send(letter: Letter) -> None:
        contact = due.contacts[letter.recipient.id]
        try:
            post(contact.messenger, contact.address, letter)
        except AddressRefusedError:
            raise
        except Exception as error:
            why = str(error) if isinstance(error, NotSentError) else f"{type(error).__name__}: {error}"
            _note(installation, contact.messenger, now, failure=why)
            raise
        _note(installation, contact.messenger, now)

    delivered = deliver(
        installation.records,
        due.reminders,
        lambda begun: write_letters(installation.catalog, installation.settings, begun),
        send,
        lambda: now,
    )
    return Sent(delivered, due.unreachable)


def letters_due(installation: Installation, now: dt.datetime) -> Iterator[tuple[Letter, Contact]]:
    """Yield what ``send_due`` would send at ``now``; nothing is sent or recorded."""
    due = load_due_reminders(installation, now)
    for letter in write_letters(installation.catalog, installation.settings, due.reminders):
        yield letter, due.contacts[letter.recipient.id]


def failing(session: Session, catalog: Catalog) -> list[MessengerState]:
    """Return the messengers whose last letter did not go out, in the order of their failing."""
    return list(
        session.scalars(
            select(MessengerState)
            .where(MessengerState.profile == catalog.profile.id, MessengerState.failing_since.is_not(None))
            .order_by(MessengerState.failing_since)
        )
    )


def _contacts(session: Session, catalog: Catalog, people: Iterable[int]) -> dict[int, Contact]:
    """Return how the people with these ids are reached; a messenger that the catalogue has no more reaches nobody."""
    rows = session.scalars(select(Person).where(Person.id.in_(people)))
    return {
        person.id: Contact(catalog.messengers[person.messenger], person.address)
        for person in rows
        if person.messenger in catalog.messengers
    }


def _note(installation: Installation, messenger: Messenger, now: dt.datetime, failure: str = "") -> None:
    """Keep how the messenger does; the ledger tells of each change, not of each letter."""
    with installation.records.write() as session:
        row = _state(session, installation.catalog.profile.id, messenger.id)
        was_failing = row.failing_since is not None
        if failure:
            row.failing_since, row.failure = row.failing_since or now, failure
        else:
            row.failing_since, row.failure, row.last_sent_at = None, "", now
        if was_failing != bool(failure):
            event = "messenger.failed" if failure else "messenger.recovered"
            ledger.append(session, event, actor="系统", messenger=messenger.id, failure=failure)


def _state(session: Session, profile: str, messenger: str) -> MessengerState:
    """Return the one row of this messenger, made now if there is none."""
    of_messenger = select(MessengerState).where(
        MessengerState.profile == profile, MessengerState.messenger == messenger
    )
    if (known := session.scalars(of_messenger).one_or_none()) is not None:
        return known
    made = MessengerState(profile=profile, messenger=messenger)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        # Another process sends for the first time at this moment, and was first.
        return session.scalars(of_messenger).one()
    return made
