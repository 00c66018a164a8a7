"""What is said of rows typed over others, and of counties' figures that do not stand to each other as elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_checks.measures.evidence import Found
from data_checks.tables import Tables
from data_checks.wording.violations import Violation, keys_of, wording

Arguments = Mapping[str, Any]


@wording
def typed_over(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Say which row it is the same as."""
    words = {"count": found["count"], "like": tables.catalog.indicators[found["like"]].name}
    return Violation("typed_over", tables.at(found["row"]), words, kind="copy", involved=keys_of(found))


@wording
def out_of_proportion(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Say by how much it is out of proportion."""
    words = {"times": f"{found['times']:.2g}" if found["times"] < 10 else f"{found['times']:,.0f}"}
    return Violation("out_of_proportion", tables.at(found["row"]), words, kind="change")


@wording
def exchanged(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Name the two counties."""
    one, other = (tables.catalog.regions[code].name for code in found["regions"])
    words = {"count": found["count"], "one": one, "other": other}
    return Violation("exchanged", tables.at(found["row"]), words, kind="copy", involved=keys_of(found))
