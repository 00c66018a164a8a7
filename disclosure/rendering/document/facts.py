"""What a disclosure document is made from: figures in printed order with the figures they are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator, Insurance
from disclosure.figures.comparison import Comparison, bases_of, bases_since_last, compare, name_bases
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError
from disclosure.rendering.document.phrases import Phrases, fill_text, load_phrases


def key_text(figure: Figure) -> str:
    """``region/indicator/period``, the address of an observation in every channel."""
    return "/".join(figure.key)


@dataclass(frozen=True)
class Facts:
    """What the document is made from. ``indicators`` are in printed order; ``figures`` include the missing ones.

    ``bases`` are what each is compared with; ``last`` the end of the period before this one, where that is another
    day than last year's end.
    """

    catalog: Catalog
    phrases: Phrases
    period: Period
    indicators: tuple[Indicator, ...]
    figures: Mapping[tuple[str, str], Figure]
    bases: Mapping[tuple[str, str], Figure]
    last: Mapping[tuple[str, str], Figure]

    def of(self, insurance: str, section: str = "") -> tuple[Indicator, ...]:
        """Return the indicators of an insurance, or of one of its sections."""
        return tuple(i for i in self.indicators if i.insurance == insurance and section in {"", i.section})

    def whole(self, indicator: str) -> Figure | None:
        """Return the figure of the whole prefecture."""
        return self.figures.get((self.catalog.prefecture.code, indicator))

    @property
    def insurances(self) -> Iterator[Insurance]:
        """Insurances with at least one figure, in printed order."""
        present = {indicator for _, indicator in self.figures}
        ids = dict.fromkeys(indicator.insurance for indicator in self.indicators if indicator.id in present)
        return (self.catalog.insurances[name] for name in ids)

    def compared(self, figure: Figure) -> Comparison | None:
        """Against what the catalogue says it is compared with."""
        return compare(self.catalog, figure, self.bases.get((figure.region, figure.indicator)))

    def since_last(self, figure: Figure) -> Comparison | None:
        """Against the end of the period before this one; None for what is not counted at an end."""
        return compare(self.catalog, figure, self.last.get((figure.region, figure.indicator)))

    @property
    def base_name(self) -> str:
        """What the column of bases is called."""
        return name_bases(self.catalog, self.period)

    def in_prose(self, printed: str) -> str:
        """Return a printed number with the separators that sentences have."""
        return printed.replace(",", self.phrases.thousands_separator)

    def change(self, figure: Figure) -> str:
        """How the figure moved, in the official words; empty where there is nothing to compare with."""
        compared = self.compared(figure)
        if compared is None:
            return ""
        words = self.phrases.changes[self.catalog.comparisons.base_of(self.catalog.indicators[figure.indicator])]
        rising = compared.difference > 0
        if compared.difference == 0:
            phrase = words.flat
        elif figure.unit in self.phrases.points:
            phrase = words.up_points if rising else words.down_points
        elif compared.percent is None:
            phrase = words.up_amount if rising else words.down_amount
        elif compared.percent == 0:
            phrase = words.up_little if rising else words.down_little
        else:
            phrase = words.up if rising else words.down
        return fill_text(
            phrase,
            difference=self.in_prose(grouped(abs(compared.difference))),
            unit=figure.unit,
            percent="" if compared.percent is None else self.in_prose(grouped(abs(compared.percent))),
            points=self.phrases.points.get(figure.unit, ""),
        )


def gather(
    catalog: Catalog,
    period: Period,
    figures: Sequence[Figure],
    *,
    earlier: Sequence[Figure],
    only: tuple[str, ...],
) -> Facts:
    """Put figures and what they are compared with, out of ``earlier`` ones, in place; name what is missing."""
    phrases = load_phrases(catalog)
    asked = catalog.indicators_for(period, only=only)
    given = _index(catalog, period, figures)
    known = {indicator for _, indicator in given}
    listed = {**catalog.reported, **catalog.indicators}.values()
    indicators = tuple(_in_printed_order(catalog, [i for i in listed if i in asked or i.id in known]))
    found: dict[tuple[str, str], Figure] = {}
    for indicator in indicators:
        required = indicator in asked and catalog.requires(indicator, period, only)
        reporting = {region.code for region in catalog.regions_for(indicator)}
        for region in catalog.regions:
            if (region, indicator.id) in given:
                found[region, indicator.id] = given[region, indicator.id]
            elif required and region in reporting:
                found[region, indicator.id] = Figure(
                    region, indicator.id, period, indicator.unit, state="not_provided", centre=indicator.centre
                )
    bases, last = bases_of(catalog, period, earlier), bases_since_last(catalog, period, earlier)
    return Facts(catalog, phrases, period, indicators, found, bases, last)


def _index(catalog: Catalog, period: Period, figures: Sequence[Figure]) -> dict[tuple[str, str], Figure]:
    found: dict[tuple[str, str], Figure] = {}
    for figure in figures:
        place = (figure.region, figure.indicator)
        if figure.period != period:
            raise DisclosureError(f"{key_text(figure)} 不是{period.label}的数据，请核对后重新汇总。")
        if figure.indicator not in catalog.indicators or figure.region not in catalog.regions:
            raise DisclosureError(f"{key_text(figure)} 的地区或指标不在目录里，请核对地区代码和指标编号。")
        if place in found:
            raise DisclosureError(f"{key_text(figure)} 有两个数，请只保留一个后重新汇总。")
        found[place] = figure
    return found


def _in_printed_order(catalog: Catalog, wanted: Sequence[Indicator]) -> Iterator[Indicator]:
    """By insurance, as they are first named; in each by section, parts behind their total, otherwise as they come."""
    ids = {indicator.id for indicator in wanted}

    def family(indicator: Indicator) -> Iterator[Indicator]:
        yield indicator
        for part in wanted:
            if part.part_of == indicator.id:
                yield from family(part)

    for insurance in dict.fromkeys(indicator.insurance for indicator in wanted):
        for section in catalog.sections:
            for indicator in wanted:
                is_head = indicator.part_of not in ids
                if is_head and (indicator.insurance, indicator.section) == (insurance, section):
                    yield from family(indicator)


def grouped(value: Decimal) -> str:
    """``1,234.50``: thousands separators, all decimals."""
    return f"{value:,f}"
