"""The checks that rules name: pure functions from tables and thresholds to violations.

A check is found by the ``check`` of a rule in ``rules.yaml``; it knows no rule id and no severity. Each
returns what it compared, what it could not compare and what it found; ``measures`` holds, for checks
that Great Expectations cannot express on the plain columns, the exact amount by which each row is wrong
(0 when it is right).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from data_checks import causes
from data_checks.findings import messages
from data_checks.tables import Amount, Row, Tables, expected_form, form_of, has_content, place_of
from disclosure.catalog import Indicator, Region, Rule, Severity
from disclosure.figures import Figure
from disclosure.periods import Period

Parameters = Mapping[str, Decimal | list[Decimal]]


@dataclass(frozen=True)
class Violation:
    """One broken expectation, with the words its sentence needs.

    ``words_key`` is a key of ``checks`` in ``messages.yaml``; ``severity`` replaces the rule's where the
    case is milder; ``cause`` the general one where the numbers tell more; ``row`` is None when it is
    about the whole table.
    """

    words_key: str
    row: Row | None
    words: Mapping[str, object] = field(default_factory=dict)
    value: str = ""
    difference: str = ""
    cause: str = ""
    severity: Severity | None = None


@dataclass
class Checked:
    """What a check did."""

    compared: int = 0
    skipped: int = 0
    violations: list[Violation] = field(default_factory=list)
    measures: dict[int, Decimal] = field(default_factory=dict)

    def measure(self, row: Row, wrong_by: Decimal | int = 0) -> None:
        """Row ``row`` was compared and is wrong by ``wrong_by``."""
        self.compared += 1
        self.measures[row.index] = Decimal(wrong_by)


Check = Callable[[Tables, Rule], Checked]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Make a check known by its function's name."""
    CHECKS[function.__name__] = function
    return function


def threshold(rule: Rule, name: str) -> Decimal:
    """A number among the rule's parameters; KeyError when the YAML lacks it."""
    value = rule.parameters[name]
    if isinstance(value, list):
        raise TypeError(f"{rule.id} parameters.{name}")
    return value


def thresholds(rule: Rule, name: str) -> list[Decimal]:
    """A list of numbers among the rule's parameters."""
    value = rule.parameters[name]
    if not isinstance(value, list):
        raise TypeError(f"{rule.id} parameters.{name}")
    return value


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
                Violation("complete.excused", row, _centre_words(tables, row), severity="info")
                if excused
                else Violation("complete", row)
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
    for row in _present(tables, done):
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
    for row in _present(tables, done):
        if row.indicator is None:
            done.violations.append(Violation("known_indicator", row, {"indicator_id": row.indicator_id}))
    return done


@check
def unit(tables: Tables, _rule: Rule) -> Checked:
    """The catalogue's unit."""
    done = Checked()
    for row, figure, indicator in _numeric(tables):
        done.compared += 1
        if figure.unit != indicator.unit:
            done.violations.append(Violation("unit", row, {"unit": figure.unit, "unit_expected": indicator.unit}))
    return done


@check
def centre(tables: Tables, _rule: Rule) -> Checked:
    """Handed in by the centre that answers for the indicator."""
    done = Checked()
    for row in _present(tables, done):
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
    some = any(form_of(figure) == "number" for _, figure, _ in _numeric(tables))
    found = [] if some else [Violation("has_numbers", None, {"period": tables.period.label})]
    return Checked(compared=1, violations=found)


@check
def not_provided(tables: Tables, _rule: Rule) -> Checked:
    """Figures that were not provided, shown with their reasons."""
    done = Checked()
    for row in _present(tables):
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
    for row in _present(tables):
        if row.figure and row.indicator and row.figure.state == "reported" and has_content(row.figure):
            done.compared += 1
            wanted = expected_form(row.indicator)
            if form_of(row.figure) != wanted:
                given = row.figure.text if row.figure.value is None else str(row.figure.value)
                done.violations.append(Violation(f"form.{wanted}", row, value=given))
    return done


@check
def not_negative(tables: Tables, _rule: Rule) -> Checked:
    """No number below zero where a negative is illegitimate."""
    done = Checked()
    for row, indicator, amount in _amounts(tables):
        if not indicator.may_be_negative:
            done.measure(row, max(Decimal(0), -amount.value))
            if amount.value < 0:
                done.violations.append(Violation("not_negative", row))
    return done


@check
def whole(tables: Tables, _rule: Rule) -> Checked:
    """Whole numbers of people, person-times and employers."""
    done = Checked()
    for row, indicator, amount in _amounts(tables):
        own = tables.catalog.units[amount.figure.unit]
        if tables.dimension(indicator) == "people" and own.factor == 1:
            fraction = amount.value - amount.value.to_integral_value()
            done.measure(row, fraction)
            if fraction:
                in_ten_thousands = tables.catalog.find_unit(f"万{own.id}") is not None
                key = "whole" if in_ten_thousands and amount.value < 10000 else "whole.plain"
                done.violations.append(Violation(key, row, {"unit": own.id}))
    return done


@check
def maximum(tables: Tables, _rule: Rule) -> Checked:
    """No more than the catalogue's maximum, which is in the indicator's unit."""
    done = Checked()
    for row, indicator, amount in _amounts(tables):
        if indicator.maximum is not None:
            own = tables.catalog.units[indicator.unit]
            over = max(Decimal(0), amount.value - indicator.maximum * own.factor)
            done.measure(row, over)
            if over:
                limit = {"maximum": causes.with_unit(f"{indicator.maximum:f}", own.id)}
                done.violations.append(Violation("maximum", row, limit, difference=causes.printed(over, own)))
    return done


@check
def decimals(tables: Tables, _rule: Rule) -> Checked:
    """No more decimals than are printed; whole numbers are another rule's."""
    done = Checked()
    for row, indicator, amount in _amounts(tables):
        allowed = tables.catalog.decimals(indicator)
        if allowed and amount.figure.unit == indicator.unit:
            too_many = max(0, amount.figure.decimals - allowed)
            done.measure(row, too_many)
            if too_many:
                count = {"decimals": amount.figure.decimals, "allowed": allowed}
                done.violations.append(Violation("decimals", row, count))
    return done


# --- regions and periods ----------------------------------------------------------------------------


@check
def county_sum(tables: Tables, _rule: Rule) -> Checked:
    """The prefecture's figure is the sum of its parts', within rounding; 不适用 adds nothing."""
    done = Checked()
    catalog = tables.catalog
    parts = catalog.parts_of_prefecture
    for row, indicator, total in _amounts(tables):
        additive = indicator.by_county and indicator.kind not in ("level", "ratio")
        if not (additive and parts and row.region == catalog.prefecture.code):
            continue
        amounts = [(region, tables.now(region.code, indicator.id)) for region in parts]
        known = [(region, amount) for region, amount in amounts if amount is not None]
        absent = [r for r, amount in amounts if amount is None and not tables.does_not_exist(r.code, indicator.id)]
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
            cause = causes.of_difference(
                catalog, (catalog.prefecture.name, total.value, own), terms, expected, tolerance
            ) or _odd_one_out(tables, indicator, known, excess)
            done.violations.append(
                Violation(
                    "county_sum",
                    row,
                    {"expected": causes.printed(expected, own)},
                    difference=causes.printed(excess, own),
                    cause=cause,
                )
            )
    return done


def _odd_one_out(tables: Tables, indicator: Indicator, parts: list[tuple[Region, Amount]], excess: Decimal) -> str:
    """The one region that is far from its own last comparable figure and near it once the sum is right."""
    odd = []
    for region, amount in parts:
        comparable = last_comparable(tables, region.code, indicator)
        right = amount.value + excess
        if comparable and comparable[0] and abs(right - comparable[0]) < abs(amount.value - comparable[0]) / 4:
            odd.append((region, amount, right))
    if len(odd) != 1:
        return ""
    region, amount, right = odd[0]
    own = tables.catalog.units[indicator.unit]
    words = {"expected": causes.printed(right, own), "value": causes.printed(amount.value, own)}
    return str(messages()["causes"]["region"].format(what=region.name, **words))


@check
def never_falls(tables: Tables, _rule: Rule) -> Checked:
    """Year-to-date figures do not fall within the year, but for items that may be negative."""
    done = Checked()
    earlier = tables.period.previous_in_year()
    for row, indicator, amount in _amounts(tables):
        if indicator.kind != "flow" or indicator.may_be_negative or earlier is None:
            continue
        before = tables.before(row.region, indicator.id, earlier)
        if before is None:
            done.skipped += 1
            continue
        fall = before.value - amount.value
        wrong_by = max(Decimal(0), fall - before.half - amount.half)
        done.measure(row, wrong_by)
        if wrong_by:
            own = tables.catalog.units[indicator.unit]
            words = {"before_period": earlier.label, "before": causes.printed(before.value, own)}
            done.violations.append(Violation("never_falls", row, words, difference=causes.printed(fall, own)))
    return done


@check
def jump(tables: Tables, rule: Rule) -> Checked:
    """Stocks and standards against the period just before."""
    return _change(tables, rule, tables.period.previous(), ("stock", "level", "ratio"), "jump")


@check
def growth(tables: Tables, rule: Rule) -> Checked:
    """Stocks, flows and standards against the same period of last year."""
    return _change(tables, rule, tables.period.year_before(), ("stock", "flow", "level", "ratio"), "growth")


def _change(tables: Tables, rule: Rule, period: Period | None, kinds: tuple[str, ...], words_key: str) -> Checked:
    done = Checked()
    slipped = {violation.row for violation in _all_slips(tables)}
    for row, indicator, amount in _amounts(tables):
        if indicator.kind not in kinds or period is None:
            continue
        before = tables.before(row.region, indicator.id, period)
        if before is None:
            done.skipped += 1
            continue
        dimension = tables.dimension(indicator)
        limit = threshold(rule, dimension)
        change = abs(amount.value - before.value)
        big = max(abs(amount.value), abs(before.value)) >= threshold(rule, f"{dimension}_from")
        # A slipped unit is one fault with its own rule; telling it again as growth would hide other growth.
        wrong_by = max(Decimal(0), change - limit * abs(before.value)) if big and row not in slipped else Decimal(0)
        done.measure(row, wrong_by)
        if wrong_by:
            own = tables.catalog.units[indicator.unit]
            words = {
                "before_period": period.label,
                "before": causes.printed(before.value, own),
                "change": _percent(amount.value - before.value, before.value),
                "limit": f"{limit:.0%}",
            }
            difference = causes.printed(amount.value - before.value, own)
            done.violations.append(Violation(words_key, row, words, difference=difference))
    return done


@check
def unit_slip(tables: Tables, rule: Rule) -> Checked:
    """Numbers about 10**k times the last comparable ones, for the powers k of the rule, up or down.

    ``band`` is how far, in powers of ten, the ratio may lie from 10**k; figures whose comparable number
    is below ``*_from`` are left alone, since small numbers do change tenfold.
    """
    done = Checked()
    catalog = tables.catalog
    words = messages()["times"]
    powers = [int(sign * power) for power in thresholds(rule, "powers") for sign in (1, -1)]
    band = threshold(rule, "band")
    for row, indicator, amount in _amounts(tables):
        if indicator.kind == "derived":
            continue
        comparable = last_comparable(tables, row.region, indicator)
        if comparable is None:
            done.skipped += 1
            continue
        expected, period = comparable
        power = 0
        if amount.value and abs(expected) >= max(threshold(rule, f"{tables.dimension(indicator)}_from"), Decimal(1)):
            logarithm = abs(amount.value / expected).log10()
            power = next((k for k in powers if abs(logarithm - k) <= band), 0)
        done.measure(row, power)
        if power:
            own = catalog.units[indicator.unit]
            before = causes.printed(expected, own)
            side = words["more"] if power > 0 else words["less"]
            name = words["powers"].get(abs(power)) or words["other"].format(power=abs(power))
            times = side.format(power=name)
            cause = causes.of_power(catalog, catalog.units[amount.figure.unit], power, indicator.name, before)
            done.violations.append(
                Violation(
                    "unit_slip",
                    row,
                    {"before": before, "before_period": period.label, "times": times},
                    difference=causes.printed(amount.value - expected, own),
                    cause=cause,
                )
            )
    return done


def last_comparable(tables: Tables, region: str, indicator: Indicator) -> tuple[Decimal, Period] | None:
    """The number this period's should be near, in base units, and the period it is from.

    For a stock or standard the latest earlier one. For a flow the same period of last year, or else the
    year-to-date figure of an earlier period in proportion to its months.
    """
    period = tables.period
    if indicator.kind == "flow":
        candidates = (period.year_before(), period.previous_in_year(), period.last_year_end())
    else:
        candidates = (period.previous(), period.last_year_end(), period.year_before())
    for candidate in candidates:
        before = tables.before(region, indicator.id, candidate)
        if before is not None and candidate is not None:
            if indicator.kind == "flow":
                return (before.value * period.end_month / candidate.end_month).quantize(Decimal(1)), candidate
            return before.value, candidate
    return None


def _all_slips(tables: Tables) -> Iterator[Violation]:
    for rule in tables.catalog.rules.values():
        if rule.check == unit_slip.__name__:
            yield from unit_slip(tables, rule).violations


@check
def copied(tables: Tables, rule: Rule) -> Checked:
    """Whole groups of figures equal to an earlier period's: copied, not updated.

    A group is one insurance in one region, or one indicator over all regions; ``at_least`` is how many
    figures it must have. Each group is reported once, at its first figure. Standards may stay the same
    for years and are left out, as are zeros.
    """
    done = Checked()
    at_least = int(threshold(rule, "at_least"))
    told: set[int] = set()
    for earlier in filter(None, (tables.period.previous(), tables.period.year_before())):
        groups: dict[tuple[str, str], list[tuple[Row, bool]]] = defaultdict(list)
        for row, indicator, amount in _amounts(tables):
            before = tables.before(row.region, indicator.id, earlier)
            if indicator.kind in ("stock", "flow") and amount.value and before is not None:
                same = amount.value == before.value
                groups[row.region, indicator.insurance].append((row, same))
                groups["", indicator.id].append((row, same))
        for members in groups.values():
            if len(members) < at_least:
                done.skipped += 1
                continue
            first = members[0][0]
            done.compared += 1
            done.measures.setdefault(first.index, Decimal(0))
            if all(same for _, same in members) and not told & {row.index for row, _ in members}:
                told |= {row.index for row, _ in members}
                done.measures[first.index] = Decimal(1)
                words = {"count": len(members), "before_period": earlier.label}
                done.violations.append(Violation("copied", first, words))
    return done


# --- shared ------------------------------------------------------------------------------------------


def _present(tables: Tables, counted: Checked | None = None) -> Iterator[Row]:
    for row in tables.rows:
        if row.figure is not None:
            if counted is not None:
                counted.compared += 1
            yield row


def _numeric(tables: Tables) -> Iterator[tuple[Row, Figure, Indicator]]:
    for row in tables.rows:
        if row.figure is not None and row.indicator is not None and row.indicator.kind != "text":
            yield row, row.figure, row.indicator


def _amounts(tables: Tables) -> Iterator[tuple[Row, Indicator, Amount]]:
    for row in tables.rows:
        if row.indicator is not None and row.amount is not None:
            yield row, row.indicator, row.amount


def _place(row: Row) -> str:
    figure = row.figure
    return (figure.source.label or figure.source.file_name or figure.printed) if figure else ""


def _office(tables: Tables, office: str) -> str:
    known = tables.catalog.offices.get(office)
    return known.name if known else f"“{office}”"


def _centre_words(tables: Tables, row: Row) -> dict[str, object]:
    return {"centre": _office(tables, tables.centre(row))}


def _percent(change: Decimal, before: Decimal) -> str:
    if not before:
        return str(messages()["words"]["and_zero"])
    return f"{change / abs(before):+.1%}"
