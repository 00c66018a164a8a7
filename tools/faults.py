"""Run every test that ``docs/faults.md`` names, and print its tables with what was seen. Run ``make faults``."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "faults.md"
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def named_tests(text: str) -> list[str]:
    """Return every test a page names, once, in the order of the page."""
    return list(dict.fromkeys(f"{file}::{name}" for file, name in _NAMED.findall(text)))


def read_outcomes(report: str) -> dict[str, tuple[str, float]]:
    """Return of each test, all its cases taken together, what became of it and how long it took in seconds."""
    states: defaultdict[str, list[str]] = defaultdict(list)
    seconds: defaultdict[str, float] = defaultdict(float)
    for case in ElementTree.fromstring(report).iter("testcase"):  # noqa: S314 - pytest's own
        file = case.attrib["classname"].replace(".", "/") + ".py"
        test = f"{file}::{case.attrib['name'].partition('[')[0]}"
        kinds = {child.tag for child in case}
        states[test].append("failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed")
        seconds[test] += float(case.attrib["time"])
    return {
        test: (next((bad for bad in ("failed", "skipped") if bad in of), "passed"), seconds[test])
        for test, of in states.items()
    }


def tell(text: str, outcomes: dict[str, tuple[str, float]]) -> str:
    """Return the page's rows, each with what became of its test in place of the test's name."""
    lines = []
    for line in text.splitlines():
        if line.startswith("## "):
            lines.append(f"\n{line.removeprefix('## ')}")
        elif line.startswith("| ") and (named := _NAMED.search(line)):
            outcome, took = outcomes.get(f"{named[1]}::{named[2]}", ("not run", 0.0))
            cells = [cell.strip() for cell in line.strip("| ").split(" | ")[:-1]]
            lines.append(f"  {outcome:8}{took:7.1f} s  {'; '.join(cells)}")
    return "\n".join(lines)


def main() -> int:
    """Run the tests and print the tables; the exit code is pytest's."""
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", f"--junitxml={report}"]
        done = subprocess.run([*command, *sys.argv[1:], *named_tests(text)], cwd=ROOT, check=False)
        if report.is_file():
            print(tell(text, read_outcomes(report.read_text(encoding="utf-8"))))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
