"""Great Expectations suites made from the catalogue, and what Great Expectations found with them.

One batch and one suite per table shape, however many counties there are. Every expectation carries the
rule's severity, its Chinese description and, in ``meta``, its id, by which results are mapped back:
they come in an order of their own. Great Expectations takes two seconds to import, so that happens here
only when an audit runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from disclosure.catalog import Catalog, Identity, Ratio, Rule
from disclosure.periods import Period

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation

Meaning = dict[str, Any]


@dataclass
class Judged:
    """What Great Expectations said of one rule: how many rows (or tables) it found wrong, of how many values
    that were not null, over how many expectations, and why it could not say so. ``observed`` is the value it saw,
    where it judges one value of a whole column."""

    unexpected: int = 0
    expectations: int = 0
    error: str = ""
    values: int = 0
    observed: float | None = None


def long_suite(catalog: Catalog, rules: Sequence[Rule]) -> list[Expectation]:
    """An expectation for every rule, on the columns of ``Tables.long_frame``.

    A check without an expectation of its own below has a measured column named by the rule's id, which
    must be zero.
    """
    gxe = _great_expectations().expectations
    built: list[Expectation] = []
    for rule in rules:
        make = PLAIN.get(rule.check, _measured)
        built.append(make(gxe, catalog, rule, _meaning(rule, rule.id)))
    return built


def wide_suite(planned: Sequence[tuple[Identity | Ratio, Sequence[str]]]) -> list[Expectation]:
    """An expectation for every (identity or ratio, its columns of ``Tables.wide_frame``): each must be zero."""
    gxe = _great_expectations().expectations
    return [
        gxe.ExpectColumnValuesToBeBetween(column=column, min_value=0, max_value=0, **_meaning(fact, column))
        for fact, columns in planned
        for column in columns
    ]


def violations_suite(rules: Sequence[Rule | Identity | Ratio]) -> list[Expectation]:
    """An expectation for every rule on its column of ``violations_frame``: nothing in it but the mark that it ran.

    A sum costs Great Expectations a third of what a check of every value does, and its observed value is the count.
    """
    gxe = _great_expectations().expectations
    return [
        gxe.ExpectColumnSumToBeBetween(column=rule.id, min_value=1, max_value=1, **_meaning(rule, rule.id))
        for rule in rules
    ]


def violations_frame(period: Period, looked_at: Mapping[str, Sequence[tuple[str, str, Decimal]]]) -> pd.DataFrame:
    """What was looked at: a row per region and indicator, a column per rule with how often it is wrong there.

    ``looked_at`` are (region, indicator, by how much it is wrong) by rule. In the row without a region every rule has
    1 more: it ran. A column that got lost on the way, or is all null, sums up to 0 and does not pass.
    """
    import pandas as pd

    marks = [(rule, "", "", 1) for rule in looked_at]
    found = [(rule, region, name, int(off != 0)) for rule, rows in looked_at.items() for region, name, off in rows]
    rows = pd.DataFrame(marks + found, columns=["rule", "region", "indicator", "wrong"])
    counts = rows.groupby(["region", "indicator", "rule"])["wrong"].sum().unstack("rule")
    return counts.reset_index().assign(period=period.id)


def judge(
    frame: pd.DataFrame,
    name: str,
    expectations: Sequence[Expectation],
    seen: list[ExpectationSuiteValidationResult] | None = None,
) -> dict[str, Judged]:
    """Validate ``frame`` as one batch; results by rule id. ``seen`` receives Great Expectations' own result.

    Anything that raised inside Great Expectations becomes the rule's ``error``, whatever its severity.
    Evidence is not asked for: it is silently capped at 200 rows, and findings carry their own keys.
    """
    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    definition = (
        context.data_sources.add_pandas("audit").add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
    )
    suite = gx.ExpectationSuite(name=name, expectations=list(expectations))
    validated = definition.get_batch({"dataframe": frame}).validate(
        suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
    )
    if seen is not None:
        seen.append(validated)
    judged: dict[str, Judged] = {}
    for result in validated.results:
        rule_id = result.expectation_config.meta["rule"]
        one = judged.setdefault(rule_id, Judged())
        one.expectations += 1
        one.unexpected += unexpected_count(result)
        one.values += values_judged(result)
        one.observed = result.result.get("observed_value")
        one.error = one.error or exception_of(result)
    return judged


def unexpected_count(result: ExpectationValidationResult) -> int:
    """Rows that broke the expectation; 1 for a broken expectation about the whole table."""
    if "unexpected_count" in result.result:
        return int(result.result["unexpected_count"])
    return 0 if result.success else 1


def values_judged(result: ExpectationValidationResult) -> int:
    """Values that were not null: a check of rows passes on a column without any."""
    return int(result.result.get("element_count", 0)) - int(result.result.get("missing_count") or 0)


def exception_of(result: ExpectationValidationResult) -> str:
    """What was raised while the expectation was judged; empty when nothing was.

    Two shapes exist: one record, or one record per metric that failed.
    """
    return _raised(result.exception_info or {})


def _raised(info: Mapping[str, Any]) -> str:
    if info.get("raised_exception"):
        return str(info.get("exception_message") or "?")
    nested = (_raised(part) for part in info.values() if isinstance(part, Mapping))
    return next(filter(None, nested), "")


def _great_expectations() -> Any:
    with warnings.catch_warnings():
        # The package imports a module that Python itself has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx
        import great_expectations.expectations
    return gx


def _meaning(rule: Rule | Identity | Ratio, column: str) -> Meaning:
    return {
        "severity": rule.severity,
        "description": rule.description,
        "meta": {"rule": rule.id, "name": rule.name, "column": column, "reason": rule.reason, "source": rule.source},
    }


Make = Callable[[Any, Catalog, Rule, Meaning], Any]


def _measured(gxe: Any, _catalog: Catalog, rule: Rule, meaning: Meaning) -> Any:
    return gxe.ExpectColumnValuesToBeBetween(column=rule.id, min_value=0, max_value=0, **meaning)


def _complete(gxe: Any, _catalog: Catalog, _rule: Rule, meaning: Meaning) -> Any:
    return gxe.ExpectColumnValuesToNotBeNull(column="content", **meaning)


def _unique(gxe: Any, _catalog: Catalog, _rule: Rule, meaning: Meaning) -> Any:
    return gxe.ExpectCompoundColumnsToBeUnique(column_list=["region", "indicator", "period"], **meaning)


def _known_region(gxe: Any, catalog: Catalog, _rule: Rule, meaning: Meaning) -> Any:
    return gxe.ExpectColumnValuesToBeInSet(column="place", value_set=list(catalog.regions), **meaning)


def _known_indicator(gxe: Any, catalog: Catalog, _rule: Rule, meaning: Meaning) -> Any:
    return gxe.ExpectColumnValuesToBeInSet(column="indicator", value_set=list(catalog.reported), **meaning)


def _as_expected(gxe: Any, _catalog: Catalog, rule: Rule, meaning: Meaning) -> Any:
    return gxe.ExpectColumnPairValuesToBeEqual(
        column_A=rule.check,
        column_B=f"{rule.check}_expected",
        ignore_row_if="either_value_is_missing",
        **meaning,
    )


def _not_empty(gxe: Any, _catalog: Catalog, _rule: Rule, meaning: Meaning) -> Any:
    return gxe.ExpectTableRowCountToBeBetween(min_value=1, row_condition=_where("handed_in"), **meaning)


def _has_numbers(gxe: Any, _catalog: Catalog, _rule: Rule, meaning: Meaning) -> Any:
    return gxe.ExpectColumnProportionOfNonNullValuesToBeBetween(
        column="value", min_value=0, strict_min=True, row_condition=_where("numeric"), **meaning
    )


def _where(column: str) -> Any:
    from great_expectations.expectations.row_conditions import Column

    return Column(column) == True  # noqa: E712 - a condition object, not a comparison


#: Checks that are expectations on plain columns; all others are judged by their measured column.
PLAIN: dict[str, Make] = {
    "complete": _complete,
    "unique": _unique,
    "known_region": _known_region,
    "known_indicator": _known_indicator,
    "unit": _as_expected,
    "centre": _as_expected,
    "form": _as_expected,
    "not_empty": _not_empty,
    "has_numbers": _has_numbers,
}
