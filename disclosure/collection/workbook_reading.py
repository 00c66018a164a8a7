"""What a workbook handed in turned out to hold: its cover, its figures, and everything wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from disclosure.figures import Figure
from disclosure.periods import Period


@dataclass(frozen=True)
class Cover:
    """Who the workbook is from and what it is about.

    ``profile`` and ``centre`` are catalogue ids. ``filler``, ``checker`` and ``filled_on`` are as typed
    (a date cell becomes ``2026-02-20``) and may be empty.
    """

    profile: str
    period: Period
    centre: str
    round: int
    schema_version: int
    filler: str
    checker: str
    filled_on: str


@dataclass(frozen=True)
class Problem:
    """Something that must be put right before the workbook can be taken.

    ``sheet`` and ``cell`` are empty when it is about the file; ``expected`` follows the word 应为;
    ``why`` gives the reason and ends with what to do.
    """

    sheet: str
    cell: str
    found: str
    expected: str
    why: str

    @property
    def where(self) -> str:
        """``工作表“企业养老”单元格 D7``, ``工作表“企业养老”`` or ``文件``."""
        if not self.sheet:
            return "文件"
        return f"工作表“{self.sheet}”" + (f"单元格 {self.cell}" if self.cell else "")

    @property
    def sentence(self) -> str:
        """One Chinese sentence: where, what was found, what was expected, what to do."""
        return f"{self.where}：实际为{self.found}，应为{self.expected}；{self.why}。"


@dataclass(frozen=True)
class Explanation:
    """A row of the sheet 说明, in catalogue ids and plain texts.

    Empty ``indicator``: all indicators of ``insurance``. Empty ``region``: all regions. ``sheet`` and
    ``cell`` tell where the text stands.
    """

    insurance: str
    indicator: str
    region: str
    text: str
    sheet: str = ""
    cell: str = ""

    def covers(self, insurance: str, indicator: str, region: str) -> bool:
        """Whether it speaks of this insurance, indicator and region (catalogue ids)."""
        return self.insurance == insurance and self.indicator in ("", indicator) and self.region in ("", region)


@dataclass(frozen=True)
class WorkbookReading:
    """The outcome of reading one file.

    ``cover`` is None when the file does not tell what it is. ``figures`` holds what could be read for
    certain, cell by cell; it is empty when file or layout are not as they were sent out. A cell with a
    problem gives no figure, nor does a blank one.
    """

    cover: Cover | None
    figures: tuple[Figure, ...]
    problems: tuple[Problem, ...]
    explanations: tuple[Explanation, ...]

    @property
    def accepted(self) -> bool:
        """Nothing stands against taking it."""
        return not self.problems
