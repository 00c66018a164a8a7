"""The quality report: the one page by which the finance reviewer decides."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from data_checks.findings import SEVERITIES, AuditResult, Finding
from disclosure.catalog import Catalog, Severity
from disclosure.errors import DisclosureError
from disclosure.periods import Period

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "report"
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Subject:
    """One figure (or the whole table) with everything found at it in one severity.

    ``region`` and ``indicator`` are names, or the ids handed in where the catalogue knows none.
    """

    region: str
    insurance: str
    indicator: str
    value: str
    where: str
    file_name: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class CentreGroup:
    """The subjects of one centre in one severity; ``name`` is empty for the table as a whole."""

    name: str
    count: int
    subjects: tuple[Subject, ...]


@dataclass(frozen=True)
class Section:
    """All findings of one severity."""

    severity: Severity
    count: int
    centres: tuple[CentreGroup, ...]


@dataclass(frozen=True)
class CentreCounts:
    """A line of the table of counts."""

    name: str
    counts: tuple[int, ...]


def render_quality_report(
    catalog: Catalog, period: Period, result: AuditResult, *, round_number: int, made_at: dt.datetime, demo: bool
) -> str:
    """One self-contained HTML page in Chinese: no script, no outside address, printable on A4.

    ``round_number`` is the review round; ``made_at`` an aware time, shown in Asia/Shanghai; ``demo``
    labels the page 演示.

    Raises:
        DisclosureError: when ``made_at`` has no time zone or ``result`` is of another period.
    """
    if made_at.tzinfo is None:
        raise DisclosureError("数据质量报告的生成时间没有时区，请给出带时区的时间。")
    if result.period != period:
        raise DisclosureError(f"审核结果是{result.period.label}的，不能用于{period.label}的数据质量报告。")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("quality.html.j2").render(
        profile=catalog.profile,
        period=period,
        result=result,
        round_number=round_number,
        made_at=made_at.astimezone(SHANGHAI),
        demo=demo,
        verdict="return" if result.is_blocking else "explain" if result.count("warning") else "pass",
        severities=SEVERITIES,
        centres=_counts(catalog, result),
        sections=_sections(catalog, result),
        comparisons=sum(rule.checked for rule in result.rules),
    )


def _counts(catalog: Catalog, result: AuditResult) -> list[CentreCounts]:
    """Every centre, those without findings too, and whatever belongs to no centre that has some."""
    known = {centre.id: centre.name for centre in catalog.centres}
    others = {f.centre: _centre_name(catalog, f.centre) for f in result.findings if f.centre not in known}
    return [
        CentreCounts(
            name,
            tuple(
                sum(f.centre == centre and f.severity == severity for f in result.findings) for severity in SEVERITIES
            ),
        )
        for centre, name in (known | others).items()
    ]


def _sections(catalog: Catalog, result: AuditResult) -> list[Section]:
    sections = []
    for severity in SEVERITIES:
        found = [finding for finding in result.findings if finding.severity == severity]
        groups = []
        for centre, of_centre in groupby(found, key=lambda finding: finding.centre):
            members = list(of_centre)
            subjects = tuple(
                _subject(catalog, list(same))
                for _, same in groupby(members, key=lambda f: (f.region, f.indicator, f.source))
            )
            groups.append(CentreGroup(_centre_name(catalog, centre), len(members), subjects))
        if found:
            sections.append(Section(severity, len(found), tuple(groups)))
    return sections


def _subject(catalog: Catalog, findings: list[Finding]) -> Subject:
    first = findings[0]
    region = catalog.regions.get(first.region)
    indicator = catalog.indicators.get(first.indicator)
    return Subject(
        region=region.name if region else first.region,
        insurance=catalog.insurances[indicator.insurance].short_name if indicator else "",
        indicator=indicator.name if indicator else first.indicator,
        value=first.value,
        where=first.source.label,
        file_name=first.source.file_name,
        findings=tuple(findings),
    )


def _centre_name(catalog: Catalog, centre: str) -> str:
    office = catalog.offices.get(centre)
    return office.name if office else centre
