"""The frame that Great Expectations validates: a row a figure, names as categories, numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from data_checks.figure_table.columns import COLUMNS, Columns

FORMS = ("number", "text", "neither", "too_large")


def audit_frame(columns: Columns) -> pd.DataFrame:
    """Return the frame of ``columns``, which are found again under its attributes.

    ``value`` is in the indicator's own unit; ``place`` and ``named`` are region and indicator of what was handed in,
    null for what was not; ``…_expected`` is what the catalogue says, null where it has no such region or indicator, or
    where a county has a figure of an indicator that is not by county; ``content`` is null where nothing, and no reason,
    was handed in.
    """
    count, handed_in = len(columns.region), np.arange(len(columns.region)) < columns.handed_in
    known, kind = columns.fact("is_reported"), columns.fact("kind")
    regions = pd.Index(columns.region_names, dtype=str)
    indicators = pd.Index(columns.indicator_names, dtype=str)
    frame = pd.DataFrame(
        {
            "region": _coded(columns.region, regions),
            "indicator": _coded(columns.indicator, indicators),
            "insurance": pd.Categorical(columns.facts.insurance)[columns.indicator],
            "kind": pd.Categorical(columns.facts.kind)[columns.indicator],
            "period": _coded(np.zeros(count, np.int8), [columns.period.id]),
            "handed_in": handed_in,
            "numeric": known & (kind != "text"),
            **_known("place", columns.region, regions, handed_in, ~_is_misplaced(columns)),
            "content": np.where(columns.content, 1.0, np.nan),
            **_known("named", columns.indicator, indicators, handed_in, known),
            "value": _values(columns),
            **_paired(columns, "unit", handed_in & known & (kind != "text")),
            **_paired(columns, "centre", handed_in & known),
            **_forms(columns, handed_in & known & columns.state("reported") & columns.content),
        }
    )
    frame.attrs[COLUMNS] = columns
    return frame


def _coded(codes: np.ndarray, categories: Sequence[str] | pd.Index[str]) -> pd.Categorical[str]:
    return pd.Categorical.from_codes(codes, categories=pd.Index(categories, dtype=str))


def _values(columns: Columns) -> np.ndarray:
    """Amounts in the indicator's own unit; a number in a unit that measures something else as it was printed."""
    is_number = columns.padded(columns.figures.finite) & columns.state("reported")
    printed = columns.padded(columns.figures.digits) * 10.0 ** np.clip(columns.exponent, -300, 300)
    return np.where(columns.known, columns.value / _factors(columns), np.where(is_number, printed, np.nan))


def _factors(columns: Columns) -> np.ndarray:
    units = columns.catalog.units
    of_unit = [float(units[name].factor) if name in units else 1.0 for name in columns.facts.unit]
    factors: np.ndarray = np.array(of_unit)[columns.indicator] * columns.fact("scale")
    return factors


def _is_misplaced(columns: Columns) -> np.ndarray:
    """Whether the catalogue has no such region, or asks this indicator of the whole alone and it is a county's."""
    is_known = columns.region < len(columns.catalog.regions)
    is_wholes = columns.fact("is_reported") & ~columns.fact("by_county")
    found: np.ndarray = ~is_known | (is_wholes & (columns.region != columns.whole))
    return found


def _known(
    name: str, codes: np.ndarray, names: pd.Index[str], handed_in: np.ndarray, is_known: np.ndarray
) -> dict[str, pd.Categorical[str]]:
    """Return names that were handed in, and the catalogue's beside them: the same, or null where it has none such."""
    return {
        name: _coded(np.where(handed_in, codes, -1), names),
        f"{name}_expected": _coded(np.where(handed_in & is_known, codes, -1), names),
    }


def _paired(columns: Columns, name: str, is_compared: np.ndarray) -> dict[str, pd.Categorical[str]]:
    """Return what was handed in as ``name`` and what is expected, with the same categories; null where not compared."""
    given = columns.named(name)
    reported = columns.catalog.reported
    expected = [getattr(reported[i], name) if i in reported else "" for i in columns.indicator_names]
    kinds = list(dict.fromkeys([*given.categories, *expected]))
    places = {kind: place for place, kind in enumerate(kinds)}
    of_given = np.array([*(places[kind] for kind in given.categories), -1])[given.codes]
    of_expected = np.array([*(places[kind] for kind in expected), -1])[columns.indicator]
    return {
        name: _coded(np.where(is_compared, of_given, -1), kinds),
        f"{name}_expected": _coded(np.where(is_compared, of_expected, -1), kinds),
    }


def _forms(columns: Columns, is_compared: np.ndarray) -> dict[str, pd.Categorical[str]]:
    finite = columns.padded(columns.figures.finite) & ~columns.too_large
    found = np.where(
        columns.given, np.where(finite, 0, np.where(columns.too_large, 3, 2)), np.where(columns.worded, 1, 2)
    )
    wanted = np.where(columns.fact("kind") == "text", 1, 0)
    return {
        "form": _coded(np.where(is_compared, found, -1), FORMS),
        "form_expected": _coded(np.where(is_compared, wanted, -1), FORMS),
    }
