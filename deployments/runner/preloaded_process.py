"""``python -m deployments.runner.preloaded_process FD``: what a run imports, imported once; forked for every run.

One thread, no connection, nothing begun: a fork inherits memory and nothing else. The runner orders runs through
the socket ``FD``, a packet each, and reads from it when they start and how they end
(``deployments.runner.process_starter``).
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from disclosure.catalog.loading import forget_changed_catalogs, load_catalog
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.platform.templating import compile_templates
from tasks.orchestration.prefect_private import RUN_ID_VARIABLE, preload_engine
from tasks.orchestration.processes import process_name

#: More than any environment of a run.
PACKET_BYTES = 65536

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15


#: What an audit needs, in the order it is imported while no run is ordered, once an audit may come (``IMPORT_LATER``).
#: Each takes up to seconds, which nobody should wait for, and 130 MB together, which nobody should hold for nothing.
IMPORT_LATER = b"{}"
LATER = ("pandas", "great_expectations.expectations")
_IDLE_SECONDS = 3.0


def import_now() -> None:
    """Import what every run needs; like what is imported later, it must leave no thread and no connection."""
    # Said before NumPy is imported: its linear algebra would start threads, and no step of ours needs them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    preload_engine()
    # With the flows themselves: whatever else a run may be.
    from sqlalchemy.orm import configure_mappers

    import flows.cycle
    import flows.intake
    import flows.openness
    import flows.reminders
    import flows.supervision  # noqa: F401

    # Tables put together and facts read: each a tenth of a second of every run.
    configure_mappers()
    # A mistake in the facts, or in the settings, is for a run to tell.
    with suppress(DisclosureError, ValueError):
        load_catalog(Settings().profile)


def _import_later(module: str) -> None:
    # Great Expectations imports a module that Python itself has deprecated.
    with warnings.catch_warnings(), suppress(ImportError):
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module(module)


def _keep_memory_shared() -> None:
    """Keep what is here by now: never visited by the collector, it is not copied into every fork."""
    gc.collect()
    gc.freeze()


def serve(runner: socket.socket) -> dict[str, str]:
    """Fork for every order; come back only in a fork, with the environment that was ordered for it."""
    me = os.getpid()
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    runner.send(b'{"is_ready": true}')
    later: list[Callable[[], object]] = [compile_templates]
    while True:
        ready, _, _ = select.select([runner.fileno(), woken], [], [], _IDLE_SECONDS if later else None)
        if not ready:
            later.pop(0)()
            _keep_memory_shared()
        if woken in ready:
            os.read(woken, PACKET_BYTES)
            for pid, code in _ended():
                runner.send(json.dumps({"ended": pid, "code": code}).encode())
        if runner.fileno() in ready:
            order = runner.recv(PACKET_BYTES)
            if not order:
                sys.exit()
            if order == IMPORT_LATER:
                later += [partial(_import_later, name) for name in LATER if name not in sys.modules]
                continue
            if pid := os.fork():
                runner.send(json.dumps({"started": pid}).encode())
                continue
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for inherited in (woken, wake):
                os.close(inherited)
            runner.close()
            environment: dict[str, str] = json.loads(order)
            _die_with(me, process_name(environment[RUN_ID_VARIABLE]))
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


def _die_with(parent: int, name: str) -> None:
    """Be killed when the parent ends, which ends with the runner: no run outlives who would notice its end."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process this run was forked from is gone")
    libc.prctl(_PR_SET_NAME, name.encode())


def main() -> None:
    """Serve until the runner is gone; in a fork, be ``python -m deployments.runner.run`` for the run ordered."""
    # Ctrl-C and a service manager's stop are for the runner, which stops its runs and then us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner = socket.socket(fileno=int(sys.argv[1]))
    import_now()
    _keep_memory_shared()
    os.environ.update(serve(runner))
    forget_changed_catalogs()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A fork has paid for it already.
    from deployments.runner.run import main as run

    run()


if __name__ == "__main__":
    main()
