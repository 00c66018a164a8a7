"""What the audit says of figures published before, when they are taken in: each period beside all others known.

A figure of the past is found wrong by what it does not agree with in its own period, or when a later or earlier
period's audit doubts it rather than its own. Only what comes in is told of: what stands already was told before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from data_checks.audit import run_audit
from data_checks.findings import AuditFinding
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.figures.figures import Figure

FigureKey = tuple[str, str, str]


@dataclass(frozen=True)
class HistoryDoubt:
    """Something said of a figure that comes in; ``is_grave`` where the rule is one that nobody may pass."""

    figure: Figure
    finding: AuditFinding
    is_grave: bool


def audit_history(catalog: Catalog, coming: Sequence[Figure], standing: Iterable[Figure]) -> tuple[HistoryDoubt, ...]:
    """Return what is said of ``coming`` among themselves and beside ``standing``, whose keys they take.

    Each figure is told of once by each rule. What is missing in the past is not asked for.
    """
    new = {figure.key: figure for figure in coming}
    every = [*(figure for figure in standing if figure.key not in new), *coming]
    by_period: dict[Period, list[Figure]] = {}
    for figure in every:
        by_period.setdefault(figure.period, []).append(figure)
    found: dict[tuple[FigureKey, str], HistoryDoubt] = {}
    for period in _concerned({figure.period for figure in coming}, by_period):
        others = [figure for when, figures in by_period.items() if when != period for figure in figures]
        result = run_audit(catalog, period, by_period[period], others, excused_centres=tuple(catalog.offices))
        for finding in result.findings:
            is_grave = catalog.audited[finding.rule].severity == "critical"
            for key in _blamed(finding):
                if key in new and finding.severity != "info":
                    doubt = HistoryDoubt(new[key], finding, is_grave)
                    found.setdefault((key, finding.rule), doubt)
    place = {figure.key: number for number, figure in enumerate(coming)}
    return tuple(sorted(found.values(), key=lambda doubt: (not doubt.is_grave, place[doubt.figure.key])))


def _concerned(coming: set[Period], known: Iterable[Period]) -> Iterator[Period]:
    """Yield the periods that come in, and those compared with one of them."""
    for period in sorted(known, key=lambda each: (each.year, each.end_month, each.id)):
        compared = (period.previous(), period.previous_in_year(), period.year_before(), period.last_year_end())
        if period in coming or coming & set(filter(None, compared)):
            yield period


def _blamed(finding: AuditFinding) -> Iterator[FigureKey]:
    """Yield the figures that a finding doubts: of the periods it weighed, or the one its group is named after."""
    if finding.doubted:
        yield from ((finding.region, finding.indicator, period) for period in finding.doubted)
        return
    region, _, indicator = finding.cause_group.rpartition("/")
    named = {(finding.region, finding.indicator), *finding.involved}
    blamed = (region, indicator) if (region, indicator) in named else (finding.region, finding.indicator)
    yield (*blamed, finding.period)
