"""The audit beside others: seconds, rows a second and peak memory for one collection of each size.

    python benchmarks/audit_engines.py --sizes 1000 10000 100000 1000000 --rounds 3

Needs the ``bench`` packages. Every measurement is a process of its own, the engines take turns, medians are told.
Ours is the whole audit: every rule of the catalogue, what they find in words, Great Expectations' verdict and the
digest of the data, from values as they are printed. The others check about as many rules (below) on values that are
numbers already, join last year's and pivot for themselves, and count what is wrong. Imports are not in the times.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
from audit_collection import PERIOD, Collection, collection

from data_checks.measures.arguments import arguments_of_ratio, limits_in
from disclosure.catalog import Catalog

warnings.simplefilter("ignore")


@dataclass(frozen=True)
class Rules:
    """What the others check: the catalogue's facts about single figures, its identities and its ratios."""

    facts: pl.DataFrame
    regions: list[str]
    sums: dict[str, tuple[str, list[tuple[str, int]]]]
    shares: dict[str, tuple[str, str, float, float]]


def rules_of(catalog: Catalog) -> Rules:
    asked = {i.id: i for i in catalog.indicators_for(PERIOD)}
    facts = pl.DataFrame(
        [
            {
                "indicator": i.id,
                "unit_expected": i.unit,
                "centre_expected": i.centre,
                "least": -1e18 if i.may_be_negative else 0.0,
                "whole": i.unit in ("人", "人次", "人月次", "户"),
            }
            for i in asked.values()
        ]
    )
    sums, shares = {}, {}
    for fact in catalog.identities.values():
        for insurance in fact.for_each:
            total = catalog.indicator_id(insurance, fact.total)
            parts = [(catalog.indicator_id(insurance, p), -1 if p.startswith("-") else 1) for p in fact.parts]
            known = [part for part in parts if part[0] in asked]
            is_whole = len(known) == len(parts) or any(part.endswith(".other") for part, _ in known)
            if total in asked and is_whole and fact.relation != "at_most" and not fact.opening:
                sums[f"{fact.id}_{insurance}"] = (total, known)
    for ratio in catalog.ratios.values():
        for insurance in () if ratio.stated else ratio.for_each:
            quotient = ratio.quotients[0]
            above, below = (catalog.indicator_id(insurance, x[0]) for x in (quotient.numerator, quotient.denominator))
            if above in asked and below in asked:
                scale = 10_000 if asked[above].unit == "万元" and asked[below].unit == "人" else 1
                low, high = (float(each) / scale for each in limits_in(PERIOD.year, arguments_of_ratio(ratio)))
                shares[f"{ratio.id}_{insurance}"] = (above, below, low, high)
    return Rules(facts, list(catalog.regions), sums, shares)


def long_checks() -> dict[str, pl.Expr]:
    """True where a figure is right, on the long table joined with facts and last year."""
    ratio = pl.col("value") / pl.col("before")
    return {
        "present": pl.col("value").is_not_null(),
        "unit": pl.col("unit") == pl.col("unit_expected"),
        "centre": pl.col("centre") == pl.col("centre_expected"),
        "sign": pl.col("value") >= pl.col("least"),
        "whole": ~pl.col("whole") | (pl.col("value") % 1 == 0),
        "growth": ((ratio > 0.2) & (ratio < 1.8)) | (pl.col("before") == 0) | pl.col("before").is_null(),
        "slip": ((ratio > 3e-4) & (ratio < 3e3)) | (pl.col("before") == 0) | pl.col("before").is_null(),
    }


def wide_checks(rules: Rules) -> dict[str, pl.Expr]:
    """True where a region is right, on the wide table."""
    checks = {
        name: (pl.col(total) - pl.sum_horizontal(pl.col(p) * sign for p, sign in parts)).abs() <= rounding(parts)
        for name, (total, parts) in rules.sums.items()
    }
    for name, (above, below, low, high) in rules.shares.items():
        share = pl.col(above) / pl.col(below)
        checks[name] = (share >= low) & (share <= high)
    return checks


def rounding(parts: list[tuple[str, int]]) -> float:
    """What two printed decimals explain, in the printed unit, with room for floats."""
    return 0.005 * (len(parts) + 1) + 1e-3


def tables_of(data: Numbers, rules: Rules) -> tuple[pl.DataFrame, pl.DataFrame]:
    before = data.before.select("region", "indicator", before="number")
    long = data.now.join(before, on=["region", "indicator"], how="left").join(rules.facts, on="indicator", how="left")
    return long, data.now.pivot("indicator", index="region", values="number")


@dataclass(frozen=True)
class Numbers:
    """The collection for the others, in polars: values are numbers."""

    now: pl.DataFrame
    before: pl.DataFrame


def with_numbers(data: Collection) -> Numbers:
    def typed(frame: pd.DataFrame) -> pl.DataFrame:
        numbers = frame["value"].astype(float).to_numpy()
        names = {name: frame[name].astype(object).to_list() for name in frame if name != "value"}
        return pl.DataFrame({**names, "value": numbers, "number": numbers})

    return Numbers(typed(data.now), typed(data.before))


# --- the engines: each gives what it found wrong ------------------------------------------------------


def ours(data: Collection, _rules: Rules) -> int:
    from data_checks import run_audit
    from data_checks.figure_table.figures import FigureTable

    result = run_audit(data.catalog, PERIOD, FigureTable.read(data.now), FigureTable.read(data.before))
    assert not result.not_run
    return len(result.findings)


def by_polars(data: Numbers, rules: Rules) -> int:
    long, wide = tables_of(data, rules)
    found = long.select((~check).sum().alias(name) for name, check in long_checks().items())
    more = long.select(
        unique=pl.struct("region", "indicator").is_duplicated().sum(),
        region=(~pl.col("region").is_in(rules.regions)).sum(),
    )
    of_wide = wide.select((~check).sum().alias(name) for name, check in wide_checks(rules).items())
    return sum(map(sum, (*found.rows(), *more.rows(), *of_wide.rows())))


def by_pandas(data: Numbers, rules: Rules) -> int:
    frames = (data.now, data.before, rules.facts)
    now, before, facts = (pd.DataFrame(frame.to_dict(as_series=False)) for frame in frames)
    began = time.perf_counter()
    keys = ["region", "indicator"]
    last = before[[*keys, "number"]].rename(columns={"number": "before"})
    long = now.merge(last, on=keys, how="left").merge(facts, on="indicator", how="left")
    wide = now.pivot(index="region", columns="indicator", values="number")
    ratio = long["value"] / long["before"]
    has_past = long["before"].notna() & (long["before"] != 0)
    wrong = [
        long["value"].isna(),
        long.duplicated(keys, keep=False),
        ~long["region"].isin(rules.regions),
        long["unit"] != long["unit_expected"],
        long["centre"] != long["centre_expected"],
        long["value"] < long["least"],
        long["whole"] & (long["value"] % 1 != 0),
        has_past & ~((ratio > 0.2) & (ratio < 1.8)),
        has_past & ~((ratio > 3e-4) & (ratio < 3e3)),
    ]
    for total, parts in rules.sums.values():
        rest = sum(wide[p] * sign for p, sign in parts)
        wrong.append((wide[total] - rest).abs() > rounding(parts))
    for above, below, low, high in rules.shares.values():
        wrong.append(~(wide[above] / wide[below]).between(low, high))
    found = int(sum(each.sum() for each in wrong))
    ours_own.append(time.perf_counter() - began)
    return found


#: Seconds of an engine that first needs the data in a form of its own.
ours_own: list[float] = []


def by_pandera(data: Numbers, rules: Rules) -> int:
    import pandera.polars as pa

    long, wide = tables_of(data, rules)
    found = 0
    for frame, checks in ((long, long_checks()), (wide, wide_checks(rules))):
        made = [pa.Check(lambda given, c=check: given.lazyframe.select(c), name=name) for name, check in checks.items()]
        unique = ["region", "indicator"] if frame is long else None
        columns = {"region": pa.Column(str, pa.Check.isin(rules.regions))}
        try:
            pa.DataFrameSchema(columns, checks=made, unique=unique).validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            found += len(error.failure_cases)
    return found


def by_pointblank(data: Numbers, rules: Rules) -> int:
    import pointblank as pb

    long, wide = tables_of(data, rules)
    steps = pb.Validate(long).rows_distinct(["region", "indicator"]).col_vals_in_set("region", rules.regions)
    for check in long_checks().values():
        steps = steps.col_vals_expr(check)
    of_wide = pb.Validate(wide)
    for check in wide_checks(rules).values():
        of_wide = of_wide.col_vals_expr(check)
    options = {"collect_extracts": True, "get_first_n": 200}
    done = (steps.interrogate(**options), of_wide.interrogate(**options))
    return sum(sum(count for count in each.n_failed().values() if count) for each in done)


def by_soda(data: Numbers, rules: Rules) -> int:
    import duckdb
    from soda_core.contracts import verify_contract_locally

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        long, _ = tables_of(data, rules)
        long.select(pl.exclude("number", "text", "state", "period")).write_parquet(home / "long.parquet")
        began = time.perf_counter()
        with duckdb.connect(str(home / "figures.db")) as connection:
            connection.execute(f"create table long as from '{home / 'long.parquet'}'")
            connection.execute("create table wide as pivot long on indicator using first(value) group by region")
        source = f"type: duckdb\nname: figures\nconnection:\n  database: {home / 'figures.db'}\n"
        (home / "source.yml").write_text(source, encoding="utf-8")
        found = 0
        for table, wrong in (("long", LONG_SQL), ("wide", wide_sql(rules))):
            lines = [f"dataset: figures/main/{table}", "columns:", "  - name: region", "checks:"]
            for name, condition in wrong.items():
                told = {"name": name, "qualifier": name, "expression": condition}
                lines.append(f"  - failed_rows: {json.dumps(told)}")
            (home / f"{table}.yml").write_text("\n".join(lines), encoding="utf-8")
            result = verify_contract_locally(
                data_source_file_path=str(home / "source.yml"), contract_file_path=str(home / f"{table}.yml")
            )
            assert not result.has_errors, result.get_errors_str()
            found += sum(each.number_of_checks_failed for each in result.contract_verification_results)
        ours_own.append(time.perf_counter() - began)
    return found


#: True where a figure is wrong, as ``long_checks``.
LONG_SQL = {
    "present": "value is null",
    "unit": "unit <> unit_expected",
    "centre": "centre <> centre_expected",
    "sign": "value < least",
    "whole": '"whole" and value % 1 <> 0',
    "growth": "before <> 0 and not (value / before > 0.2 and value / before < 1.8)",
    "slip": "before <> 0 and not (value / before > 3e-4 and value / before < 3e3)",
}


def wide_sql(rules: Rules) -> dict[str, str]:
    """True where a region is wrong, as ``wide_checks``."""
    wrong = {}
    for name, (total, parts) in rules.sums.items():
        rest = " ".join(f'{"+" if sign > 0 else "-"} "{part}"' for part, sign in parts)
        wrong[name] = f'abs("{total}" - (0 {rest})) > {rounding(parts)}'
    for name, (above, below, low, high) in rules.shares.items():
        wrong[name] = f'not ("{above}" / "{below}" between {low} and {high})'
    return wrong


ENGINES: dict[str, Callable[[Any, Rules], int]] = {
    "ours": ours,
    "pandas by hand": by_pandas,
    "polars by hand": by_polars,
    "pandera (polars)": by_pandera,
    "pointblank (polars)": by_pointblank,
    "soda (DuckDB)": by_soda,
}


def measure(engine: str, size: int) -> None:
    """One run in this process: seconds, peak memory and what was found, as JSON."""
    is_ours = engine.startswith("ours")
    if is_ours:
        import data_checks.expectations.suite  # noqa: F401
    data = collection(size)
    rules = rules_of(data.catalog)
    given, small = (data, collection(200)) if is_ours else (with_numbers(data), with_numbers(collection(200)))
    # The first call of a library loads what it needs.
    ENGINES[engine](small, rules)
    ours_own.clear()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    found = ENGINES[engine](given, rules)
    seconds = ours_own[-1] if ours_own else time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    checks = len(long_checks()) + 2 + len(rules.sums) + len(rules.shares)
    told = {"seconds": seconds, "peak": peak / 1024, "grown": (peak - before) / 1024, "found": found}
    print(json.dumps({**told, "figures": data.size, "checks": checks}))


def cycle(rounds: int) -> None:
    """Seconds of a prefecture's own cycle beyond the import of Great Expectations, in its project under a home."""
    import data_checks.expectations.suite  # noqa: F401
    from data_checks import run_audit
    from disclosure.catalog import load_catalog
    from disclosure.simulation.demo_figures import demo_figures, demo_history

    catalog = load_catalog("chuxiong")
    figures, history = demo_figures(catalog, PERIOD), demo_history(catalog, PERIOD)
    seconds, processor = [], []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(rounds):
            began, used = time.perf_counter(), time.process_time()
            assert not run_audit(catalog, PERIOD, figures, history, home=Path(home)).not_run
            seconds.append(time.perf_counter() - began)
            processor.append(time.process_time() - used)
    counts = f"{len(figures)} figures, {len(history)} before them"
    used = statistics.median(processor)
    print(f"| {counts} | first {seconds[0]:.2f} | median {statistics.median(seconds):.2f} | processor {used:.2f} |")


def main() -> None:
    """Take turns and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    parser.add_argument("--cycle", action="store_true", help="a prefecture's own cycle instead")
    parser.add_argument("--run", nargs=2)
    given = parser.parse_args()
    if given.run:
        measure(given.run[0], int(given.run[1]))
        return
    if given.cycle:
        cycle(given.rounds)
        return
    for size in given.sizes:
        runs: dict[str, list[dict[str, float]]] = {}
        for _ in range(given.rounds):
            for engine in given.engines:
                command = [sys.executable, __file__, "--run", engine, str(size)]
                with tempfile.TemporaryFile("w+") as errors:
                    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False)
                    if done.returncode:
                        errors.seek(0)
                        print(f"{engine}: {errors.read().strip().splitlines()[-1]}", file=sys.stderr)
                        continue
                runs.setdefault(engine, []).append(json.loads(done.stdout.splitlines()[-1]))
        for engine, told in runs.items():
            seconds = statistics.median(run["seconds"] for run in told)
            least = min(run["seconds"] for run in told)
            figures, peak = told[0]["figures"], max(run["peak"] for run in told)
            rate = figures / seconds
            cells = (f"{size:,}", engine, f"{seconds:.2f} ({least:.2f})", f"{rate:,.0f}", f"{peak:,.0f}")
            print("|", " | ".join((*cells, f"{told[0]['found']:,.0f}")), "|", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
