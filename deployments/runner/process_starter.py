"""A runner that forks the processes of runs from a warm one, instead of starting Python and importing all anew.

The cold start is most of what lies between an answer and the next question. A run stays a process of its own,
which Prefect's runner sees, stops and judges like any other; where it cannot be forked it is started cold.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.abc
from prefect.client.schemas.objects import FlowRun
from prefect.runner import Runner

from deployments.runner.preloaded_process import IMPORT_LATER, PACKET_BYTES
from tasks.orchestration.own_code.admission import flow_of_run
from tasks.orchestration.prefect_private import replace_hooks_flow, replace_starter, wrap_process

if TYPE_CHECKING:
    from tasks.orchestration.prefect_private import ProcessHandle, ProcessStarter

#: A fork takes milliseconds; a preloaded process that needs this long is stuck, and is replaced.
_FORK_SECONDS = 10.0
#: A new preloaded process is waited for, since a cold start would import the same beside it.
_WARM_UP_SECONDS = 20.0
#: How a fork ended whose preloaded process cannot tell any more: it was killed with it.
_KILLED = -9

_log = logging.getLogger("disclosure.runner")


class PreloadedProcessGoneError(Exception):
    """There is no warm process to fork from."""


@dataclass
class Fork:
    """The process of a run, as far as Prefect's ``ProcessHandle`` looks at one."""

    pid: int
    returncode: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self, code: int) -> None:
        """Note how it ended, and wake who waits for it."""
        self.returncode = code
        self.ended.set()


class PreloadedProcess:
    """The warm process, kept alive while this context is open.

    Its forks die with it, and it ends when our end of the socket closes, however that happens.
    """

    def __init__(self) -> None:
        self._forks: dict[int, Fork] = {}
        self._ordered: deque[asyncio.Future[Fork]] = deque()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        #: The one that was told to import what an audit needs.
        self._prepared: subprocess.Popen[bytes] | None = None
        self._keeper: asyncio.Task[None] | None = None
        #: Set when there is one, or when there will be none.
        self._is_settled = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])

    async def fork(self, environment: Mapping[str, str]) -> Fork:
        """Start a process that runs the flow run named in ``environment``.

        Raises:
            PreloadedProcessGoneError: when there is nothing to fork from; then no process was left running either.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_WARM_UP_SECONDS):
                await self._is_settled.wait()
        if self._socket is None or self._process is None:
            raise PreloadedProcessGoneError
        process = self._process
        order: asyncio.Future[Fork] = asyncio.get_running_loop().create_future()
        self._ordered.append(order)
        try:
            self._socket.send(json.dumps(dict(environment)).encode())
            async with asyncio.timeout(_FORK_SECONDS):
                return await order
        except (OSError, TimeoutError) as error:
            # Whatever it may have forked meanwhile dies with it.
            process.kill()
            raise PreloadedProcessGoneError from error

    def prepare_audit(self) -> None:
        """Have it import what an audit needs, if it has not; may be called from any thread, and again and again."""
        if self._socket is not None and self._prepared is not self._process:
            with suppress(OSError):
                self._socket.send(IMPORT_LATER)
                self._prepared = self._process

    async def _keep(self) -> None:
        """Start one, and another when it dies; one that never became ready would not do better a second time."""
        try:
            while await self._live():
                self._is_settled.clear()
                _log.warning("预热进程意外结束，正在另起一个。", extra={"event": "preloaded.died"})
            _log.warning(
                "预热进程没有启动成功；运行照常启动，只是每次慢一些。", extra={"event": "preloaded.not_started"}
            )
        finally:
            self._is_settled.set()

    async def _live(self) -> bool:
        """One preloaded process's life; whether it ever was ready."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        command = [sys.executable, "-m", "deployments.runner.preloaded_process", str(theirs.fileno())]
        with ours:
            with theirs:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])  # noqa: S603
            try:
                while packet := await asyncio.get_running_loop().sock_recv(ours, PACKET_BYTES):
                    told = json.loads(packet)
                    if "is_ready" in told:
                        self._socket, self._process = ours, process
                        self._is_settled.set()
                    else:
                        self._take(told)
            except ConnectionError:
                pass
            finally:
                was_ready = self._socket is not None
                self._socket = self._process = None
                process.kill()
                process.wait()
                self._give_up()
        return was_ready

    def _take(self, told: Mapping[str, Any]) -> None:
        if pid := told.get("started"):
            self._forks[pid] = Fork(pid)
            order = self._ordered.popleft()
            if not order.done():
                order.set_result(self._forks[pid])
        else:
            self._forks.pop(told["ended"]).end(told["code"])

    def _give_up(self) -> None:
        for order in self._ordered:
            if not order.done():
                order.set_exception(PreloadedProcessGoneError())
        self._ordered.clear()
        for fork in self._forks.values():
            fork.end(_KILLED)
        self._forks.clear()


class PreloadedStarter:
    """Starts one run's process by a fork, or the ordinary way when there is nothing to fork from.

    A ``ProcessStarter`` of Prefect: it tells of the process as soon as there is one, and returns when it has ended.
    """

    def __init__(
        self, preloaded: PreloadedProcess, ordinary: ProcessStarter, environment_of: Callable[[FlowRun], dict[str, str]]
    ) -> None:
        self._preloaded = preloaded
        self._ordinary = ordinary
        self._environment_of = environment_of

    async def start(
        self, flow_run: FlowRun, task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Start the process, tell of it, and wait for its end."""
        try:
            fork = await self._preloaded.fork(self._environment_of(flow_run))
        except PreloadedProcessGoneError:
            await self._ordinary.start(flow_run, task_status=task_status)
            return
        task_status.started(wrap_process(fork))
        await fork.ended.wait()


class OwnRunner(Runner):
    """Prefect's runner, with its way of starting processes replaced: forked from ``preloaded``, or cold without one.

    Whatever it starts is our own engine, and the hooks it would run itself are those of our own flows.
    """

    def __init__(self, preloaded: PreloadedProcess | None, **options: Any) -> None:
        super().__init__(**options)
        self._preloaded = preloaded

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        replace_starter(self, self._make_starter)
        replace_hooks_flow(self, flow_of_run)
        return self

    def _make_starter(
        self, cold: ProcessStarter, environment_of: Callable[[FlowRun], dict[str, str]]
    ) -> ProcessStarter:
        return PreloadedStarter(self._preloaded, cold, environment_of) if self._preloaded is not None else cold
