"""What is said of a file: the same, with one count, wherever it is handed in or only checked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from disclosure.collection.kinds import TEXT, FileKind, FileReading
from disclosure.collection.workbook.problem_lines import MUST, ProblemGroup, causes
from disclosure.collection.workbook.read.result import Problem


@dataclass(frozen=True, kw_only=True)
class FileAnswer:
    """What was found in a file.

    ``problems`` stand against taking it; ``findings`` are what the data audit will say of its figures. ``sections`` are
    the names of text sections with text.
    """

    kind: FileKind
    reading: FileReading
    problems: tuple[Problem, ...]
    findings: tuple[Problem, ...] = ()
    figure_count: int = 0
    sections: tuple[str, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether it counts, or would."""
        return not self.problems

    @property
    def found(self) -> tuple[Problem, ...]:
        """Everything that was found."""
        return (*self.problems, *self.findings)

    @property
    def must_count(self) -> int:
        """How many places must be mended, now or when the data audit returns them."""
        return sum(problem.kind in MUST for problem in self.found)

    @property
    def hint_count(self) -> int:
        """How many places are to be looked at again."""
        return len(self.found) - self.must_count

    @property
    def causes(self) -> tuple[ProblemGroup, ...]:
        """Everything that was found, one entry for a cause, what must be mended first."""
        return causes(self.found)

    @property
    def remarks(self) -> str:
        """What is to be said of a file that counts, or would; empty where nothing was found."""
        counts = [f"{self.must_count} 处检查不符，不改正会在审核时退回"] if self.must_count else []
        counts += [f"{self.hint_count} 条提示，确实如此的请在“说明”中解释"] if self.hint_count else []
        return "；".join(counts)

    @property
    def taken(self) -> str:
        """What was taken, in words."""
        if self.kind is not TEXT:
            return f"{self.figure_count} 个数据"
        blank = getattr(self.reading, "blank", ())
        left = f"；没有文字、不刊登的部分：{'、'.join(blank)}" if blank else ""
        return f"{len(self.sections)} 个部分的文字（{'、'.join(self.sections)}{left}）"


@dataclass(frozen=True, kw_only=True)
class Receipt(FileAnswer):
    """The answer to the office that handed a file in.

    ``is_repeat``: this very file had been handed in for this round before; it counts again where another one
    had replaced it, otherwise nothing new was recorded. ``replaced`` is then that other file's name.
    ``still_missing``: names of the offices the round still waits for.
    """

    record_id: int
    cycle_id: int
    centre: str
    period_label: str
    round: int
    is_repeat: bool
    still_missing: tuple[str, ...]
    received_at: dt.datetime
    replaced: str = ""

    @property
    def where(self) -> str:
        """``州社保中心 2025年度第 1 轮``."""
        return f"{self.centre} {self.period_label}第 {self.round} 轮"
