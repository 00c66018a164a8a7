"""What stands around a finding: its name, its cell, its row of the workbook, its series, what it was compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property

from data_checks.findings import AuditFinding, AuditResult
from data_checks.report.model import Earlier, Involved, Key, ReportCell, ReportContext
from data_checks.report.sparklines import sparkline
from data_checks.wording import causes
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator, Severity
from disclosure.collection.workbook.layout import address, lay_out
from disclosure.figures.comparison import compared_with
from disclosure.figures.figures import Figure, FigureSource
from disclosure.platform.wording import words_beside

#: Points of a series told in words.
_POINTS = 6
#: The wording of the report.
words_of_report = words_beside(__file__)


class Surroundings:
    """The figures of an audit beside its findings, and ids turned into words."""

    def __init__(self, catalog: Catalog, period: Period, result: AuditResult, context: ReportContext) -> None:
        self.catalog, self.period, self.result, self.context = catalog, period, result, context
        self.words = words_of_report()
        self.now: dict[Key, Figure] = {}
        for figure in context.figures:
            self.now.setdefault((figure.region, figure.indicator), figure)
        self.past: dict[Key, dict[Period, Figure]] = defaultdict(dict)
        for figure in context.history:
            self.past[figure.region, figure.indicator][figure.period] = figure
        self.places = {id(finding): place for place, finding in enumerate(result.findings, 1)}
        unexplained = [f for f in result.findings if f.severity == "warning" and not f.explanation]
        self.numbers = {id(finding): number for number, finding in enumerate(unexplained, 1)}
        self.open = 0 if context.accepted_by else len(unexplained)

    def where(self, finding: AuditFinding) -> str:
        """Return the cell it stands in; for what was not handed in, the cell of the workbook where it belongs."""
        belongs = self.cells.get((finding.region, finding.indicator), FigureSource())
        return finding.source.label or belongs.label

    @cached_property
    def cells(self) -> dict[Key, FigureSource]:
        """Every input cell of the workbooks that this period's centres are sent."""
        centres = {i.centre for i in self.catalog.indicators_for(self.period, only=self.context.only)}
        return {
            (region.code, indicator.id): FigureSource(sheet=sheet.name, cell=address(row, column))
            for centre in centres
            for sheet in lay_out(self.catalog, self.period, centre, self.context.only).sheets
            for indicator, region, row, column in sheet.inputs()
        }

    def name(self, finding: Earlier | AuditFinding) -> str:
        """``楚雄市 · 失业保险 · 基金收入``, with ids where the catalogue knows none; empty for the whole table."""
        indicator = self.catalog.indicators.get(finding.indicator)
        insurance = self.catalog.insurances[indicator.insurance].short_name if indicator else ""
        names = (self.region_name(finding.region), insurance, indicator.name if indicator else finding.indicator)
        return " · ".join(filter(None, names))

    def region_name(self, code: str) -> str:
        """Return the short name that people use for the prefecture, else the name."""
        region = self.catalog.regions.get(code)
        if region is None:
            return code
        return region.aliases[0] if region.level == "prefecture" and region.aliases else region.name

    def id_of(self, finding: AuditFinding) -> str:
        """Return the anchor of a finding."""
        return f"f{self.places[id(finding)]}"

    def centre_name(self, centre: str) -> str:
        """Return the name of a centre, or that it is about the whole table."""
        office = self.catalog.offices.get(centre)
        return (office.name if office else centre) or self.words["whole_table"]

    def row(self, findings: Sequence[AuditFinding], indicator: Indicator | None) -> tuple[str, tuple[ReportCell, ...]]:
        """Return the indicator's row of the workbook: the region's own past, named, then every region now."""
        if indicator is None or indicator.kind == "text" or not self.now:
            return "", ()
        words = self.words["row"]
        own = findings[0].region
        earlier = self.past.get((own, indicator.id), {})
        cells = [
            ReportCell(words["past"].format(region=self.region_name(own), period=when.label), earlier[when].printed)
            for when in dict.fromkeys(filter(None, self._looked_back_on(indicator)))
            if when in earlier
        ]
        involved = {key for finding in findings for key in finding.involved}
        for region in self.catalog.regions_for(indicator):
            figure = self.now.get((region.code, indicator.id))
            mark = "this" if region.code == own else ""
            mark = mark or ("involved" if (region.code, indicator.id) in involved else "")
            cells.append(ReportCell(self.region_name(region.code), figure.printed if figure else words["unsaid"], mark))
        caption = words["caption"].format(
            insurance=self.catalog.insurances[indicator.insurance].short_name,
            indicator=indicator.name,
            unit=words["unit"].format(unit=indicator.unit) if indicator.unit else "",
        )
        return caption, tuple(cells)

    def _looked_back_on(self, indicator: Indicator) -> tuple[Period | None, ...]:
        """Return the period before, the one ``indicator`` is compared with, and that of a year ago, which rules use."""
        period = self.period
        return (period.previous(), compared_with(self.catalog, indicator, period), period.year_before())

    def involved(self, finding: AuditFinding) -> tuple[Involved, ...]:
        """Return the figures of other rows that took part; those of the same row are marked in it."""
        told = []
        for region_code, indicator_id in finding.involved:
            figure = self.now.get((region_code, indicator_id))
            indicator, region = self.catalog.indicators.get(indicator_id), self.catalog.regions.get(region_code)
            if figure is None or indicator is None or region is None or indicator_id == finding.indicator:
                continue
            insurance = self.catalog.insurances[indicator.insurance].short_name
            name = " · ".join((self.region_name(region_code), insurance, indicator.name))
            told.append(Involved(name, with_its_unit(figure), figure.source.label))
        return tuple(told)

    def series(
        self, findings: Sequence[AuditFinding], severity: Severity, indicator: Indicator | None
    ) -> tuple[str, str]:
        """Return the figure's series in words and drawn: for a year-to-date figure the same period of other years."""
        figure = self.now.get((findings[0].region, findings[0].indicator))
        if indicator is None or indicator.kind == "text" or figure is None or figure.value is None:
            return "", ""
        words = self.words["series"]
        unit = self.catalog.units[indicator.unit]
        earlier = [
            (when, self.in_unit(old, indicator))
            for when, old in sorted(
                self.past.get(figure.key[:2], {}).items(), key=lambda pair: (pair[0].year, pair[0].end_month)
            )
            if (indicator.kind != "flow" or when.kind == self.period.kind) and _month(when) < _month(self.period)
        ]
        known = [(when, value) for when, value in earlier if value is not None]
        now = self.in_unit(figure, indicator)
        if not known or now is None:
            return str(words["none"]), ""
        points = [*known[-_POINTS + 1 :], (self.period, now)]
        told = "；".join(
            words["point"].format(period=when.label, value=causes.printed(value * unit.factor, unit))
            for when, value in points
        )
        description = words["label"].format(name=indicator.name, points=told)
        band = next((finding.band for finding in findings if finding.band), None)
        if band is not None:
            low, high = band
            band = (low / unit.factor, high / unit.factor)
            key = "line" if low == high else "band"
            shown = {
                side: causes.printed(amount.quantize(unit.factor / 10**unit.decimals), unit)
                for side, amount in (("low", low), ("high", high))
            }
            description += words[key].format(**shown)
        return description, sparkline([value for _, value in points], severity, description, band)

    def in_unit(self, figure: Figure, indicator: Indicator) -> Decimal | None:
        """Return a figure's value in its indicator's unit; None when it has none or is measured in something else."""
        unit, own = self.catalog.units.get(figure.unit), self.catalog.units[indicator.unit]
        if figure.value is None or not figure.value.is_finite() or unit is None or unit.base != own.base:
            return None
        return figure.value * unit.factor / own.factor


def with_its_unit(figure: Figure) -> str:
    """Return the printed value with its unit."""
    return causes.with_unit(figure.printed, figure.unit) if figure.value is not None else figure.printed


def _month(period: Period) -> tuple[int, int]:
    return period.year, period.end_month
