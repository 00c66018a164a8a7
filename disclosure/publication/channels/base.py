"""What every channel does, so that publishing to all of them can be one act.

First everything is staged where no reader finds it and read back; then the channels switch, each in one write.
Each call may be made again after a crash at any point, by another process: what is done is not done again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType

from disclosure.platform.errors import DisclosureError
from disclosure.publication.contents.tree import Tree


class UnknownOutcomeError(DisclosureError):
    """It cannot be known whether the other side did what it was asked: asking again might do it twice."""


@dataclass(frozen=True)
class Staged:
    """What lies ready on a channel: ``token`` finds it there, ``digest`` tells its content. Kept in our records."""

    token: str
    digest: str


@dataclass(frozen=True)
class Live:
    """What the public sees on a channel: ``token`` as staged; ``label`` says it to people."""

    token: str
    label: str


class PublishingChannel(ABC):
    """One place where the public reads releases. Errors are one Chinese sentence each, without secrets.

    ``where`` names it to people. Whoever opened a channel closes it; it is a context manager.
    """

    where: str

    @abstractmethod
    def stage(self, tree: Tree, *, afresh: bool = False, begun: Staged | None = None) -> Staged:
        """Bring ``tree`` to the channel, out of sight; what is staged or live there already is used again.

        ``afresh``: what was staged before is not to be trusted. ``begun``: what a switch was begun with whose outcome
        nobody knows.

        Raises:
            UnknownOutcomeError: when the outcome of ``begun`` still cannot be known.
        """

    @abstractmethod
    def read_staged(self, staged: Staged, tree: Tree) -> tuple[str, ...]:
        """Tell how what is staged differs from ``tree``, a Chinese sentence each; empty when it does not."""

    @abstractmethod
    def switch(self, staged: Staged) -> None:
        """Let the public see ``staged``, in one write; nothing happens when it does already.

        Raises:
            UnknownOutcomeError: when the channel may or may not have done it.
        """

    @abstractmethod
    def read_live(self, tree: Tree) -> tuple[str, ...]:
        """Tell how what the public sees differs from ``tree``, a Chinese sentence each."""

    @abstractmethod
    def live(self) -> Live | None:
        """Return what the public sees, None before the first switch; fails when the channel cannot be reached."""

    @abstractmethod
    def undo(self, staged: Staged, before: str) -> None:
        """Bring back ``before`` (the token that was live; empty: nothing was), if ``staged`` is live."""

    @abstractmethod
    def discard(self, staged: Staged) -> None:
        """Remove what is staged and will not be published; what is live stays."""

    def tidy(self, keep: Collection[str]) -> None:  # noqa: B027 - a channel may have nothing to tidy
        """Remove whatever is neither live nor of the tokens to ``keep``."""

    def close(self) -> None:  # noqa: B027 - a channel may have nothing to close
        """Let go of connections."""

    def __enter__(self) -> PublishingChannel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
