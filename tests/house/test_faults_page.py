"""Protects `make faults`: it runs what the page names and tells of each row what became of its test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.faults import PAGE, ROOT, named_tests, read_outcomes, tell

pytestmark = pytest.mark.unit

_PAGE = """
## Away

| what | outcome | test |
| --- | --- | --- |
| a disk | waits | `tests/x/test_a.py::test_one` |
| a channel | waits | `tests/x/test_a.py::test_two` |
| a clock | waits | `tests/x/test_a.py::test_three` |
"""
_REPORT = """<testsuites><testsuite>
<testcase classname="tests.x.test_a" name="test_one[sqlite]" time="1.5"/>
<testcase classname="tests.x.test_a" name="test_one[postgresql]" time="2.0"><failure/></testcase>
<testcase classname="tests.x.test_a" name="test_two" time="0.5"/>
</testsuite></testsuites>"""


def test_a_row_is_as_good_as_the_worst_of_its_cases() -> None:
    told = tell(_PAGE, read_outcomes(_REPORT)).splitlines()
    assert told[1:] == [
        "Away",
        "  failed      3.5 s  a disk; waits",
        "  passed      0.5 s  a channel; waits",
        "  not run     0.0 s  a clock; waits",
    ]


@pytest.mark.slow
def test_the_report_that_pytest_writes_is_read(tmp_path: Path) -> None:
    """By a run of its own over one small test of this house."""
    report = tmp_path / "report.xml"
    test = "tests/house/test_faults_page.py::test_a_row_is_as_good_as_the_worst_of_its_cases"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", f"--junitxml={report}", test],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    assert {name: state for name, (state, _) in read_outcomes(report.read_text()).items()} == {test: "passed"}


def test_the_page_names_the_steps_of_a_cycle() -> None:
    assert len(named_tests(PAGE.read_text(encoding="utf-8"))) > 45
