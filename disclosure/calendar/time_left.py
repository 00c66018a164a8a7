"""How a day by which something is owed lies to today: the one place that counts and says it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from disclosure.calendar.holidays import Holidays
from disclosure.calendar.workdays import probable_workdays


@dataclass(frozen=True)
class TimeLeft:
    """Working days from ``today`` to ``due`` (Shanghai days): ``left`` or ``over``, one of them 0.

    ``turn``: the day since which it could be done, where that came after ``due``; ``waited``: working days for which
    it could have been done after ``due``, by which escalations go.
    """

    due: dt.date
    today: dt.date
    left: int
    over: int
    waited: int
    turn: dt.date | None = None

    @property
    def is_over(self) -> bool:
        """Whether the day is gone; on the rest days behind it no working day is over yet."""
        return self.today > self.due

    @property
    def text(self) -> str:
        """``还有 3 个工作日``, ``今天到期``, ``已逾期 2 个工作日``, ``已逾期 183 个工作日，3月20日才轮到``."""
        if not self.is_over:
            return f"还有 {self.left} 个工作日" if self.left else "今天到期"
        over = f"已逾期 {self.over} 个工作日" if self.over else "期限已过"
        if self.turn is None:
            return over
        year = f"{self.turn.year}年" if self.turn.year != self.due.year else ""
        return f"{over}，{year}{self.turn.month}月{self.turn.day}日才轮到"


def time_left(due: dt.date, today: dt.date, holidays: Holidays, *, since: dt.date | None = None) -> TimeLeft:
    """Count from ``today`` to ``due``; ``since`` is the day on which it could first be done, None while it cannot.

    In a year whose holidays are not entered Monday to Friday count: what is shown binds nobody.
    """
    came_late = since is not None and since > due
    return TimeLeft(
        due=due,
        today=today,
        left=probable_workdays(today, due, holidays) if today <= due else 0,
        over=probable_workdays(due, today, holidays) if today > due else 0,
        waited=max(0, probable_workdays(max(due, since), today, holidays)) if since else 0,
        turn=since if came_late else None,
    )
