"""Killing the process of a run (-9) at an exact line between two gates, and starting the cycle again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.case import Case, Form


@dataclass
class Killer:
    """Kills one case's processes; they are followed in turn by Retry, Retry with force, and a fresh run."""

    case: Case
    kills: list[str] = field(default_factory=list)
    _ways: itertools.cycle[str] = field(default_factory=lambda: itertools.cycle(("retry", "force", "fresh")))

    def kill(self, where: str, start: Callable[[], object] | None = None) -> None:
        """Start a process (again, if nothing else is said) that dies at ``where``; wait until that is noticed."""
        office = self.case.office
        order = office.settings.home / "die-at"
        order.write_text(f"{self.case.cycle_id} {where}", encoding="utf-8")
        (start or self.again)()
        office.wait_for(lambda: not order.exists(), f"the process to die {where}", every=0.02)
        # A run that was suspended already stays so, without a form that anybody could answer.
        ended = {"Crashed", "Suspended"} if where == "unformed" else {"Crashed"}
        office.wait_for(lambda: self.case.state() in ended, f"the runner to notice the death {where}", every=0.05)
        if self.case.state() == "Suspended":
            self._ways = itertools.chain(["fresh"], self._ways)  # type: ignore[assignment]
        self.kills.append(where)

    def again(self) -> None:
        """What a person does then: Retry in one way or the other, or a fresh run of the same cycle."""
        way = next(self._ways)
        if way == "fresh":
            self.case.start()
        else:
            self.case.retry(force=way == "force")

    def form(self) -> Form:
        """Start again, and live until the next question."""
        self.again()
        return self.case.next_form()
