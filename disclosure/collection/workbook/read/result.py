"""What a workbook handed in turned out to hold: its cover, its figures, and everything wrong with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from disclosure.calendar.periods import Period
from disclosure.confidentiality.personal_data import PersonalDatum
from disclosure.figures.figures import Figure


@dataclass(frozen=True)
class Cover:
    """Who the workbook is from and what it is about.

    ``profile`` and ``centre`` are catalogue ids. ``filler``, ``checker`` and ``filled_on`` are as typed
    (a date cell becomes ``2026-02-20``) and may be empty. ``only`` is what a special cycle was opened for.
    """

    profile: str
    period: Period
    centre: str
    round: int
    only: tuple[str, ...]
    schema_version: int
    filler: str
    checker: str
    filled_on: str


ProblemKind = Literal["refused", "critical", "warning", "info"]
#: What calamine gives for a cell; a blank one is an empty text.
CellValue = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


@dataclass(frozen=True)
class TypedCell:
    """What a person typed into one cell: a formula or error value is its text, a number has its format code."""

    value: CellValue
    number_format: str = ""


@dataclass(frozen=True)
class Typed:
    """Everything typed, so that the workbook can be written anew without the file that came in.

    ``cells`` are by sheet name, row and column of the layout; ``past`` are the earlier figures shown beside
    the inputs (those of which only a text was shown have no value); ``notes`` the rows of 说明 by their number;
    ``message`` the reviewer's words on the cover.
    """

    cells: Mapping[tuple[str, int, int], TypedCell]
    past: tuple[Figure, ...] = ()
    notes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Problem:
    """Something that must be put right before the workbook can be taken.

    ``sheet`` and ``cell`` are empty when it is about the file; ``expected`` follows the word 应为, and is empty where
    nobody can tell it; ``why`` gives the reason and ends with what to do. ``kind`` is ``refused``, or the severity of a
    finding of the data audit that the centre is told of beforehand. ``cause`` is the same for findings that one mistake
    explains. ``confirm``: the workbook written anew for the centre no longer shows the mistake, so that somebody
    must say in it that it was mended. ``row`` is the name that the cell's row has in the sheet. ``persons`` are the
    data of persons that it is about; they are not kept with it.
    """

    sheet: str
    cell: str
    found: str
    expected: str
    why: str
    kind: ProblemKind = "refused"
    cause: str = ""
    confirm: bool = False
    row: str = field(default="", compare=False)
    persons: tuple[PersonalDatum, ...] = field(default=(), compare=False, repr=False)

    @property
    def where(self) -> str:
        """``工作表“企业养老”单元格 D7（期末参保人数）``, ``工作表“企业养老”`` or ``文件``."""
        if not self.sheet:
            return "文件"
        row = f"（{self.row}）" if self.row else ""
        return f"工作表“{self.sheet}”" + (f"单元格 {self.cell}{row}" if self.cell else "")

    @property
    def sentence(self) -> str:
        """One Chinese sentence: where, what was found, what was expected, what to do."""
        expected = f"，应为{self.expected}" if self.expected else ""
        return f"{self.where}：实际为{self.found}{expected}；{self.why}。"


@dataclass(frozen=True)
class Explanation:
    """A row of the sheet 说明, in catalogue ids and plain texts.

    Empty ``region``: all regions. Empty ``indicator``: all of ``insurance`` that are not provided or not applicable;
    what the audit warns of is explained by name only. ``sheet`` and ``cell`` tell where the text stands.
    """

    insurance: str
    indicator: str
    region: str
    text: str
    sheet: str = ""
    cell: str = ""

    def covers(self, insurance: str, indicator: str, region: str) -> bool:
        """Whether it explains a warning about this insurance, indicator and region (catalogue ids)."""
        return bool(self.indicator) and self.gives_reason(insurance, indicator, region)

    def gives_reason(self, insurance: str, indicator: str, region: str) -> bool:
        """Whether it says why this indicator is not provided or not applicable in this region (catalogue ids)."""
        return self.insurance == insurance and self.indicator in ("", indicator) and self.region in ("", region)


@dataclass(frozen=True)
class WorkbookReading:
    """The outcome of reading one file.

    ``cover`` is None when the file does not tell what it is. ``figures`` holds what could be read for
    certain, cell by cell; it is empty when file or layout are not as they were sent out. A cell with a
    problem gives no figure, nor does a blank one. ``tentative`` are also those of sheets that stand as they were
    sent in a workbook of which something else does not: enough to look for more mistakes, not to be taken.
    ``gather`` collects what ``typed`` gives: most workbooks
    are right, and nobody asks for it.
    """

    cover: Cover | None
    figures: tuple[Figure, ...]
    problems: tuple[Problem, ...]
    explanations: tuple[Explanation, ...]
    gather: Callable[[], Typed] | None = field(default=None, repr=False, compare=False)
    tentative: tuple[Figure, ...] = field(default=(), repr=False, compare=False)

    @cached_property
    def typed(self) -> Typed | None:
        """Everything typed; None when no workbook could be written from what was found."""
        return self.gather() if self.gather else None

    @property
    def is_accepted(self) -> bool:
        """Nothing stands against taking it."""
        return not self.problems
