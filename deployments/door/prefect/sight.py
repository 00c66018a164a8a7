"""Whose unpublished contents a flow run carries, and whether a visitor may see them; that they did is written down."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from deployments.door.visitor import Visitor
from disclosure.access import sessions
from disclosure.access.embargo import may_see
from disclosure.access.looks import Seer, look_at
from disclosure.access.materials import find_briefing
from disclosure.records.installation import Installation
from disclosure.workspace.awaited import awaited_by_run

#: A page left open asks for the same again and again: within this time it is one look.
_LOOK_SECONDS = 300.0
_MOST_KEPT = 10_000
#: Runs that ask nobody anything (supervision, intake, reminders): their logs are for whoever looks after them.
_KEEPERS = frozenset({"operator", "supervisor"})


@dataclass(frozen=True)
class Sight:
    """Asks the embargo about runs, and keeps who looked."""

    installation: Installation
    _looked: dict[tuple[str, str], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find_visible(self, visitor: Visitor, run_ids: Collection[str]) -> frozenset[str]:
        """Return those of ``run_ids`` whose contents ``visitor`` may see, which is no look yet."""
        if not run_ids:
            return frozenset()
        with self.installation.read() as work:
            return frozenset(run_id for run_id in run_ids if self._may_see(work.session, visitor, run_id))

    def is_still_here(self, visitor: Visitor) -> bool:
        """Whether a visitor's session lasts, with the roles and offices they came in with."""
        with self.installation.read() as work:
            found = sessions.find_session_again(work, int(visitor.session_id))
        return found is not None and (found.roles, found.offices) == (visitor.roles, visitor.offices)

    def find_awaited(self, run_ids: Collection[str]) -> dict[str, str]:
        """Return for whom these runs wait, by the question that is open."""
        with self.installation.read() as work:
            return awaited_by_run(work, run_ids)

    def look(self, visitor: Visitor, run_ids: Collection[str]) -> frozenset[str]:
        """Return likewise, and write down that ``visitor`` looks at them."""
        visible = self.find_visible(visitor, run_ids)
        # One that is asked for alone was asked for by name: that it was refused is told too.
        noted = [
            run_id for run_id in (visible or run_ids if len(run_ids) == 1 else visible) if self._is_new(visitor, run_id)
        ]
        if noted:
            with self.installation.begin() as work:
                for run_id in noted:
                    if (material := find_briefing(work.session, run_id)) is not None:
                        look_at(work, Seer(visitor, visitor.person_id, visitor.source), material)
        return visible

    def _may_see(self, session: Session, visitor: Visitor, run_id: str) -> bool:
        material = find_briefing(session, run_id) if run_id else None
        if material is None:
            return not visitor.roles.isdisjoint(_KEEPERS)
        return may_see(self.installation.catalog, visitor, material.kind, material.state)

    def _is_new(self, visitor: Visitor, run_id: str) -> bool:
        now, key = time.monotonic(), (visitor.session_id, run_id)
        with self._lock:
            if len(self._looked) > _MOST_KEPT:
                self._looked.clear()
            is_new = now - self._looked.get(key, -_LOOK_SECONDS) >= _LOOK_SECONDS
            if is_new:
                self._looked[key] = now
        return is_new
