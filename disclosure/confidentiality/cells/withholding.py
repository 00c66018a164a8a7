"""What is withheld of a period's figures, why, and what an outsider can work out of it all the same."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from disclosure.catalog import Catalog
from disclosure.confidentiality.cells.linear_table import LinearTable
from disclosure.confidentiality.cells.rules import rule_book
from disclosure.confidentiality.cells.structure import Place, PublicStatement, Structure, build_structure
from disclosure.figures.figures import WITHHELD, Figure

if TYPE_CHECKING:
    from disclosure.confidentiality.cells.attack import Interval

#: ``small``: too few people; ``few``: an amount of too few; ``complement``: else one of those could be worked out;
#: ``derived``: a rate or mean of one that is withheld.
Cause = Literal["small", "few", "complement", "derived"]


@dataclass(frozen=True)
class WithheldFigure:
    """A figure that is not shown; ``low`` to ``high`` (or more: ``is_open``) is all an outsider can work out of it.

    Both are plain numbers in the figure's unit, empty where nothing leads to it. ``is_protected``: that is wide enough.
    """

    region: str
    indicator: str
    cause: Cause
    low: str = ""
    high: str = ""
    is_open: bool = False
    is_protected: bool = True

    @property
    def place(self) -> Place:
        """Its region and indicator."""
        return (self.region, self.indicator)


@dataclass(frozen=True)
class Withholding:
    """What is withheld of one round. ``exposed``: places, by period, that no withholding protects any more.

    ``shown_before``: small figures that the public has already, in an earlier version or elsewhere. ``cost`` is what is
    lost by the catalogue's weights, ``bound`` what any safe choice loses at least, ``searched`` how many figures and
    sums were looked at. ``insiders``: by a part of the prefecture that knows its own figures, the region and indicator
    of those it comes closer to than an outsider may. ``salt``: what nobody can guess, for digests that the public
    reads: else a withheld figure could be found by trying, as all the rest of what is digested is known.
    """

    figures: tuple[WithheldFigure, ...] = ()
    exposed: tuple[tuple[str, str, str], ...] = ()
    shown_before: tuple[Place, ...] = ()
    cost: int = 0
    bound: int = 0
    searched: tuple[int, int] = (0, 0)
    insiders: tuple[tuple[str, str, str], ...] = ()
    salt: str = ""

    @property
    def places(self) -> frozenset[Place]:
        """Where nothing is shown."""
        return frozenset(figure.place for figure in self.figures)

    @property
    def is_safe(self) -> bool:
        """Whether no attack succeeds."""
        return not self.exposed and all(figure.is_protected for figure in self.figures)

    def as_record(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)

    @classmethod
    def of_record(cls, kept: Mapping[str, Any]) -> Withholding:
        """Return what was kept; of nothing, nothing is withheld."""
        searched = kept.get("searched", (0, 0))
        return cls(
            figures=tuple(WithheldFigure(**each) for each in kept.get("figures", ())),
            exposed=tuple((period, region, indicator) for period, region, indicator in kept.get("exposed", ())),
            shown_before=tuple((region, indicator) for region, indicator in kept.get("shown_before", ())),
            cost=kept.get("cost", 0),
            bound=kept.get("bound", 0),
            searched=(searched[0], searched[1]),
            salt=kept.get("salt", ""),
            insiders=tuple((knows, region, indicator) for knows, region, indicator in kept.get("insiders", ())),
        )


NOTHING_WITHHELD = Withholding()


def plan_withholding(catalog: Catalog, now: PublicStatement, before: Sequence[PublicStatement]) -> Withholding:
    """Plan what is not shown of ``now``, given all that was published of its year ``before``, and attack the plan."""
    if not catalog.cell_rules.is_applied:
        return Withholding()
    structure = build_structure(catalog, rule_book(catalog), before, now)
    table = structure.table
    searched = (len(structure.cells_of), len(table.equations))
    shown_before = tuple(
        place
        for place, number in structure.cells_of.items()
        if table.cells[number].is_known and table.cells[number].protection
    )
    if not table.sensitive:
        return Withholding(shown_before=shown_before, searched=searched)
    # The solver takes half a second to load, and most rounds have nothing to withhold.
    from disclosure.confidentiality.cells.attack import attack, find_exposed  # noqa: PLC0415
    from disclosure.confidentiality.cells.protection import suppress  # noqa: PLC0415

    chosen = suppress(table)
    intervals = attack(table, chosen.withheld)
    exposed = {*chosen.exposed, *find_exposed(table, chosen.withheld, intervals)}
    place_of = {number: place for place, number in structure.cells_of.items()}
    figures = [
        _withheld(catalog, structure, place_of[number], intervals[number], number in exposed)
        for number in sorted(chosen.withheld)
    ]
    places = {figure.place for figure in figures}
    figures += [WithheldFigure(*place, cause="derived") for place in _derived(catalog, now, places)]
    return Withholding(
        figures=tuple(figures),
        exposed=tuple(structure.names[number] for number in sorted(exposed)),
        shown_before=shown_before,
        cost=chosen.cost,
        bound=round(chosen.bound),
        searched=searched,
        insiders=tuple(_insiders(structure, chosen.withheld, exposed)),
        salt=secrets.token_hex(32),
    )


def _insiders(
    structure: Structure, withheld: Collection[int], exposed: Collection[int]
) -> Iterator[tuple[str, str, str]]:
    """Yield what each region that has something withheld could work out of the others', knowing its own."""
    from disclosure.confidentiality.cells.attack import find_exposed  # noqa: PLC0415 - the solver takes half a second

    table = structure.table
    region_of = {number: structure.names[number][1] for number in withheld}
    for knows in dict.fromkeys(region_of[number] for number in sorted(withheld)):
        own = {number for number in withheld if region_of[number] == knows}
        if len(own) == len(withheld):
            continue
        cells = [replace(cell, is_known=cell.is_known or number in own) for number, cell in enumerate(table.cells)]
        for number in find_exposed(LinearTable(cells, table.equations), set(withheld) - own):
            if number not in exposed and number in region_of:
                yield (knows, region_of[number], structure.names[number][2])


def find_given_away(
    catalog: Catalog, now: PublicStatement, before: Sequence[PublicStatement], withheld: Collection[Place]
) -> list[tuple[str, str, str]]:
    """Attack ``now`` as it is to be shown, together with all that was published ``before``.

    Return the period, region and indicator of every figure that comes out too exactly, whatever was planned.
    """
    if not catalog.cell_rules.is_applied:
        return []
    structure = build_structure(catalog, rule_book(catalog), before, now)
    if not structure.table.sensitive:
        return []
    from disclosure.confidentiality.cells.attack import find_exposed  # noqa: PLC0415 - the solver takes half a second

    hidden = {number for place, number in structure.cells_of.items() if place in withheld}
    return [structure.names[number] for number in find_exposed(structure.table, hidden)]


def _withheld(
    catalog: Catalog, structure: Structure, place: Place, found: Interval, is_exposed: bool
) -> WithheldFigure:
    region, indicator = place
    number = structure.cells_of[place]
    cell = structure.table.cells[number]
    figure = structure.figures[place]
    unit = catalog.units[figure.unit]
    quantum = structure.quanta[unit.base] / unit.factor
    cause: Cause = "complement"
    if cell.protection is not None:
        cause = "small" if unit.is_counted else "few"
    return WithheldFigure(
        region,
        indicator,
        cause,
        low=f"{_plain(found.low * quantum)}",
        high=f"{_plain(found.high * quantum)}",
        is_open=found.is_open,
        is_protected=not is_exposed,
    )


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


def _derived(catalog: Catalog, now: PublicStatement, withheld: Collection[Place]) -> Iterator[Place]:
    """Yield the rates and means that are made of a withheld figure: two of three numbers give the third."""
    for ratio in catalog.ratios.values():
        for insurance in ratio.for_each if ratio.stated else ():
            stated = catalog.indicator_id(insurance, ratio.stated)
            parts = {
                catalog.indicator_id(insurance, part)
                for quotient in ratio.quotients
                for part in (*quotient.numerator, *quotient.denominator)
            }
            for region in catalog.regions:
                figure = now.figures.get((region, stated))
                if (
                    figure is not None
                    and figure.value is not None
                    and any((region, part) in withheld for part in parts)
                ):
                    yield (region, stated)


def in_public_form(figures: Sequence[Figure], withheld: Collection[Place]) -> tuple[Figure, ...]:
    """Return ``figures`` as the public may have them: of what is withheld there is no value, and no word about it.

    Everything that is printed is made of these: what they do not hold can stand in no byte.
    """
    return tuple(
        replace(figure, value=None, text="", state=WITHHELD)
        if (figure.region, figure.indicator) in withheld and figure.value is not None
        else figure
        for figure in figures
    )
