"""``python -m deployments.zygote FD``: what a run imports, imported once; forked for every run.

One thread, no connection, nothing begun: a fork inherits memory and nothing else. The runner orders runs through
the socket ``FD``, a packet each, and reads from it when they start and how they end (``deployments.warm``).
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress

from disclosure.processes import process_name

#: More than any environment of a run.
PACKET_BYTES = 65536

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15


#: What only some steps need, in the order it is imported while no run is ordered: an audit's tables, a release's
#: charts, an audit. Each takes up to seconds, which nobody should wait for.
LATER = ("pandas", "altair", "great_expectations.expectations")
_IDLE_SECONDS = 3.0


def import_now() -> None:
    """What every run needs; like what is imported later, it must leave no thread and no connection."""
    # Said before NumPy is imported: its linear algebra would start threads, and no step of ours needs them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    import prefect.flow_engine  # noqa: F401

    import flows.cycle
    import flows.intake
    import flows.supervision  # noqa: F401


def _import_later(module: str) -> None:
    # Great Expectations imports a module that Python itself has deprecated.
    with warnings.catch_warnings(), suppress(ImportError):
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module(module)


def _keep_memory_shared() -> None:
    """What is here by now stays: never visited by the collector, it is not copied into every fork."""
    gc.collect()
    gc.freeze()


def serve(runner: socket.socket) -> dict[str, str]:
    """Fork for every order; come back only in a fork, with the environment that was ordered for it."""
    me = os.getpid()
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    runner.send(b'{"is_ready": true}')
    later = list(LATER)
    while True:
        ready, _, _ = select.select([runner.fileno(), woken], [], [], _IDLE_SECONDS if later else None)
        if not ready:
            _import_later(later.pop(0))
            _keep_memory_shared()
        if woken in ready:
            os.read(woken, PACKET_BYTES)
            for pid, code in _ended():
                runner.send(json.dumps({"ended": pid, "code": code}).encode())
        if runner.fileno() in ready:
            order = runner.recv(PACKET_BYTES)
            if not order:
                sys.exit()
            if pid := os.fork():
                runner.send(json.dumps({"started": pid}).encode())
                continue
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for inherited in (woken, wake):
                os.close(inherited)
            runner.close()
            environment: dict[str, str] = json.loads(order)
            _die_with(me, process_name(environment["PREFECT__FLOW_RUN_ID"]))
            return environment


def _ended() -> Iterator[tuple[int, int]]:
    """(process id, exit code as ``subprocess`` counts it) of every fork that ended since."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def _die_with(zygote: int, name: str) -> None:
    """Be killed when the zygote ends, which ends with the runner: no run outlives who would notice its end."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != zygote:
        sys.exit("the process this run was forked from is gone")
    libc.prctl(_PR_SET_NAME, name.encode())


def main() -> None:
    """Serve until the runner is gone; in a fork, be ``python -m prefect.engine`` for the run that was ordered."""
    # Ctrl-C and a service manager's stop are for the runner, which stops its runs and then us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner = socket.socket(fileno=int(sys.argv[1]))
    import_now()
    _keep_memory_shared()
    os.environ.update(serve(runner))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv[:] = ["prefect.engine"]
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    # The engine is imported already, which is what this is all about; runpy would warn of it.
    warnings.filterwarnings("ignore", message=".*found in sys.modules", category=RuntimeWarning)
    # Nobody listens for heartbeats, and their thread, which wakes once a second, would hold up the run's end.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
