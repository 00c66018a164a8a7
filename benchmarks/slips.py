"""Slips in published figures: which of them the audit finds, at which cell, and what it asks about right figures.

    python benchmarks/slips.py --seed 1 --most 100

Figures that governments published (``tests/data/audit/real_series.csv``; the tables by province of 2010 once more as if
of the year after 2008, for counties with a past, not for false alarms) are spoilt in 21 ways, one slip a table, about
2,000 in all. A series (one insurance of one region) belongs by the seed to the half that limits are tuned on or to the
half held out. *Right cell*: a finding is at a spoilt figure or blames it. *Elsewhere*: only others are blamed.
*Missed*: nothing new is said. A figure has a past where an earlier comparable one is known.
"""

from __future__ import annotations

import argparse
import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slip_kinds import KINDS

from data_checks.audit import AuditFinding, AuditResult, audit_tables
from data_checks.backtest import Slip, periods
from data_checks.tables import Tables
from data_checks.wording.violations import Key
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.figures.figures import Figure
from tests.support.real_history import real_series

HALVES = ("tuned", "held out")
BY_PROVINCE = "全国分省"


@dataclass(frozen=True)
class Case:
    """One slip in one table; ``number`` is the table's."""

    kind: str
    half: str
    has_past: bool
    number: int
    slip: Slip


def half_of(seed: int, place: str, key: Key) -> str:
    """Return the half that the series of a figure (region and indicator) belongs to."""
    digest = hashlib.sha256(f"{seed}|{place}|{key[0]}|{key[1].partition('.')[0]}".encode()).digest()
    return HALVES[digest[0] % 2]


def places() -> Iterator[tuple[str, Catalog, list[Figure], bool]]:
    """Place, catalogue, figures, and whether what is said of them as printed counts."""
    for name, catalog, figures in real_series():
        yield name, catalog, figures, True
        if name == BY_PROVINCE:
            later = [replace(f, period=Period(2009, "annual")) for f in figures if f.period.year == 2010]
            pension = [f for f in figures if f.period.year == 2008 and f.indicator.startswith("employee_pension.")]
            yield f"{name}（2010年作2009年）", catalog, [*pension, *later], False


def cases_of(tables: Tables, place: str, number: int, seed: int) -> Iterator[Case]:
    """Every slip of every kind that can happen in one table."""
    for kind, slips in KINDS.items():
        chance = random.Random(f"{seed}|{place}|{tables.period.id}|{kind}")  # noqa: S311 - figures, no secrets
        for slip in slips(tables, chance):
            yield Case(kind, half_of(seed, place, slip.wrong[0]), _has_past(slip), number, slip)


def _has_past(slip: Slip) -> bool:
    rows = (slip.tables.row(*key) for key in slip.wrong)
    return all(row is not None and slip.tables.last_comparable(row) is not None for row in rows)


def new_findings(before: AuditResult, after: AuditResult) -> list[AuditFinding]:
    """Return what is said because of the slip."""
    known = {(f.rule, f.region, f.indicator, f.value) for f in before.findings}
    return [f for f in after.findings if (f.rule, f.region, f.indicator, f.value) not in known and f.severity != "info"]


def verdict(slip: Slip, new: Sequence[AuditFinding]) -> str:
    """Return ``right cell``, ``elsewhere`` or ``missed``."""
    wrong, names = set(slip.wrong), {"/".join(key) for key in slip.wrong}
    if any((f.region, f.indicator) in wrong or f.cause_group in names for f in new):
        return "right cell"
    if any(f.read_off and set(f.involved) & wrong for f in new):
        return "right cell"
    return "elsewhere" if new else "missed"


def chosen(cases: Sequence[Case], most: int, seed: int) -> list[Case]:
    """At most ``most`` of a kind, as many with a past as without where there are."""
    by: dict[tuple[str, bool], list[Case]] = defaultdict(list)
    for case in cases:
        by[case.kind, case.has_past].append(case)
    found: list[Case] = []
    for kind in KINDS:
        with_past, without = by[kind, True], by[kind, False]
        share = max(most - len(without), most // 2) if len(with_past) > most // 2 else len(with_past)
        for group, count in ((with_past, share), (without, most - min(share, len(with_past)))):
            chance = random.Random(f"{seed}|{kind}")  # noqa: S311 - as above
            found += chance.sample(group, min(count, len(group)))
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--most", type=int, default=100, help="slips of a kind")
    arguments.add_argument("--half", choices=HALVES, help="only this half")
    arguments.add_argument("--show", default="", help="print what was not found of this kind")
    given = arguments.parse_args()
    results, cases = [], []
    right: Counter[str] = Counter()
    events: Counter[int] = Counter()
    for name, catalog, figures, counts in places():
        for tables in periods(catalog, figures):
            result = audit_tables(tables)
            results.append(result)
            cases += cases_of(tables, name, len(results) - 1, given.seed)
            if counts:
                right["figures"] += len(tables.figures)
                right.update(members[0].severity for members in result.causes.values())
    seen: dict[tuple[str, str, bool], Counter[str]] = defaultdict(Counter)
    for case in chosen(cases, given.most, given.seed):
        if given.half in (None, case.half):
            new = new_findings(results[case.number], audit_tables(case.slip.tables))
            said = verdict(case.slip, new)
            events[len({finding.cause_group for finding in new})] += 1
            seen[case.kind, case.half, case.has_past][said] += 1
            if case.kind == given.show and said != "right cell":
                print(said, case.half, case.has_past, results[case.number].period.id, case.slip.wrong[:3])
    _print(seen, right)
    told = max(1, events.total() - events[0])
    print(f"of {told} slips that were told of, {events[1] / told:.0%} made one event, {events[2] / told:.0%} two")


def _print(seen: dict[tuple[str, str, bool], Counter[str]], right: Counter[str]) -> None:
    for half in HALVES:
        for has_past in (True, False):
            total: Counter[str] = Counter()
            print(f"\n{half}, {'with' if has_past else 'without'} a past: right cell, elsewhere, missed, of")
            for kind in KINDS:
                counts = seen[kind, half, has_past]
                total += counts
                print(f"  {kind}: {_shares(counts)}")
            print(f"  together: {_shares(total)}")
    per_hundred = 100 * right["warning"] / right["figures"]
    print(f"\nright figures {right['figures']}: {right['critical']} critical, {right['warning']} warnings", end="")
    print(f" ({per_hundred:.2f} in a hundred figures)")


def _shares(counts: Counter[str]) -> str:
    of = counts.total()
    shares = (f"{counts[name] / of:4.0%}" if of else "   -" for name in ("right cell", "elsewhere", "missed"))
    return f"{' '.join(shares)} {of:5d}"


if __name__ == "__main__":
    main()
