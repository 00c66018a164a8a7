"""What every source is: facts in YAML, and a visit that gives the files that have arrived whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, get_args

from pydantic import Field

from disclosure.catalog import Catalog
from disclosure.catalog.models import Fact, Id, Secret
from disclosure.collection.reading_signatures import fault_of
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets
from disclosure.periods import Period


@dataclass(frozen=True)
class Due:
    """A cycle whose current round waits for the figures of a source's centre."""

    period: Period
    round: int


@dataclass(frozen=True)
class Errand:
    """What a source has at hand on a visit; ``due`` are the cycles that wait for its centre."""

    catalog: Catalog
    home: Path
    due: tuple[Due, ...]
    secret: Secrets


@dataclass(frozen=True)
class Settled:
    """How a delivery ended, for its source.

    ``label`` leads the names of what is put away and is unlike any other's; ``files`` is the answer to the centre
    by file name, the receipt as text first.
    """

    is_accepted: bool
    label: str
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Delivery:
    """One file that has arrived whole.

    ``modified`` tells it from another of the same name; ``due`` is the cycle a source was asked for that is handed
    nothing.
    ``chunks`` gives its bytes, ``size`` of them. ``settle`` is called once all of it is in our records, and again
    after an interruption: it must do no harm the second time.
    """

    name: str
    size: int
    chunks: Callable[[], Iterable[bytes]]
    modified: str = ""
    due: Due | None = None
    settle: Callable[[Settled], None] = field(default=lambda _: None)


class Visit(ABC):
    """One look at a source. Whoever opened it closes it."""

    #: Names of what is still being written; known after ``deliveries``.
    arriving: tuple[str, ...] = ()

    def first_look(self) -> bool:
        """See what is there; whether it needs a second look, a while later, to know it has arrived whole."""
        return False

    @abstractmethod
    def deliveries(self) -> Iterator[Delivery]:
        """What has arrived whole, the oldest first."""

    def strays(self) -> Mapping[str, str]:
        """What lies there and is never taken: its name -> what it is and what to do, in one Chinese sentence."""
        return {}

    def answer(self, files: Mapping[str, bytes]) -> None:
        """Leave files for the centre; one that is there already stays as it is."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Let go of connections."""


class Source(Fact, ABC):
    """One entry of ``sources.yaml``. A subclass has a ``kind`` of its own, a ``Literal`` with one word."""

    id: Id
    centre: Id
    kind: str
    active: bool = True
    secrets: dict[str, Secret] = Field(default={})

    #: Whether people leave files there, and can be left some.
    is_inbox: ClassVar[bool] = False

    @classmethod
    def kind_id(cls) -> str:
        """The word for it in YAML."""
        return str(get_args(cls.model_fields["kind"].annotation)[0])

    @property
    @abstractmethod
    def where(self) -> str:
        """What people call it, without anything secret: ``数据库 10.1.2.3/ybzx``."""

    @abstractmethod
    def visit(self, errand: Errand) -> Visit:
        """Go there.

        Raises:
            DisclosureError: when it cannot be reached.
        """


def check_signed(filler: str, checker: str) -> None:
    """Hold the names that answer for rows to the rules of a workbook's cover.

    Raises:
        ValueError: when they are not two people's names; the loader says where.
    """
    if fault_of(filler, checker):
        raise ValueError("filler（填报人）和 checker（审核人）要写两个人的姓名")


class GoneError(DisclosureError):
    """A file is no longer where it was listed: somebody else has taken it, or its owner has thought again."""
