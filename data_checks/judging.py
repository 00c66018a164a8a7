"""Great Expectations judges what our own checks measured; where the two do not agree, the rule could not run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from data_checks import suites
from data_checks.checking import Checked
from data_checks.identities import WideChecked
from data_checks.runs import Run, describe, not_run
from data_checks.suites import Judged
from data_checks.tables import Tables
from disclosure.catalog import Identity, Ratio, Rule

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult


def judge_tables(tables: Tables, runs: list[Run], seen: list[ExpectationSuiteValidationResult] | None) -> None:
    """Judge the long table by the rules and the wide one by identities and ratios."""
    _judge_long(tables, [run for run in runs if isinstance(run.rule, Rule)], seen)
    _judge_wide(tables, [run for run in runs if not isinstance(run.rule, Rule)], seen)


def judge_violations(tables: Tables, runs: list[Run], seen: list[ExpectationSuiteValidationResult] | None) -> None:
    """Judge the table of what was looked at: an expectation a rule, that nothing in it is wrong.

    Every rule has a mark in it that it ran; without that one that found nothing to look at would pass unseen.
    """
    able = [run for run in runs if not run.error and (run.done.compared or not run.done.skipped)]

    def judge() -> dict[str, Judged]:
        frame = suites.violations_frame(tables.period, {run.rule.id: run.looked_at for run in able})
        return suites.judge(frame, "violations", suites.violations_suite([run.rule for run in able]), seen)

    for run, found in _judged(able, judge):
        if found.error:
            run.error = not_run("engine", error=found.error)
        elif found.expectations != 1:
            run.error = not_run("no_result")
        elif not found.observed:
            run.error = not_run("unseen", engine=0, own=len(run.looked_at) + 1)
        elif found.observed != run.wrong_rows + 1:
            run.error = not_run("disagree", engine=int(found.observed) - 1, own=run.wrong_rows)


def _judge_long(tables: Tables, runs: list[Run], seen: list[ExpectationSuiteValidationResult] | None) -> None:
    able = [run for run in runs if not run.error and (run.done.compared or not run.done.skipped)]

    def judge() -> dict[str, Judged]:
        frame = tables.long_frame({run.rule.id: run.done.measures for run in able if isinstance(run.done, Checked)})
        named = [run.rule for run in able if isinstance(run.rule, Rule)]
        return suites.judge(frame, "long", suites.long_suite(tables.catalog, named), seen)

    _compare(able, judge)


def _judge_wide(tables: Tables, runs: list[Run], seen: list[ExpectationSuiteValidationResult] | None) -> None:
    able = [run for run in runs if not run.error and run.columns]

    def judge() -> dict[str, Judged]:
        measures: dict[str, dict[str, Any]] = {}
        planned: list[tuple[Identity | Ratio, Sequence[str]]] = []
        for run in able:
            if isinstance(run.done, WideChecked) and not isinstance(run.rule, Rule):
                measures.update(run.done.measures)
                planned.append((run.rule, run.columns))
        return suites.judge(tables.wide_frame(measures), "wide", suites.wide_suite(planned), seen)

    _compare(able, judge)


def _compare(runs: list[Run], judge: Callable[[], dict[str, Judged]]) -> None:
    """Hold each run's own findings against Great Expectations' count; any difference is an error.

    So is a column of our measures of which Great Expectations saw other than all: on nulls every check passes.
    """
    for run, found in _judged(runs, judge):
        is_plain = isinstance(run.rule, Rule) and run.rule.check in suites.PLAIN
        if found.error:
            run.error = not_run("engine", error=found.error)
        elif found.expectations != (len(run.columns) or 1):
            run.error = not_run("no_result")
        elif not is_plain and found.values != run.measured:
            run.error = not_run("unseen", engine=found.values, own=run.measured)
        elif found.unexpected != run.wrong_rows:
            run.error = not_run("disagree", engine=found.unexpected, own=run.wrong_rows)


def _judged(runs: list[Run], judge: Callable[[], dict[str, Judged]]) -> Iterator[tuple[Run, Judged]]:
    """Each run with what Great Expectations said of it; none where it raised, which is every run's error."""
    if not runs:
        return
    try:
        judged = judge()
    except Exception as error:
        for run in runs:
            run.error = not_run("engine", error=describe(error))
        return
    for run in runs:
        yield run, judged.get(run.rule.id, Judged())
