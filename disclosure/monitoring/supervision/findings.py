"""One thing that supervision has found, before it is a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from disclosure.monitoring.supervision.snapshots import World


@dataclass(frozen=True)
class Discrepancy:
    """A finding: ``kind`` is one of ``words.yaml``, ``subject`` what it is about, stable from look to look.

    ``facts`` fill the texts of its kind; ``cycle_id`` and ``run_id`` say what mending would act on.
    """

    kind: str
    subject: str
    facts: Mapping[str, str] = field(default_factory=dict)
    cycle_id: int | None = None
    run_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding the next time."""
        return self.kind, self.subject


@dataclass(frozen=True)
class Inspection:
    """What one look found, and which worlds it could not see."""

    found: tuple[Discrepancy, ...]
    unread: Mapping[World, str] = field(default_factory=dict)
