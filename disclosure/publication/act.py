"""Publishing a release on several channels as one act: stage all, switch all, read all back, or bring them back.

What is about to be done to a channel is a row before it is done, so that another process can go on after a crash.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from types import TracebackType

from disclosure.catalog import Channel as ChannelFact
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets
from disclosure.publication.channels import Channel, Staged, UnknownOutcomeError, open_channel
from disclosure.publication.deliveries import Action, State, deliveries, note, staged_in
from disclosure.publication.tree import Tree
from disclosure.records.tables import Release
from disclosure.workplace import Workplace

#: The switch that is slowest, least certain and hardest to bring back comes first: when it fails nothing else is seen.
_ORDER = ("wechat", "webdav", "s3", "sftp", "folder")


class Act:
    """One attempt at one release. ``trees`` is what each channel of ``facts`` (by id) is given.

    ``failures`` says by channel what went wrong; a channel that failed is left out of what follows. ``in_doubt`` are
    channels that may yet do what they were asked, ``torn`` those that failed while they switched or showed something
    else afterwards. ``live`` are channels that show the release, read back.
    """

    def __init__(
        self,
        place: Workplace,
        release_id: int,
        facts: tuple[ChannelFact, ...],
        trees: Mapping[str, Tree],
        read_secret: Secrets,
    ) -> None:
        self._place, self._release_id, self._trees, self._read_secret = place, release_id, trees, read_secret
        self._facts = {fact.id: fact for fact in sorted(facts, key=lambda fact: _ORDER.index(fact.kind))}
        self._open: dict[str, Channel] = {}
        self._staged: dict[str, Staged] = {}
        self._closing = ExitStack()
        self.failures: dict[str, str] = {}
        self.in_doubt: set[str] = set()
        self.torn: set[str] = set()
        self.live: list[str] = []

    def __enter__(self) -> Act:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def reasons(self) -> str:
        """What went wrong on which channels, for people."""
        return "".join(dict.fromkeys(self.failures.values()))

    def is_intact(self) -> bool:
        """Whether every channel shows the release byte for byte; nothing is written."""
        with suppress(DisclosureError):
            return not any(self._channel(name).read_live(self._trees[name]) for name in self._facts)
        return False

    def stage(self) -> None:
        """Bring everything to its channel, out of sight, and read it back."""
        with self._place.records.read() as session:
            rows = deliveries(session, self._release_id)
        for name in self._facts:
            switch = rows.get((name, "switch"))
            begun = staged_in(switch) if switch is not None and switch.state == "begun" else None
            try:
                self._staged[name] = stage_whole(self._channel(name), self._trees[name], begun)
            except DisclosureError as error:
                self._fail(name, "stage", error)
            else:
                self._note(name, "stage", "done", staged=self._staged[name])

    def switch(self, *, stops_at_failure: bool) -> None:
        """Switch what is staged, one after the other, then read back what the public sees."""
        switched = []
        for name, staged in self._staged.items():
            if self.failures and stops_at_failure:
                break
            try:
                self._begin(name, staged)
            except DisclosureError as error:
                self._fail(name, "stage", error)
                continue
            try:
                self._open[name].switch(staged)
            except DisclosureError as error:
                self._fail(name, "switch", error)
            else:
                switched.append(name)
        for name in switched:
            self._read_back(name)

    def undo(self, names: Collection[str] | None = None) -> list[str]:
        """Bring back what was live before, on ``names`` or wherever a switch was begun; where that was done.

        Also what an earlier attempt had switched before its process was killed.
        """
        brought_back = []
        for name, (staged, before) in self._visible().items():
            if names is not None and name not in names:
                continue
            self._note(name, "undo", "begun")
            try:
                self._channel(name).undo(staged, before)
            except DisclosureError as error:
                self._note(name, "undo", "failed", reason=str(error))
                self.failures[name] = f"{self.failures.get(name, '')}退回时也出错：{error}"
                continue
            with self._place.records.write() as session:
                note(session, self._release_id, name, "undo", "done")
                note(session, self._release_id, name, "switch", "undone", reason=self.failures.get(name, ""))
            brought_back.append(name)
            if name in self.live:
                self.live.remove(name)
        return brought_back

    def is_visible(self) -> bool:
        """Whether some channel shows the release, or may come to show it."""
        return bool(self._visible())

    def _visible(self) -> dict[str, tuple[Staged, str]]:
        """What may be visible on which channel, with the token that was live before; the last switched first."""
        with self._place.records.read() as session:
            rows = deliveries(session, self._release_id)
        switches = ((name, rows.get((name, "switch"))) for name in reversed(self._facts))
        return {
            name: (Staged(row.token, row.digest), row.before)
            for name, row in switches
            if row is not None and row.token and row.state != "undone"
        }

    def tidy(self) -> None:
        """Remove versions that nobody will go back to; what cannot be removed now is removed the next time."""
        with self._place.records.read() as session:
            rows = deliveries(session, self._release_id)
        for name in self.live:
            with suppress(DisclosureError):
                self._open[name].tidy({rows[name, "switch"].before} - {""})

    def _channel(self, name: str) -> Channel:
        if name not in self._open:
            opened = open_channel(self._facts[name], self._place.settings.home, self._read_secret)
            self._open[name] = self._closing.enter_context(opened)
        return self._open[name]

    def _begin(self, name: str, staged: Staged) -> None:
        """Note the switch that comes now, with what is live before it; from here on something may be visible."""
        live = self._open[name].live()
        with self._place.records.write() as session:
            known = deliveries(session, self._release_id).get((name, "switch"))
            is_again = live is not None and live.token == staged.token and known is not None
            before = None if is_again else live.token if live is not None else ""
            note(session, self._release_id, name, "switch", "begun", staged=staged, before=before)
            release = session.get_one(Release, self._release_id)
            release.is_partial = not release.is_live

    def _read_back(self, name: str) -> None:
        channel = self._open[name]
        try:
            wrong = channel.read_live(self._trees[name])
        except DisclosureError as error:
            self._fail(name, "switch", error)
            return
        if wrong:
            told = f"{channel.where}：发布后核对不一致：{''.join(wrong[:5])}"
            self._fail(name, "switch", DisclosureError(told))
            return
        self.live.append(name)
        self._note(name, "switch", "done")

    def _fail(self, name: str, action: Action, error: DisclosureError) -> None:
        told = str(error)
        if not told.startswith("渠道"):
            told = f"渠道“{self._facts[name].name}”：{told}"
        self.failures[name] = told
        if isinstance(error, UnknownOutcomeError):
            # The row of the switch stays ``begun``: whoever comes next settles it.
            self.in_doubt.add(name)
            return
        if action == "switch":
            self.torn.add(name)
        self._note(name, action, "failed", reason=told)

    def _note(self, name: str, action: Action, state: State, *, staged: Staged | None = None, reason: str = "") -> None:
        with self._place.records.write() as session:
            note(session, self._release_id, name, action, state, staged=staged, reason=reason)


def stage_whole(channel: Channel, tree: Tree, begun: Staged | None = None) -> Staged:
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
