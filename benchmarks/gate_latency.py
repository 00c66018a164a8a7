"""How long a reviewer's answer takes to open the next gate: ``python benchmarks/gate_latency.py [CYCLES]``.

Plays whole demonstration cycles of ``gaogang-2016`` in throw-away folders and takes the time from one open
form, answered at once, to the next open form. Between two gates Prefect's runner polls (once a second), a new
process starts, and the flow runs from its top to the next question. The last gap also renders every channel.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from deployments.bootstrap import prepare_home, use_server
from disclosure.cli.running import free_port
from disclosure.periods import parse_period
from disclosure.settings import Settings


def main(count: int) -> None:
    """Print the median, the least and the most of all gaps, and each cycle's own."""
    port, desk = free_port(4200), free_port(4280)
    gaps: list[float] = []
    for number in range(1, count + 1):
        with tempfile.TemporaryDirectory(prefix="gate-latency-") as folder:
            settings = Settings(
                home=Path(folder), profile="gaogang-2016", server_port=port, desk_port=desk, intake_schedule=""
            )
            prepare_home(settings.home)
            use_server(settings)
            from deployments.demo import run_demo

            opened: list[float] = []

            def look(_form: Any, opened: list[float] = opened) -> None:
                opened.append(time.monotonic())

            run_demo(settings, parse_period("2016-annual"), lambda _step: None, look)
            cycle = [later - earlier for earlier, later in pairwise(opened)]
            print(f"cycle {number}: " + "  ".join(f"{gap:.2f} s" for gap in cycle))
            gaps += cycle
    print(f"{len(gaps)} gaps: median {statistics.median(gaps):.2f} s, {min(gaps):.2f} to {max(gaps):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
