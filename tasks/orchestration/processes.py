"""Which processes of ours live on this machine: the runner, and the processes its runs go on in (Linux)."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from disclosure.platform.clock import utc_now
from disclosure.platform.settings import Settings
from tasks.orchestration.prefect_private import RUN_ID_VARIABLE

#: Linux keeps this many characters of a process's name.
_NAME_LENGTH = 15
_PROC = Path("/proc")
_RUN_ID = f"{RUN_ID_VARIABLE}="


@dataclass(frozen=True)
class RunnerMark:
    """What the runner leaves behind once it takes runs: its process id, where that counts, and since when (UTC)."""

    pid: int
    machine: str
    since: dt.datetime

    @property
    def is_here(self) -> bool:
        """Whether its process id, and those of its runs, are ids of this machine and this start of it."""
        return bool(self.machine) and self.machine == this_machine()

    @property
    def is_alive(self) -> bool:
        """Whether that very runner still lives; false also where it cannot be seen from here."""
        return self.is_here and any("deployments.runner.serve" in word for word in _words(self.pid, "cmdline"))


@dataclass(frozen=True)
class RunProcesses:
    """The processes of runs on this machine, as one look found them."""

    names: frozenset[str]
    run_ids: frozenset[str]

    def has(self, run_id: str) -> bool:
        """Whether ``run_id`` goes on in one of them: a forked run is known by its name, one started cold by its id."""
        return process_name(run_id) in self.names or run_id in self.run_ids


def process_name(run_id: str) -> str:
    """Return what ``ps`` shows for a forked run's process: the end of the run's id, whose beginning is only a date."""
    return f"run-{run_id[-(_NAME_LENGTH - 4) :]}"


def leave_mark(settings: Settings) -> None:
    """Say that this process is the runner and about to take runs."""
    mark = {"pid": os.getpid(), "machine": this_machine(), "since": utc_now().isoformat()}
    beside = _mark_file(settings).with_suffix(".partial")
    beside.write_text(json.dumps(mark), encoding="utf-8")
    beside.replace(_mark_file(settings))


def note_look(settings: Settings) -> None:
    """Say that the watcher has just looked."""
    _look_file(settings).touch()


def seconds_since_look(settings: Settings) -> float | None:
    """Return how long ago the watcher looked last; None when it never did."""
    try:
        return max(0.0, utc_now().timestamp() - _look_file(settings).stat().st_mtime)
    except OSError:
        return None


def read_mark(settings: Settings) -> RunnerMark | None:
    """Read the mark of the runner that started last; None when none ever did."""
    try:
        told = json.loads(_mark_file(settings).read_text(encoding="utf-8"))
        return RunnerMark(told["pid"], told["machine"], dt.datetime.fromisoformat(told["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def this_machine() -> str:
    """Name this start of this machine and the process ids seen here (a container has its own); empty where unknown."""
    try:
        return f"{(_PROC / 'sys/kernel/random/boot_id').read_text().strip()} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def run_processes() -> RunProcesses:
    """Find every process here in which a run goes on; those that have ended and are not cleared away do not count."""
    names, run_ids = set(), set()
    for pid in _living():
        with suppress(OSError):
            names.add((_PROC / str(pid) / "comm").read_text().strip())
            run_ids |= {w.removeprefix(_RUN_ID) for w in _words(pid, "environ") if w.startswith(_RUN_ID)}
    return RunProcesses(frozenset(n for n in names if n.startswith("run-")), frozenset(run_ids))


def _living() -> Iterator[int]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                if (entry / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                    yield int(entry.name)


def _words(pid: int, what: str) -> list[str]:
    try:
        return (_PROC / str(pid) / what).read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _mark_file(settings: Settings) -> Path:
    return settings.logs / "runner.ready"


def _look_file(settings: Settings) -> Path:
    return settings.logs / "watch.looked"
