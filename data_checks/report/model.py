"""What the quality report shows, all of it text ready to be read: the page and the printed sheets are made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from disclosure.catalog import Severity
from disclosure.figures.figures import Figure

Verdict = Literal["return", "explain", "explained", "pass"]
Key = tuple[str, str]

#: From how many findings of one cause on only the first few are unfolded.
_UNFOLDED = 4


class Earlier(Protocol):
    """A finding of the round before: one of an ``AuditResult`` or of our records."""

    rule: str
    severity: Severity
    region: str
    indicator: str
    centre: str
    value: str
    message: str


@dataclass(frozen=True)
class ReportContext:
    """What the report shows around the findings, beyond the audit's result.

    ``figures`` are those audited, ``history`` the earlier ones, ``only`` what a special cycle was opened for.
    ``before`` are the findings of the round before (None in the first round), ``accepted_by`` is who in finance let
    the findings stand. ``data_docs`` is the address of Great Expectations' own pages beside the report and
    ``sheets`` that of its PDF, empty without. ``revisions`` are sentences about published figures that later data has
    otherwise.
    """

    figures: Sequence[Figure] = ()
    history: Sequence[Figure] = ()
    only: Sequence[str] = ()
    before: Sequence[Earlier] | None = None
    before_round: int = 0
    accepted_by: str = ""
    data_docs: str = ""
    sheets: str = ""
    revisions: Sequence[str] = ()


@dataclass(frozen=True)
class ReportCell:
    """A cell of the workbook's row. ``mark``: ``this`` is the figure found, ``involved`` one it was compared with."""

    heading: str
    text: str
    mark: str = ""


@dataclass(frozen=True)
class Involved:
    """A figure that a finding was compared with."""

    name: str
    value: str
    where: str


@dataclass(frozen=True)
class ReportFinding:
    """One finding, all in words. ``number`` is the line it has in finance's form, 0 when it needs none.

    ``file_name`` is told where it stands in another file than its figure, as what a text says does.
    """

    id: str
    number: int
    rule: str
    rule_name: str
    severity: Severity
    period: str
    value: str
    expected: str
    compared: str
    difference: str
    message: str
    file_name: str
    cause: str
    state: str
    state_text: str
    change: str
    explanation: str
    explained_by: str
    suggestion: str
    involved: tuple[Involved, ...]


@dataclass(frozen=True)
class Subject:
    """One figure (or the whole table) with the findings of one cause at it, and what stands around it.

    ``name`` is ``楚雄市 · 失业保险 · 基金收入``, ``where`` ``工作表“失业保险”单元格 D7``; ``severity`` the worst.
    ``file_name`` is where the findings stand, ``row_file`` where the row of figures does. ``follows``: nothing is wrong
    with it but by another figure of its group.
    """

    id: str
    name: str
    severity: Severity
    centre: str
    centre_name: str
    value: str
    where: str
    file_name: str
    lines: tuple[ReportFinding, ...]
    row_caption: str
    row: tuple[ReportCell, ...]
    row_file: str
    series: str
    chart: str
    next_steps: tuple[str, ...]
    follows: bool = False

    @property
    def widest(self) -> int:
        """How many characters the longest number of the row has."""
        return max((len(cell.text) for cell in self.row), default=0)


@dataclass(frozen=True)
class Group:
    """Findings of one cause; ``severity`` is the worst of theirs."""

    id: str
    severity: Severity
    cause: str
    count: str
    figures: str
    subjects: tuple[Subject, ...]

    @property
    def findings(self) -> int:
        """How many findings the cause has."""
        return sum(len(subject.lines) for subject in self.subjects)

    @property
    def own(self) -> tuple[Subject, ...]:
        """The figures that the mistake was made at."""
        return tuple(subject for subject in self.subjects if not subject.follows)

    @property
    def consequences(self) -> tuple[Subject, ...]:
        """The figures that are only upset by it."""
        return tuple(subject for subject in self.subjects if subject.follows)

    @property
    def unfolded(self) -> int:
        """How many of its own figures are shown unfolded at first."""
        return len(self.own) if len(self.own) <= _UNFOLDED else _UNFOLDED - 1


@dataclass(frozen=True)
class ReportSection:
    """The causes whose worst finding is of one severity; ``heading_count`` says how many, and what they led to."""

    severity: Severity
    name: str
    meaning: str
    heading_count: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class CentreLine:
    """A centre's counts by severity, each with the id of the first finding it counts (empty for none)."""

    id: str
    name: str
    counts: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class CoverageLine:
    """How a rule fared; the shares (per cent) of what it compared that held, did not, and could not be compared."""

    rule: str
    name: str
    description: str
    basis: str
    thresholds: str
    severity: Severity
    checked: int
    skipped: int
    failed: int
    status: str
    status_text: str
    error: str
    shares: tuple[float, float, float]


@dataclass(frozen=True)
class ChangeLine:
    """A finding of this or the last round in the list of changes; ``target`` is empty when it is gone."""

    kind: str
    severity: str
    rule: str
    name: str
    value: str
    message: str
    target: str


@dataclass(frozen=True)
class QualityReport:
    """The report, all text ready to be shown.

    ``verdict_text``, ``why``, ``main_causes``, ``more_causes`` and ``next_lead`` are what leaders read: ten lines at
    most.
    """

    title: str
    publisher: str
    profile: str
    period: str
    round_number: int
    made_at: str
    made_on: str
    demo: bool
    verdict: Verdict
    verdict_text: str
    why: tuple[str, ...]
    main_causes: tuple[tuple[str, Severity, str, str], ...]
    more_causes: str
    next_lead: str
    tally: tuple[tuple[Severity, str, int], ...]
    centres: tuple[CentreLine, ...]
    sections: tuple[ReportSection, ...]
    not_run: tuple[CoverageLine, ...]
    changes_lead: str
    changes: tuple[ChangeLine, ...]
    coverage_lead: str
    coverage_legend: str
    coverage: tuple[CoverageLine, ...]
    signature: tuple[tuple[str, str, bool], ...]
    words: Mapping[str, Any]
    data_docs: str
    sheets: str
    revisions: tuple[str, ...] = ()
