"""What every source is: facts in YAML, and a poll that gives the files that have arrived whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, Self, get_args

from pydantic import Field, model_validator

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.collection.intake.source_rows import SourceRow, write_rows
from disclosure.collection.workbook.read.signatures import fault_of
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import Fact, Id, Name
from disclosure.platform.secrets import Secret, Secrets


@dataclass(frozen=True)
class WaitingCycle:
    """A cycle whose current round waits for the figures of a source's centre."""

    period: Period
    round: int


@dataclass(frozen=True)
class PollContext:
    """What a source has at hand on a poll; ``due`` are the cycles that wait for its centre."""

    catalog: Catalog
    home: Path
    due: tuple[WaitingCycle, ...]
    secret: Secrets


@dataclass(frozen=True)
class DeliveryOutcome:
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
    due: WaitingCycle | None = None
    settle: Callable[[DeliveryOutcome], None] = field(default=lambda _: None)


class PutAway(Protocol):
    """What was taken and lies in an inbox's own folders."""

    def files_in(self, folder: str) -> list[str]:
        """Return the names of the files in one of the folders."""

    def chunks(self, name: str) -> Iterable[bytes]:
        """Yield a file's bytes; ``name`` is ``FOLDER/NAME``."""

    def remove(self, name: str) -> None:
        """Delete a file."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file, whatever was there under its name."""


class Poll(ABC):
    """One look at a source. Whoever opened it closes it."""

    #: Names of what is still being written; known after ``deliveries``.
    arriving: tuple[str, ...] = ()
    #: How many files have arrived whole; known with the first of ``deliveries``.
    waiting: int = 0

    def first_look(self) -> bool:
        """See what is there; whether it needs a second look, a while later, to know it has arrived whole."""
        return False

    @abstractmethod
    def deliveries(self) -> Iterator[Delivery]:
        """Return what has arrived whole, the oldest first."""

    def misplaced(self) -> Mapping[str, str]:
        """Return what lies there and is never taken: its name -> what it is and what to do, in one Chinese sentence."""
        return {}

    def answer(self, files: Mapping[str, bytes]) -> None:
        """Leave files for the centre; one that is there already stays as it is."""
        raise NotImplementedError

    def put_away(self) -> PutAway | None:
        """Return what was taken and lies there still; None where nothing is put away."""
        return None

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
        """Return the word for it in YAML."""
        return str(get_args(cls.model_fields["kind"].annotation)[0])

    @property
    @abstractmethod
    def where(self) -> str:
        """What people call it, without anything secret: ``数据库 10.1.2.3/ybzx``."""

    @abstractmethod
    def begin_poll(self, context: PollContext) -> Poll:
        """Go there.

        Raises:
            DisclosureError: when it cannot be reached.
        """


class RowsSource(Source):
    """A source that is asked for rows; ``filler`` and ``checker`` answer for the figures."""

    filler: Name
    checker: Name

    @model_validator(mode="after")
    def _two_people(self) -> Self:
        """Hold the names to the rules of a workbook's cover."""
        if fault_of(self.filler, self.checker):
            raise ValueError("filler（填报人）和 checker（审核人）要写两个人的姓名")
        return self

    def deliver(self, catalog: Catalog, due: WaitingCycle, rows: Iterable[SourceRow], **origin: str) -> Delivery:
        """Return the file of ``rows`` for a cycle that waits; ``origin`` tells people where they are from."""
        content = write_rows(
            catalog,
            due.period,
            self.centre,
            round_number=due.round,
            signed=(self.filler, self.checker),
            origin={"source": self.id, "where": self.where, **origin},
            rows=rows,
        )
        name = f"{due.period.label}-{catalog.offices[self.centre].name}-第{due.round}轮-{self.id}.jsonl"
        return Delivery(name, len(content), lambda: (content,), due=due)


class GoneError(DisclosureError):
    """A file is no longer where it was listed: somebody else has taken it, or its owner has thought again."""
