"""The same pass for the checks between periods (``changes``): what moved too little, too much, or by a power of ten."""

from __future__ import annotations

from functools import reduce

import polars as pl

from data_checks.changes import IN_A_YEAR, MAD_SCALE
from data_checks.checking import threshold, thresholds
from data_checks.columns import KEY, SLACK, Columns, Screened, compared
from data_checks.screens import beyond_rounding, near, screen
from disclosure.catalog import Rule

#: Logarithms are compared to this.
_LOG_SLACK = 1e-9
_KINDS = ("people", "money", "level")


def by_dimension(rule: Rule, suffix: str = "") -> pl.Expr:
    """The rule's threshold for the dimension of each row."""
    cases = {name: float(threshold(rule, f"{name}{suffix}")) for name in _KINDS if f"{name}{suffix}" in rule.parameters}
    return pl.col("dimension").replace_strict(cases, default=None, return_dtype=pl.Float64)


def is_big(rule: Rule, *amounts: str) -> pl.Expr:
    """Whether one of ``amounts`` may be as large as the rule asks."""
    size = pl.max_horizontal(pl.col(name).abs() for name in amounts)
    return size * (1 + SLACK) >= by_dimension(rule, "_from")


def need(rule: Rule, frame: pl.LazyFrame, *names: str) -> None:
    """Raise, as the check would, when the rule lacks a threshold for a dimension that occurs."""
    if all(name.format(dimension) in rule.parameters for dimension in _KINDS for name in names):
        return
    for dimension in frame.select(pl.col("dimension").unique().drop_nulls()).collect()["dimension"]:
        for name in names:
            threshold(rule, name.format(dimension))


@screen
def never_falls(columns: Columns, _rule: Rule) -> Screened:
    """Below the nearest earlier figure of the year, or above the nearest later one."""
    period = columns.period
    if period.kind == "special":
        return Screened()
    frame = columns.amounts.filter((pl.col("kind") == "flow") & ~pl.col("may_be_negative"))
    place = IN_A_YEAR.index(period.kind)
    falls = []
    able = pl.lit(value=False)
    for sign, kinds in ((1, IN_A_YEAR[:place][::-1]), (-1, IN_A_YEAR[place + 1 :])):
        if not kinds:
            continue
        other = pl.coalesce(*kinds)
        half = reduce(
            lambda rest, kind: pl.when(pl.col(kind).is_not_null()).then(pl.col(f"{kind}_half")).otherwise(rest),
            reversed(kinds),
            pl.lit(None, pl.Float64),
        )
        fall = (other - pl.col("value")) * sign
        margin = SLACK * (other.abs() + pl.col("value").abs())
        falls.append(beyond_rounding(fall, half + pl.col("half"), margin).fill_null(value=False))
        able = able | other.is_not_null()
    return compared(frame, pl.any_horizontal(falls), able)


@screen
def stalled(columns: Columns, rule: Rule) -> Screened:
    """Hardly more than in the period before it in the year."""
    earlier = columns.period.previous_in_year()
    frame = columns.amounts.filter((pl.col("kind") == "flow") & ~pl.col("may_be_negative"))
    if earlier is None:
        return Screened()
    is_known = pl.col(earlier.kind).is_not_null()
    need(rule, frame.filter(is_known), "{}_from")
    months = columns.period.end_month
    before, value = pl.col(earlier.kind), pl.col("value")
    rounding = pl.col("half") + pl.col(f"{earlier.kind}_half")
    share = float(threshold(rule, "share")) * (months - earlier.end_month) / months
    margin = near("value", earlier.kind)
    is_slow = (value * share - (value - before) - rounding > -margin) & (value - before >= -rounding - margin)
    return compared(frame, is_slow & is_big(rule, earlier.kind) & (before > 0), is_known)


@screen
def jump(columns: Columns, rule: Rule) -> Screened:
    """Stocks and standards far from the period before."""
    return _change(columns, rule, "previous", ["stock", "level", "ratio"])


@screen
def growth(columns: Columns, rule: Rule) -> Screened:
    """Everything far from the same period of last year."""
    return _change(columns, rule, "year_before", ["stock", "flow", "level", "ratio"])


def _change(columns: Columns, rule: Rule, before: str, kinds: list[str]) -> Screened:
    if before not in columns.periods:
        return Screened()
    frame = columns.amounts.filter(pl.col("kind").is_in(kinds))
    is_known = pl.col(before).is_not_null()
    need(rule, frame.filter(is_known), "{}", "{}_from")
    moved = (pl.col("value") - pl.col(before)).abs()
    is_far = moved - by_dimension(rule) * pl.col(before).abs() > -near("value", before)
    return compared(frame, (moved > 0) & is_far & is_big(rule, "value", before), is_known)


@screen
def unusual_growth(columns: Columns, rule: Rule) -> Screened:
    """Growth over a year out of line with the series' own."""
    if "year_before" not in columns.periods:
        return Screened()
    frame = columns.amounts.filter(pl.col("kind").is_in(["stock", "flow", "level", "ratio"]))
    growths = (
        columns.yearly.lazy()
        .filter((pl.col("earlier") > 0) & (pl.col("after") > 0))
        .with_columns(growth=(pl.col("after") / pl.col("earlier")).log())
    )
    usual = growths.with_columns(middle=pl.col("growth").median().over(KEY))
    usual = usual.group_by(KEY).agg(
        pl.col("middle").first(),
        spread=MAD_SCALE * (pl.col("growth") - pl.col("middle")).abs().median(),
        count=pl.len(),
    )
    frame = frame.join(usual, on=KEY, how="left", maintain_order="left")
    before = pl.col("year_before")
    is_known = (before > 0) & (pl.col("count") >= float(threshold(rule, "at_least")))
    need(rule, frame.filter(is_known), "{}", "{}_from")
    allowed = pl.max_horizontal(by_dimension(rule).log1p(), float(threshold(rule, "deviations")) * pl.col("spread"))
    off = ((pl.col("value") / before).log() - pl.col("middle")).abs() - allowed
    is_suspect = (pl.col("value") > 0) & (off > -_LOG_SLACK) & is_big(rule, "value", "year_before")
    return compared(frame, is_suspect, is_known)


@screen
def unchanged_standard(columns: Columns, rule: Rule) -> Screened:
    """A standard equal to last year's; whether it used to change, the check sees itself."""
    if "year_before" not in columns.periods:
        return Screened()
    frame = columns.amounts.filter(pl.col("kind") == "level")
    counts = columns.yearly.lazy().group_by(KEY).agg(count=pl.len())
    frame = frame.join(counts, on=KEY, how="left", maintain_order="left")
    before = pl.col("year_before")
    is_known = before.is_not_null() & (pl.col("count").fill_null(0) >= float(threshold(rule, "at_least")))
    return compared(frame, (pl.col("value") - before).abs() <= near("value", "year_before"), is_known)


@screen
def unit_slip(columns: Columns, rule: Rule) -> Screened:
    """About a power of ten times the last comparable figure."""
    frame = with_comparable(columns).filter(pl.col("kind") != "derived")
    is_known = pl.col("comparable").is_not_null()
    need(rule, frame.filter(is_known), "{}_from")
    band = float(threshold(rule, "band"))
    expected = pl.col("comparable").abs()
    # A flow's comparable is rounded to a whole unit by the check.
    slack = _LOG_SLACK + 1 / expected
    logarithm = (pl.col("value").abs() / expected).log10()
    powers = [int(sign * power) for power in thresholds(rule, "powers") for sign in (1, -1)]
    is_slipped = pl.any_horizontal((logarithm - power).abs() <= band + slack for power in powers)
    large = expected + 1 >= pl.max_horizontal(by_dimension(rule, "_from"), pl.lit(1.0))
    return compared(frame, is_slipped & large & (pl.col("value") != 0), is_known)


def with_comparable(columns: Columns) -> pl.LazyFrame:
    """``amounts`` with ``comparable``: what ``Tables.last_comparable`` gives, but for rounding to whole units."""
    months = columns.period.end_month

    def first_of(names: tuple[str, ...], *, in_proportion: bool) -> pl.Expr:
        known = {name: columns.periods[name] for name in names if name in columns.periods}
        if not known:
            return pl.lit(None, pl.Float64)
        return pl.coalesce(
            pl.col(name) * (months / period.end_month if in_proportion else 1.0) for name, period in known.items()
        )

    earlier = columns.period.previous_in_year()
    flow = first_of(("year_before", *([earlier.kind] if earlier else []), "last_year_end"), in_proportion=True)
    other = first_of(("previous", "last_year_end", "year_before"), in_proportion=False)
    return columns.amounts.with_columns(comparable=pl.when(pl.col("kind") == "flow").then(flow).otherwise(other))
