"""Great Expectations run over a table of figures, and what its results say of each rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.expectation import Expectation

from data_checks.measures.evidence import Found

NAME = "figures"
#: All evidence by row; values are looked up by it.
RESULT_FORMAT: dict[str, Any] = {
    "result_format": "COMPLETE",
    "return_unexpected_index_query": False,
    "partial_unexpected_count": 0,
}


@dataclass(frozen=True)
class Judged:
    """What Great Expectations said of one rule; ``rows`` is how many it saw, None where it did not say."""

    compared: int = 0
    skipped: int = 0
    found: tuple[Found, ...] = ()
    error: str = ""
    rows: int | None = None


def validate(frame: pd.DataFrame, expectations: Sequence[Expectation]) -> ExpectationSuiteValidationResult:
    """Validate ``frame`` as one batch."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("audit").add_dataframe_asset(NAME)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name=NAME, expectations=list(expectations))
    return batch.validate(suite, result_format=RESULT_FORMAT)


def judged_by_rule(validated: ExpectationSuiteValidationResult) -> dict[str, Judged]:
    """Return what was found, by rule id.

    Anything that raised inside Great Expectations becomes the rule's ``error``, whatever its severity.
    """
    return {result.expectation_config.meta["rule"]: _judged(result) for result in validated.results}  # type: ignore[union-attr]


def _judged(result: ExpectationValidationResult) -> Judged:
    if error := exception_of(result):
        return Judged(error=error)
    told = result.result
    if "details" in told and "found" in (told["details"] or {}):
        details = told["details"]
        return Judged(details["compared"], details["skipped"], tuple(details["found"]))
    if "unexpected_index_list" in told or "unexpected_count" in told:
        rows = int(told["element_count"])
        compared = rows - int(told.get("missing_count") or 0)
        # One that allows some to be wrong, and holds, has found nothing.
        places = () if result.success else tuple(told["unexpected_index_list"])
        return Judged(compared, 0, tuple({"row": int(place)} for place in places), rows=rows)
    found = () if result.success else ({"row": None, "observed": told.get("observed_value")},)
    return Judged(1, 0, found)


def exception_of(result: ExpectationValidationResult) -> str:
    """Return what was raised while the expectation was judged; empty when nothing was.

    Two shapes exist: one record, or one record per metric that failed.
    """
    return _raised(result.exception_info or {})


def _raised(info: Mapping[str, Any]) -> str:
    if info.get("raised_exception"):
        return str(info.get("exception_message") or "?")
    nested = (_raised(part) for part in info.values() if isinstance(part, Mapping))
    return next(filter(None, nested), "")
