"""The one way anything becomes visible: stage on every channel, switch, read back, and undo what may not stand.

What is about to be done to a channel is a row before it is done, so that another process can go on after a crash.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from enum import StrEnum
from types import TracebackType

from sqlalchemy.orm import Session

from disclosure.platform.errors import DisclosureError, UnavailableError
from disclosure.platform.secrets import Secrets
from disclosure.publication.channels import PublishingChannel, Staged, UnknownOutcomeError, open_channel
from disclosure.publication.contents.tree import Tree
from disclosure.publication.deliveries import DeliverySubject, deliveries, note, visible_deliveries
from disclosure.records.installation import Installation
from disclosure.records.states import DeliveryAction, DeliveryState
from disclosure.records.tables import ChannelDelivery

#: The switch that is slowest, least certain and hardest to bring back comes first: when it fails nothing else is seen.
_ORDER = ("wechat", "webdav", "s3", "sftp", "folder")
#: Times are told to the minute.
_ONE_MINUTE = dt.timedelta(minutes=1)


class FailurePolicy(StrEnum):
    """What becomes of the other channels when one fails."""

    #: They are brought back; where one may yet do what it was asked, the next attempt decides.
    ALL_OR_NONE = "all_or_none"
    #: They stand; the one that failed is brought back, and the next attempt goes on with it.
    PARTIALLY = "partially"
    #: Each goes forward as soon as it can, and what is right already is left alone: nothing is brought back.
    EACH = "each"


def _nothing(*_: object) -> None:
    """Check nothing, note nothing."""


class ChannelSwitch:
    """One attempt to have the public see what ``trees`` holds for each channel, by its id, on behalf of ``subject``.

    ``failures`` says by channel what went wrong; a channel that failed is left out of what follows. ``in_doubt`` are
    channels that may yet do what they were asked. ``live`` are channels that show their tree, read back; ``changed``
    those of them that were switched now. ``on_switch`` runs in the transaction that notes that a switch begins.
    """

    def __init__(
        self,
        installation: Installation,
        subject: DeliverySubject,
        trees: Mapping[str, Tree],
        *,
        policy: FailurePolicy,
        read_secret: Secrets,
        on_switch: Callable[[Session], None] = _nothing,
    ) -> None:
        self._installation, self._subject, self._policy = installation, subject, policy
        self._read_secret, self._on_switch = read_secret, on_switch
        facts = sorted(installation.catalog.publishes_to, key=lambda fact: _ORDER.index(fact.kind))
        self._facts = {fact.id: fact for fact in facts if fact.id in trees}
        self._trees = {name: trees[name] for name in self._facts}
        self._open: dict[str, PublishingChannel] = {}
        self._staged: dict[str, Staged] = {}
        self._closing = ExitStack()
        # Channels that failed while they switched, or showed something else afterwards.
        self._torn: set[str] = set()
        self.failures: dict[str, str] = {}
        #: Whether trying again soon would do harm: the platform counts what is asked of it in a day.
        self.is_slow = False
        self.in_doubt: set[str] = set()
        self.live: list[str] = []
        self.changed: list[str] = []
        self.brought_back: list[str] = []

    def __enter__(self) -> ChannelSwitch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def reasons(self) -> str:
        """What went wrong on which channels, for people."""
        return "".join(dict.fromkeys(self.failures.values()))

    def run(self, check_again: Callable[[], None] = _nothing) -> None:
        """Stage everything, ``check_again`` that it may be seen, switch and read back, then do as the policy says.

        Whoever was killed at any point is followed by the same call, which finds in the rows what may be visible.
        """
        self.stage()
        if self._staged and not (self.failures and self._policy is FailurePolicy.ALL_OR_NONE):
            check_again()
            self._switch()
        if self.failures and self._policy is not FailurePolicy.EACH:
            waits = self._policy is FailurePolicy.PARTIALLY or bool(self.in_doubt)
            self._undo(self._torn if waits else self._facts)

    def stage(self) -> None:
        """Bring everything to its channel, out of sight, and read it back."""
        with self._installation.records.read() as session:
            rows = deliveries(session, self._subject)
        for name, tree in self._trees.items():
            switch = rows.get((name, "switch"))
            try:
                channel = self._channel(name)
                if self._policy is FailurePolicy.EACH and not channel.read_live(tree):
                    self.live.append(name)
                    if switch is not None and switch.state is not DeliveryState.DONE:
                        self._note(name, "switch", DeliveryState.DONE)
                    continue
                begun = _staged_in(switch) if switch is not None and switch.state is DeliveryState.BEGUN else None
                self._staged[name] = _stage_whole(channel, tree, begun)
            except DisclosureError as error:
                self._fail(name, "stage", error)
            else:
                self._note(name, "stage", DeliveryState.DONE, staged=self._staged[name])

    def take_down(self, reason: str) -> None:
        """Let the public see nothing of the subject any more.

        A switch whose outcome nobody knows is waited out first: what is not there yet cannot be taken away.
        """
        with self._installation.records.read() as session:
            visible = visible_deliveries(session, self._subject)
        for name in self._facts:
            if name in visible and visible[name].state is DeliveryState.BEGUN:
                try:
                    channel = self._channel(name)
                    channel.discard(channel.stage(self._trees[name], begun=_staged_in(visible[name])))
                except DisclosureError as error:
                    self._fail(name, "undo", error)
        self._undo(self._facts.keys() - self.failures.keys(), reason)

    def is_visible(self) -> bool:
        """Tell whether some channel shows it, or may come to show it."""
        with self._installation.records.read() as session:
            return bool(visible_deliveries(session, self._subject).keys() & self._facts.keys())

    def tidy(self) -> None:
        """Remove versions that nobody will go back to; what cannot be removed now is removed the next time."""
        with self._installation.records.read() as session:
            rows = deliveries(session, self._subject)
        for name in self.live:
            row = rows.get((name, "switch"))
            with suppress(DisclosureError):
                self._channel(name).tidy({row.before} - {""} if row is not None else ())

    def purge(self) -> None:
        """Remove every version but what is live, at however unguessable a place it lies."""
        for name in self.live:
            try:
                self._channel(name).tidy(())
            except DisclosureError as error:
                self._fail(name, "switch", error)

    def _switch(self) -> None:
        """Switch what is staged, one after the other, then read back what the public sees."""
        switched = []
        for name, staged in self._staged.items():
            if self.failures and self._policy is FailurePolicy.ALL_OR_NONE:
                break
            try:
                self._begin(name, staged)
            except DisclosureError as error:
                self._fail(name, "stage", error)
                continue
            try:
                self._channel(name).switch(staged)
            except DisclosureError as error:
                self._fail(name, "switch", error)
            else:
                switched.append(name)
        for name in switched:
            self._read_back(name)

    def _begin(self, name: str, staged: Staged) -> None:
        """Note the switch that comes now, with what is live before it; from here on something may be visible."""
        live = self._channel(name).live()
        with self._installation.records.write() as session:
            known = deliveries(session, self._subject).get((name, "switch"))
            is_again = live is not None and live.token == staged.token and known is not None
            before = None if is_again else live.token if live is not None else ""
            note(session, self._subject, name, "switch", DeliveryState.BEGUN, staged=staged, before=before)
            self._on_switch(session)

    def _read_back(self, name: str) -> None:
        channel = self._channel(name)
        try:
            wrong = channel.read_live(self._trees[name])
        except DisclosureError as error:
            self._fail(name, "switch", error)
            return
        if wrong:
            differs = DisclosureError(f"{channel.where}：发布后核对不一致：{''.join(wrong[:5])}")
            self._fail(name, "switch", differs)
            return
        self.live.append(name)
        self.changed.append(name)
        self._note(name, "switch", DeliveryState.DONE)

    def _undo(self, names: Collection[str], reason: str = "") -> None:
        """Bring back what was live before wherever a switch was begun, the last switched first.

        Also what an earlier attempt had switched before its process was killed.
        """
        with self._installation.records.read() as session:
            visible = visible_deliveries(session, self._subject)
        for name in reversed(self._facts):
            if name not in names or name not in visible:
                continue
            self._note(name, "undo", DeliveryState.BEGUN)
            try:
                self._channel(name).undo(_staged_in(visible[name]), visible[name].before)
            except DisclosureError as error:
                self._note(name, "undo", DeliveryState.FAILED, reason=str(error))
                self.failures[name] = f"{self.failures.get(name, '')}退回时也出错：{error}"
                continue
            with self._installation.records.write() as session:
                note(session, self._subject, name, "undo", DeliveryState.DONE)
                why = reason or self.failures.get(name, "")
                note(session, self._subject, name, "switch", DeliveryState.UNDONE, reason=why)
            self.brought_back.append(name)
            if name in self.live:
                self.live.remove(name)

    def _channel(self, name: str) -> PublishingChannel:
        if name not in self._open:
            opened = open_channel(self._facts[name], self._installation.settings.home, self._read_secret)
            self._open[name] = self._closing.enter_context(opened)
        return self._open[name]

    def _fail(self, name: str, action: DeliveryAction, error: DisclosureError) -> None:
        told = str(error)
        if not told.startswith("渠道"):
            told = f"渠道“{self._facts[name].name}”：{told}"
        self.failures[name] = told
        self.is_slow |= self._facts[name].kind == "wechat" and not isinstance(error, UnavailableError)
        if isinstance(error, UnknownOutcomeError):
            # The row of the switch stays ``begun``: whoever comes next settles it.
            self.in_doubt.add(name)
            return
        if action == "switch":
            self._torn.add(name)
        self._note(name, action, DeliveryState.FAILED, reason=told)

    def _note(
        self, name: str, action: DeliveryAction, state: DeliveryState, *, staged: Staged | None = None, reason: str = ""
    ) -> None:
        with self._installation.records.write() as session:
            note(session, self._subject, name, action, state, staged=staged, reason=reason)


def time_of_switch(fixed: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """Return the time that is told of what begins to be switched now: the ``fixed`` one only in its own minute."""
    if fixed is None or now < fixed or now >= fixed.replace(second=0, microsecond=0) + _ONE_MINUTE:
        return now
    return fixed


def _staged_in(row: ChannelDelivery) -> Staged:
    return Staged(row.token, row.digest)


def _stage_whole(channel: PublishingChannel, tree: Tree, begun: Staged | None) -> Staged:
    """Stage ``tree`` and read every byte back; what lay there from before is not trusted over its bytes."""
    staged = channel.stage(tree, begun=begun)
    if channel.read_staged(staged, tree):
        # What lay there from before, or was linked to it, has rotted: everything is sent anew.
        channel.discard(staged)
        staged = channel.stage(tree, afresh=True)
        if wrong := channel.read_staged(staged, tree):
            channel.discard(staged)
            raise DisclosureError(
                f"{channel.where}：暂存后读回的内容不对，没有发布，请检查那里的磁盘：{''.join(wrong[:5])}"
            )
    return staged
