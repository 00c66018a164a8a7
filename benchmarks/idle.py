"""What the product costs while nobody does anything: ``python benchmarks/idle.py [SECONDS]``.

Server, desk, runner and preloaded process of an installation of its own, in a throw-away folder, with one cycle that
waits for its reviewers; memory is what each holds for itself and its share of what it shares (PSS, Linux), processor
time that of ``SECONDS`` (60) in which nothing happens but the watcher's looks.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from deployments.bootstrap import prepare_home
from deployments.cli.operations.running import free_port
from deployments.local import Child, running
from disclosure.platform.settings import Settings

_TICKS = os.sysconf("SC_CLK_TCK")
#: Until then what is imported later is there, and what a start costs is over.
_SETTLE_SECONDS = 25.0


def processes_of(child: Child) -> dict[str, int]:
    """Return the process ids of a child and of what it started, by name."""
    pid = child.process.pid
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    named = {child.name: pid}
    for number, each in enumerate(started):
        words = Path(f"/proc/{each}/cmdline").read_bytes().decode().split("\0")
        named[next((word for word in words if word.startswith("deployments.")), f"{child.name} {number}")] = int(each)
    return named


def read_memory(pid: int) -> float:
    """Return a process's PSS in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def read_processor_time(pid: int) -> float:
    """Return the seconds of processor time that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def main(seconds: float) -> None:
    """Print memory and processor time of each process, and both together."""
    with tempfile.TemporaryDirectory(prefix="idle-") as folder:
        settings = Settings(
            home=Path(folder),
            profile="gaogang-2016",
            server_port=free_port(4200),
            prefect_port=free_port(4201),
            intake_schedule="",
            supervise_at="",
        )
        prepare_home(settings.home)
        with running(settings) as children:
            time.sleep(_SETTLE_SECONDS)
            pids = {"this command": os.getpid()}
            for child in children:
                pids |= processes_of(child)
            before = {name: read_processor_time(pid) for name, pid in pids.items()}
            time.sleep(seconds)
            total = [0.0, 0.0]
            for name, pid in pids.items():
                memory, share = read_memory(pid), (read_processor_time(pid) - before[name]) / seconds * 100
                total = [total[0] + memory, total[1] + share]
                print(f"{name}: {memory:.0f} MB, {share:.1f} % of a core")
            print(f"together: {total[0]:.0f} MB, {total[1]:.1f} % of a core")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
