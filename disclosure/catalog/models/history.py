"""Published figures of earlier periods: the words of their tables, and errors known in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from disclosure.platform.fact import Fact, Name


class PrintedValue(Fact):
    """A value and its unit, as they are printed."""

    value: Name
    unit: Name


class ErrorPlace(Fact):
    """Where a wrong value stands, in the source's own words; ``indicator`` lists every way it is written."""

    file: Name
    region: Name
    period: Name
    insurance: Name
    indicator: tuple[Name, ...] = Field(min_length=1)


class KnownError(Fact):
    """A value that is wrong in its source, with the evidence.

    ``shows`` is the wrong value; it is wrong wherever it is shown. ``corrected`` is the right one where it is
    known. ``status``: ``open`` nobody was told, ``reported`` the publisher was, ``mended`` the source shows
    another value now. ``expect``: ``shown`` as long as ``where.file`` should still show the wrong value, ``gone``
    once it is mended; an import of that file that shows otherwise is told.
    """

    id: str = Field(pattern=r"^E\d{2,3}$")
    where: ErrorPlace
    shows: PrintedValue
    reason: Name
    reported_by: Name
    status: Literal["open", "reported", "mended"]
    corrected: PrintedValue | None = None
    expect: Literal["shown", "gone"]

    @model_validator(mode="after")
    def _expects_what_the_status_says(self) -> KnownError:
        if (self.status == "mended") != (self.expect == "gone"):
            raise ValueError("status 为 mended 时 expect 应为 gone，否则应为 shown")
        return self


class CauseWords(Fact):
    """What people read of rows that were not taken: the cause, and what to do about it."""

    title: Name
    advice: Name


class ImportWords(Fact):
    """The words of published tables: headings of columns, labels that say of which kind a figure is.

    ``labels``: ``stock`` end of period, ``flow`` from the year's beginning, ``single`` one month or quarter
    alone; they stand in a column of their own, in brackets behind a name or a period, or (``label_prefixes``)
    before a name. ``whole_year`` labels speak of a year only. ``period_notes`` stand in brackets behind a period
    and say which document it is from. ``states`` stand in the place of a value that was not given or does not exist;
    ``state_reason`` is said of it where the table gives no reason. ``example`` is a row in the order of the six columns
    that must be there.
    """

    example: tuple[Name, ...]
    columns: dict[str, tuple[Name, ...]]
    labels: dict[Literal["stock", "flow", "single"], tuple[Name, ...]]
    label_prefixes: tuple[Name, ...]
    whole_year: tuple[Name, ...]
    period_notes: tuple[Name, ...]
    states: dict[Literal["not_provided", "not_applicable"], tuple[Name, ...]]
    state_reason: Name
    causes: dict[str, CauseWords]
