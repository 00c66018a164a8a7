"""Checks of one period on the long table: structure, domain, counties and wholes, and the text beside them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from data_checks import causes
from data_checks.checking import Checked, Violation, amounts, check, numeric, present
from data_checks.findings import messages
from data_checks.identities import stands
from data_checks.tables import Amount, Row, Tables, expected_form, form_of, has_content, place_of
from disclosure.catalog import Catalog, Indicator, Region, Rule

# --- structure ---------------------------------------------------------------------------------------


@check
def complete(tables: Tables, _rule: Rule) -> Checked:
    """A figure, or a state with its reason, for every required indicator and region."""
    done = Checked()
    words = messages()["words"]
    for row in tables.rows:
        done.compared += 1
        figure = row.figure
        if figure is None:
            excused = tables.centre(row) in tables.excused_centres
            done.violations.append(
                Violation("complete.excused", row, _centre_words(tables, row), severity="info", kind="missing")
                if excused
                else Violation("complete", row, kind="missing")
            )
        elif not has_content(figure):
            key = "complete.empty" if figure.state == "reported" else "complete.no_reason"
            done.violations.append(Violation(key, row, {"state": words[figure.state]}))
    return done


@check
def unique(tables: Tables, _rule: Rule) -> Checked:
    """One figure per region, indicator and period; every one of several is found."""
    done = Checked()
    together: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in tables.rows:
        done.compared += 1
        together[row.region, row.indicator_id].append(row)
    glue = messages()["list_of_places"]
    for rows in together.values():
        for row in rows if len(rows) > 1 else ():
            others = glue.join(_place(other) for other in rows if other is not row)
            done.violations.append(Violation("unique", row, {"count": len(rows), "others": others}))
    return done


@check
def known_region(tables: Tables, _rule: Rule) -> Checked:
    """A region of the catalogue, and only the whole for an indicator that is not by county."""
    done = Checked()
    for row in present(tables, done):
        if row.region not in tables.catalog.regions:
            done.violations.append(Violation("known_region", row, {"region_id": row.region}))
        elif place_of(tables.catalog, row) != row.region:
            whole = {"prefecture": tables.catalog.prefecture.name}
            done.violations.append(Violation("known_region.whole_only", row, whole))
    return done


@check
def known_indicator(tables: Tables, _rule: Rule) -> Checked:
    """An indicator that this profile reports."""
    done = Checked()
    for row in present(tables, done):
        if row.indicator is None:
            done.violations.append(Violation("known_indicator", row, {"indicator_id": row.indicator_id}))
    return done


@check
def unit(tables: Tables, _rule: Rule) -> Checked:
    """The catalogue's unit."""
    done = Checked()
    for row, figure, indicator in numeric(tables):
        done.compared += 1
        if figure.unit != indicator.unit:
            done.violations.append(
                Violation("unit", row, {"unit": figure.unit, "unit_expected": indicator.unit}, kind="form")
            )
    return done


@check
def centre(tables: Tables, _rule: Rule) -> Checked:
    """Handed in by the centre that answers for the indicator."""
    done = Checked()
    for row in present(tables, done):
        if row.figure and row.indicator and row.figure.centre != row.indicator.centre:
            names = {
                "centre": _office(tables, row.figure.centre),
                "centre_expected": _office(tables, row.indicator.centre),
            }
            done.violations.append(Violation("centre", row, names))
    return done


@check
def not_empty(tables: Tables, _rule: Rule) -> Checked:
    """At least one figure."""
    found = [] if tables.figures else [Violation("not_empty", None, {"period": tables.period.label})]
    return Checked(compared=1, violations=found)


@check
def has_numbers(tables: Tables, _rule: Rule) -> Checked:
    """At least one number where numbers are asked for."""
    if all(indicator.kind == "text" for indicator in tables.asked.values()):
        return Checked(skipped=1)
    some = any(form_of(figure) == "number" for _, figure, _ in numeric(tables))
    found = [] if some else [Violation("has_numbers", None, {"period": tables.period.label})]
    return Checked(compared=1, violations=found)


@check
def not_provided(tables: Tables, _rule: Rule) -> Checked:
    """Figures that were not provided, shown with their reasons."""
    done = Checked()
    for row in present(tables):
        missing = bool(row.figure and row.figure.state == "not_provided" and row.figure.text.strip())
        done.measure(row, missing)
        if missing and row.figure:
            done.violations.append(Violation("not_provided", row, {"reason": row.figure.text}))
    return done


# --- domain ------------------------------------------------------------------------------------------


@check
def form(tables: Tables, _rule: Rule) -> Checked:
    """A finite number for a numeric indicator, text for a text indicator."""
    done = Checked()
    for row in present(tables):
        if row.figure and row.indicator and row.figure.state == "reported" and has_content(row.figure):
            done.compared += 1
            wanted = expected_form(row.indicator)
            if form_of(row.figure) != wanted:
                given = row.figure.text if row.figure.value is None else str(row.figure.value)
                done.violations.append(Violation(f"form.{wanted}", row, value=given, kind="form"))
    return done


@check
def not_negative(tables: Tables, _rule: Rule) -> Checked:
    """No number below zero where a negative is illegitimate."""
    done = Checked()
    for row, indicator, amount in amounts(tables):
        if not indicator.may_be_negative:
            done.measure(row, max(Decimal(0), -amount.value))
            if amount.value < 0:
                done.violations.append(Violation("not_negative", row, kind="form"))
    return done


@check
def whole(tables: Tables, _rule: Rule) -> Checked:
    """Whole numbers of people, person-times and employers."""
    done = Checked()
    for row, indicator, amount in amounts(tables):
        own = tables.catalog.units[amount.figure.unit]
        if tables.dimension(indicator) == "people" and own.factor == 1:
            fraction = amount.value - amount.value.to_integral_value()
            done.measure(row, fraction)
            if fraction:
                in_ten_thousands = tables.catalog.find_unit(f"万{own.id}") is not None
                key = "whole" if in_ten_thousands and amount.value < 10000 else "whole.plain"
                done.violations.append(Violation(key, row, {"unit": own.id}, kind="form"))
    return done


@check
def within_limits(tables: Tables, _rule: Rule) -> Checked:
    """Between the catalogue's minimum and maximum, which are in the indicator's unit."""
    done = Checked()
    for row, indicator, amount in amounts(tables):
        if indicator.maximum is None and indicator.minimum is None:
            continue
        own = tables.catalog.units[indicator.unit]
        value = amount.value / own.factor
        limit, key = (
            (indicator.minimum, "below_minimum")
            if indicator.minimum is not None and value < indicator.minimum
            else (indicator.maximum, "above_maximum")
        )
        beyond = limit is not None and (key == "below_minimum" or value > limit)
        off = (value - limit) * own.factor if beyond and limit is not None else Decimal(0)
        done.measure(row, abs(off))
        if off:
            words = {"limit": causes.with_unit(f"{limit:f}", own.id)}
            done.violations.append(Violation(key, row, words, difference=causes.printed(off, own), kind="form"))
    return done


@check
def decimals(tables: Tables, _rule: Rule) -> Checked:
    """No more decimals than are printed; whole numbers are another rule's."""
    done = Checked()
    for row, indicator, amount in amounts(tables):
        allowed = tables.catalog.decimals(indicator)
        if allowed and amount.figure.unit == indicator.unit:
            too_many = max(0, amount.figure.decimals - allowed)
            done.measure(row, too_many)
            if too_many:
                count = {"decimals": amount.figure.decimals, "allowed": allowed}
                done.violations.append(Violation("decimals", row, count))
    return done


# --- regions, wholes and text ------------------------------------------------------------------------


@check
def county_sum(tables: Tables, _rule: Rule) -> Checked:
    """The prefecture's figure is the sum of its parts', within rounding; 不适用 adds nothing."""
    done = Checked()
    catalog = tables.catalog
    parts = catalog.parts_of_prefecture
    for row, indicator, total in amounts(tables):
        additive = indicator.by_county and indicator.kind not in ("level", "ratio")
        if not (additive and parts and row.region == catalog.prefecture.code):
            continue
        of_parts = [(region, tables.now(region.code, indicator.id)) for region in parts]
        known = [(region, amount) for region, amount in of_parts if amount is not None]
        absent = [r for r, amount in of_parts if amount is None and not tables.does_not_exist(r.code, indicator.id)]
        if absent or not known:
            done.skipped += 1
            continue
        expected = sum((amount.value for _, amount in known), Decimal(0))
        tolerance = total.half + sum((amount.half for _, amount in known), Decimal(0))
        excess = total.value - expected
        wrong_by = max(Decimal(0), abs(excess) - tolerance)
        done.measure(row, wrong_by)
        if wrong_by:
            own = catalog.units[indicator.unit]
            terms = [(r.name, a.value, catalog.units[a.figure.unit]) for r, a in known]
            whole_term = (catalog.prefecture.name, total.value, own)
            amounts_here = (total, *(amount for _, amount in known))
            fixed = [n for n, a in enumerate(amounts_here) if a.value >= 0 and not indicator.may_be_negative]
            codes = (row.region, *(region.code for region, _ in known))
            cause = causes.of_difference(
                catalog,
                whole_term,
                terms,
                expected,
                tolerance,
                never_negative=fixed,
                stands=lambda place: stands(tables, codes[place], row.indicator_id),  # noqa: B023 - called here
            )
            culprit = codes[cause.place] if cause else ""
            text = cause.text if cause else ""
            if not culprit:
                culprit, text = _odd_one_out(tables, indicator, known, excess)
            done.violations.append(
                Violation(
                    "county_sum",
                    row,
                    {"expected": causes.printed(expected, own)},
                    difference=causes.printed(excess, own),
                    cause=text,
                    involved=tuple((region.code, indicator.id) for region, _ in known),
                    culprit=(culprit, indicator.id) if culprit else None,
                )
            )
    return done


def _odd_one_out(
    tables: Tables, indicator: Indicator, parts: list[tuple[Region, Amount]], excess: Decimal
) -> tuple[str, str]:
    """The one region that is far from its own last comparable figure and near it once the sum is right.

    Its code, and the sentence that says so; empty texts when none or several are.
    """
    odd = []
    for region, amount in parts:
        comparable = tables.last_comparable(region.code, indicator)
        right = amount.value + excess
        if comparable and comparable[0] and abs(right - comparable[0]) < abs(amount.value - comparable[0]) / 4:
            odd.append((region, amount, right))
    if len(odd) != 1:
        return "", ""
    region, amount, right = odd[0]
    own = tables.catalog.units[indicator.unit]
    words = {"expected": causes.printed(right, own), "value": causes.printed(amount.value, own)}
    return region.code, str(messages()["causes"]["region"].format(what=region.name, **words))


@check
def part_of_whole(tables: Tables, _rule: Rule) -> Checked:
    """No figure that the catalogue calls a part exceeds its whole, unless an identity ties the two already.

    Where another part of the same whole may be negative, a larger part can be right and is only asked about.
    """
    done = Checked()
    catalog = tables.catalog
    tied = tied_by_identities(catalog)
    for row, indicator, part in amounts(tables):
        if indicator.part_of is None or (indicator.part_of, indicator.id) in tied:
            continue
        whole_figure = tables.now(row.region, indicator.part_of)
        if whole_figure is None:
            done.skipped += 1
            continue
        wrong_by = max(Decimal(0), part.value - whole_figure.value - part.half - whole_figure.half)
        done.measure(row, wrong_by)
        if wrong_by:
            own = catalog.units[indicator.unit]
            siblings = (i for i in catalog.indicators.values() if i.part_of == indicator.part_of and i != indicator)
            words = {
                "whole": catalog.indicators[indicator.part_of].name,
                "expected": causes.printed(whole_figure.value, own),
            }
            done.violations.append(
                Violation(
                    "part_of_whole",
                    row,
                    words,
                    difference=causes.printed(part.value - whole_figure.value, own),
                    severity="warning" if any(sibling.may_be_negative for sibling in siblings) else None,
                    involved=((row.region, indicator.part_of),),
                )
            )
    return done


def tied_by_identities(catalog: Catalog) -> set[tuple[str, str]]:
    """(whole, part) that an identity of the catalogue compares."""
    return {
        (catalog.indicator_id(insurance, identity.total), catalog.indicator_id(insurance, part))
        for identity in catalog.identities.values()
        for insurance in identity.for_each
        for part in identity.parts
    }


def _place(row: Row) -> str:
    figure = row.figure
    return (figure.source.label or figure.source.file_name or figure.printed) if figure else ""


def _office(tables: Tables, office: str) -> str:
    known = tables.catalog.offices.get(office)
    return known.name if known else f"“{office}”"


def _centre_words(tables: Tables, row: Row) -> dict[str, object]:
    return {"centre": _office(tables, tables.centre(row))}
