"""The same pass for the checks of groups (``copies``): which groups may have been copied or exchanged."""

from __future__ import annotations

from collections import defaultdict
from math import comb

import numpy as np
import polars as pl

from data_checks.checking import threshold
from data_checks.columns import INDEX, KEY, Columns, Screened
from data_checks.screens import near, screen
from data_checks.screens_past import by_dimension, need, with_comparable
from disclosure.catalog import Rule

#: Groups as the checks name them: of one insurance in a region, or of one indicator.
_GROUP = ["region_of_group", "name_of_group"]


def grouped(frame: pl.DataFrame, in_region: pl.Expr, of_indicator: pl.DataFrame | None = None) -> pl.DataFrame:
    """Every row twice: with the group of its region (named by ``in_region``) and with that of its indicator."""
    over = frame if of_indicator is None else of_indicator
    return pl.concat(
        [
            frame.with_columns(region_of_group=pl.col("region"), name_of_group=in_region),
            over.with_columns(region_of_group=pl.lit(""), name_of_group=pl.col("indicator")),
        ]
    )


def in_groups(frame: pl.DataFrame, groups: pl.DataFrame) -> Screened:
    """The rows of ``frame`` that are in ``groups``."""
    rows = frame.join(groups, on=_GROUP, how="semi")[INDEX].unique().sort()
    return Screened(rows=tuple(rows), groups=frozenset(groups.select(_GROUP).iter_rows()))


@screen
def copied(columns: Columns, rule: Rule) -> Screened:
    """Groups in which every figure seems equal to that of an earlier period, or at least so many do."""
    at_least = int(threshold(rule, "at_least"))
    frame = columns.amounts.filter(pl.col("kind").is_in(["stock", "flow"]) & (pl.col("value") != 0))
    slim = frame.select(INDEX, "region", "indicator", "insurance", "value", *columns.periods).collect()
    both = grouped(slim, pl.col("insurance"))
    compared = skipped = 0
    suspicious = []
    for earlier in ("previous", "year_before"):
        if earlier not in columns.periods:
            continue
        is_same = (pl.col("value") - pl.col(earlier)).abs() <= near("value", earlier)
        groups = both.filter(pl.col(earlier).is_not_null()).group_by(_GROUP).agg(size=pl.len(), same=is_same.sum())
        large = groups.filter(pl.col("size") >= at_least)
        compared += len(large)
        skipped += len(groups) - len(large)
        suspicious.append(large.filter(pl.col("same") >= at_least).select(_GROUP))
    if not suspicious:
        return Screened()
    found = in_groups(both, pl.concat(suspicious).unique())
    return Screened(compared, skipped, found.rows, groups=found.groups)


@screen
def same_regions(columns: Columns, rule: Rule) -> Screened:
    """Regions with the same figures in the same indicators of an insurance."""
    at_least, catalog = float(threshold(rule, "at_least")), columns.catalog
    parts = [region.code for region in catalog.parts_of_prefecture]
    amounts = columns.amounts.filter(
        pl.col("by_county") & pl.col("kind").is_in(["stock", "flow"]) & (pl.col("value") != 0)
    )
    frame = amounts.select(INDEX, KEY, "region", "indicator", "insurance", "value").collect()
    frame = frame.unique(KEY, keep="first", maintain_order=True)
    matrix = columns.pivot(frame, "value")[[columns.regions[code] for code in parts]]
    compared = 0
    alike: list[tuple[str, str]] = []
    for insurance in catalog.insurances:
        names = [name for name, indicator in catalog.reported.items() if indicator.insurance == insurance]
        values = matrix[:, [columns.places[name] for name in names]]
        compared += _pairs_compared(~np.isnan(values), at_least)
        groups: dict[bytes, list[int]] = defaultdict(list)
        for place in np.flatnonzero((~np.isnan(values)).sum(axis=1) >= at_least):
            groups[values[place].tobytes()].append(int(place))
        alike += [(insurance, parts[place]) for places in groups.values() for place in places if len(places) > 1]
    chosen = pl.DataFrame(alike, schema=["insurance", "region"], orient="row")
    rows = frame.join(chosen.cast(pl.String), on=["insurance", "region"], how="semi")[INDEX].sort()
    pairs = comb(len(parts), 2) * len(catalog.insurances)
    return Screened(compared, pairs - compared, tuple(rows))


def _pairs_compared(is_known: np.ndarray, at_least: float) -> int:
    """Pairs of rows that know at least so many columns both; rows with the same columns are counted together."""
    kinds, counts = np.unique(is_known, axis=0, return_counts=True)
    shared = kinds.astype(np.int64) @ kinds.T.astype(np.int64) >= at_least
    of_two = np.outer(counts, counts)
    np.fill_diagonal(of_two, counts * (counts - 1))
    return int((of_two * shared).sum()) // 2


@screen
def swapped(columns: Columns, rule: Rule) -> Screened:
    """Groups in which two or more misfits come near the place of another one, no two the same."""
    near_to, better, far = (float(threshold(rule, name)) for name in ("near", "better", "far"))
    catalog = columns.catalog
    amounts = with_comparable(columns).filter(pl.col("comparable").is_not_null() & (pl.col("kind") != "derived"))
    need(rule, amounts, "{}_from")
    # The check rounds a flow's comparable to a whole unit: one unit in it is the slack.
    slack = 1e-9 + 2 / pl.col("comparable").abs()
    least = pl.max_horizontal(by_dimension(rule, "_from"), pl.lit(1.0))
    now = (pl.col("value") / pl.col("comparable")).log().abs()
    size = pl.min_horizontal("value", pl.col("comparable") + 1)
    is_county = pl.col("region").is_in([r.code for r in catalog.regions.values() if r.level != "prefecture"])
    lazy = amounts.select(
        INDEX,
        "region",
        "indicator",
        "value",
        "comparable",
        now=now,
        slack=slack,
        insurance=pl.concat_str("insurance", "unit_expected", separator=" "),
        is_county=is_county,
        misfit=((size * (1 + 1e-9) >= least) & (now > far - slack)).fill_null(value=False),
        sure=((pl.min_horizontal("value", pl.col("comparable") - 1) >= least) & (now > far + slack)).fill_null(
            value=False
        ),
    )
    frame = lazy.collect()
    both = grouped(frame, pl.col("insurance"), frame.filter("is_county"))
    misfits = both.filter("misfit").filter(pl.len().over(_GROUP) > 1)
    found = in_groups(both, _perhaps_exchanged(misfits, near_to, better))
    sizes = both.group_by(_GROUP).agg(size=pl.len())["size"]
    return Screened(int((sizes > 1).sum()), int((sizes <= 1).sum()), found.rows, groups=found.groups)


def _perhaps_exchanged(misfits: pl.DataFrame, near_to: float, better: float) -> pl.DataFrame:
    """Groups in which two or more misfits come near another's place, unless two surely come from the same one."""
    here = misfits.with_columns(here=pl.col("value").log(), room=pl.col("slack").max().over(_GROUP)).sort("here")
    there = misfits.select(*_GROUP, there=pl.col("comparable").log(), partner=INDEX).sort("there")
    there = there.with_columns(
        lower=(pl.col("there") - pl.col("there").shift(1)).over(_GROUP).fill_null(9.0),
        higher=(pl.col("there").shift(-1) - pl.col("there")).over(_GROUP).fill_null(9.0),
    )
    for strategy in ("backward", "forward"):
        here = here.join_asof(
            there,
            left_on="here",
            right_on="there",
            by=_GROUP,
            strategy=strategy,
            coalesce=False,
            suffix=f"_{strategy}",
            check_sortedness=False,
        )
    below = (pl.col("here") - pl.col("there")).fill_null(9.0)
    above = (pl.col("there_forward") - pl.col("here")).fill_null(9.0)
    is_below, room = below <= above, pl.col("room")
    best = pl.min_horizontal(below, above)
    next_best = (
        pl.when(is_below)
        .then(pl.min_horizontal(above, below + pl.col("lower")))
        .otherwise(pl.min_horizontal(below, above + pl.col("higher_forward")))
    )
    bound = pl.min_horizontal(pl.lit(near_to), pl.col("now") / better)
    # One figure's own place is among the others' here, but a misfit is further from it than its bound.
    told = here.with_columns(
        partner=pl.when(is_below).then(pl.col("partner")).otherwise(pl.col("partner_forward")),
        certain=(best <= bound - 2 * room) & (next_best > best + 4 * room),
        possible=best <= bound + 2 * room,
    )
    surely = pl.col("partner").filter(pl.col("certain"))
    groups = told.group_by(_GROUP).agg(
        possible=pl.col("possible").sum(),
        twice=(surely.n_unique() < surely.len()) & pl.col("sure").all(),
    )
    return groups.filter((pl.col("possible") > 1) & ~pl.col("twice")).select(_GROUP)
