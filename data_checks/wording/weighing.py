"""Whether this period's figure or the earlier one it is far from is the wrong one, by what else is known of both.

A figure that sums hold with stands; where they do not hold with one of the two only, that one is doubted. The figures
of other periods agree with one of the two, or with neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import islice

import numpy as np

from data_checks.findings import messages
from data_checks.tables import AuditRow, Tables
from data_checks.wording import causes
from data_checks.wording.balances import holding
from data_checks.wording.violations import Violation
from disclosure.calendar.periods import Period

#: Of the other periods only the nearest are asked.
_ASKED = 4


class Doubted(StrEnum):
    """Which of two figures, far from each other, is doubted."""

    PRESENT = "present"
    PAST = "past"
    EITHER = "either"


@dataclass(frozen=True)
class Weighing:
    """Which of the two is doubted, the earlier period, and in words why the past is where it is."""

    doubted: Doubted
    period: Period
    why: tuple[str, ...] = ()


def weigh(tables: Tables, row: AuditRow, period: Period, *, is_slip: bool = False) -> Weighing:
    """Return which of a row's figure and that of ``period`` is doubted.

    Sums that hold with one and not with the other, and other periods that are all nearer to one, speak against the
    other; what speaks for both, or for neither, leaves it open. For growth (``is_slip`` is False) two other periods
    are needed, since figures do move.
    """
    name = period.label
    why: list[str] = []
    words = messages()["weighing"]
    now, then = _sums(tables, row, None), _sums(tables, row, period)
    against_past = (False in then and False not in now) - (False in now and False not in then)
    if against_past > 0:
        why.append(str(words["sums_hold" if True in now else "sums"]).format(before_period=name))
    near_now, near_then = _votes(tables, row, period)
    least = 1 if is_slip else 2
    if near_now >= least and not near_then:
        against_past += 1
        why.append(str(words["neighbours"]).format(count=near_now, before_period=name))
    elif near_then and not near_now:
        against_past -= 1
    doubted = Doubted.PAST if against_past > 0 else Doubted.PRESENT if against_past < 0 else Doubted.EITHER
    return Weighing(doubted, period, tuple(why) if doubted is Doubted.PAST else ())


def weighed(tables: Tables, row: AuditRow, period: Period, violation: Violation, *, is_slip: bool = False) -> Violation:
    """Return ``violation``, which blames the present, as it is said once the past is weighed too.

    A past that is doubted cannot keep a figure back: explaining is enough. Where nothing tells the two apart, a slip
    names both.
    """
    found = weigh(tables, row, period, is_slip=is_slip)
    words = messages()["weighing"]
    if found.doubted is Doubted.PRESENT or (found.doubted is Doubted.EITHER and not is_slip):
        return violation
    before_period = found.period.label
    if found.doubted is Doubted.EITHER:
        cause = violation.cause + str(words["either"]).format(before_period=before_period)
        return replace(violation, cause=cause, doubted=(tables.period.id, found.period.id))
    before = tables.before(row.region, row.indicator_id, found.period)
    if before is None:
        raise LookupError(f"{row.region} {row.indicator_id} {found.period.id}")
    unit = tables.catalog.units[before.figure.unit]
    return replace(
        violation,
        words_key="past_doubted",
        words={
            "before": causes.printed(before.value, unit),
            "before_period": before_period,
            "why": str(words["and"]).join(found.why),
        },
        cause=str(words["cause"]).format(before_period=before_period),
        severity="info" if violation.severity == "info" else "warning",
        kind="past",
        culprit=None,
        band=None,
        doubted=(found.period.id,),
    )


def _votes(tables: Tables, row: AuditRow, period: Period) -> tuple[int, int]:
    """How many other periods' figures are nearer to this period's, and how many to that of ``period``."""
    here = row.amount
    there = tables.before(row.region, row.indicator_id, period)
    if here is None or there is None or row.indicator is None or here.value <= 0 or there.value <= 0:
        return 0, 0
    is_flow = row.indicator.kind == "flow"
    of_one = _pace(here.value, tables.period, is_flow=is_flow)
    of_other = _pace(there.value, period, is_flow=is_flow)
    near_one = near_other = 0
    for pace in islice(_other_paces(tables, row, period, is_flow=is_flow), _ASKED):
        farther = max(pace / of_one, of_one / pace) - max(pace / of_other, of_other / pace)
        near_one, near_other = near_one + (farther < 0), near_other + (farther > 0)
    return near_one, near_other


def _other_paces(tables: Tables, row: AuditRow, period: Period, *, is_flow: bool) -> Iterator[Decimal]:
    """Yield the paces of other periods, the nearest to ``period`` first: for a flow those of the same months."""
    known = (each for each in tables.columns.history.periods.values() if each not in (period, tables.period))

    def distance(other: Period) -> tuple[bool, int]:
        apart = abs(12 * (other.year - period.year) + other.end_month - period.end_month)
        return is_flow and other.end_month != period.end_month, apart

    for other in sorted((each for each in known if each.kind != "special"), key=distance):
        amount = tables.before(row.region, row.indicator_id, other)
        if amount is not None and amount.value > 0:
            yield _pace(amount.value, other, is_flow=is_flow)


def _pace(value: Decimal, period: Period, *, is_flow: bool) -> Decimal:
    """Return what of an amount of ``period`` compares with those of others: of a flow that of a month."""
    return value / period.end_month if is_flow else value


def _sums(tables: Tables, row: AuditRow, period: Period | None) -> set[bool]:
    """Whether sums that the figure is in hold, in ``period`` or now."""
    of_period = tables if period is None else past_tables(tables, period)
    return holding(of_period, row.region, row.indicator_id)


def past_tables(tables: Tables, period: Period) -> Tables:
    """Return what is known of ``period``, each figure once; they are made once."""
    columns = tables.columns
    places = columns.past(period)
    if places is None:
        raise LookupError(period.id)

    def make() -> Tables:
        return Tables.of(tables.catalog, period, columns.history.take(np.sort(places[places >= 0])))

    return columns.remembered(("tables", period.id), make)
