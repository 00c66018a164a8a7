"""How long a reviewer's answer takes to open the next gate: ``python benchmarks/gate_latency.py [PAIRS]``.

Plays whole demonstration cycles of ``gaogang-2016`` in throw-away folders, one with runs forked from the warm process
and one with runs started cold, in turns, and takes the time from one open form, answered at once, to the next open
form. Between two gates Prefect's runner polls, a process starts, and the flow runs from its top to the next question;
before the leader's gate it also renders every channel.
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
from deployments.cli.operations.running import free_port
from deployments.credential import with_new_credential
from disclosure.calendar.periods import parse_period
from disclosure.platform.settings import Settings


def one_cycle(plain: Settings, *, is_warm: bool) -> list[float]:
    """Seconds of each gap between two forms of one cycle; ``plain`` has the ports and the credential of all of them."""
    with tempfile.TemporaryDirectory(prefix="gate-latency-") as folder:
        settings = plain.model_copy(update={"home": Path(folder), "runner_is_warm": is_warm})
        prepare_home(settings.home)
        use_server(settings)
        from deployments.demo import run_demo

        opened: list[float] = []

        def look(_form: Any) -> None:
            opened.append(time.monotonic())

        run_demo(settings, parse_period("2016-annual"), lambda _step: None, look)
        return [later - earlier for earlier, later in pairwise(opened)]


def main(count: int) -> None:
    """Print each cycle's gaps, and of each way the median, the least and the most."""
    plain = with_new_credential(
        Settings(
            profile="gaogang-2016",
            server_port=free_port(4200),
            prefect_port=free_port(4201),
            intake_schedule="",
            supervise_at="",
        )
    )
    gaps: dict[str, list[float]] = {"warm": [], "cold": []}
    for number in range(1, count + 1):
        for way in gaps:
            cycle = one_cycle(plain, is_warm=way == "warm")
            print(f"{way} {number}: " + "  ".join(f"{gap:.2f} s" for gap in cycle), flush=True)
            gaps[way] += cycle
    middle = {way: statistics.median(found) for way, found in gaps.items()}
    for way, found in gaps.items():
        print(f"{way}: {len(found)} gaps, median {middle[way]:.2f} s, {min(found):.2f} to {max(found):.2f} s")
    print(f"warm / cold, medians: {middle['warm'] / middle['cold']:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
