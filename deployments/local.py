"""Everything on one machine: Prefect's server, the runner and the desk as child processes of one command.

A real server as a child process starts and stops cleanly; the in-process one prints tracebacks and costs as
much. Each child is in its own process group, so that Ctrl-C reaches only the command, which then stops them
in order: runner, desk, server.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

import httpx

from disclosure.errors import DisclosureError
from disclosure.processes import read_mark
from disclosure.settings import Settings

#: A first start runs Prefect's own migrations.
_START_SECONDS = 90.0
_STOP_SECONDS = 20.0
#: How often a part is started again within ``_DEATHS_SECONDS``; then an operator must look.
RESTARTS = 3
_DEATHS_SECONDS = 600
_PR_SET_PDEATHSIG = 1


class Child:
    """A child process that can be started again, with the log it writes."""

    def __init__(
        self, name: str, title: str, command: list[str], settings: Settings, is_ready: Callable[[Child], bool]
    ) -> None:
        self.name = name
        self.title = title
        self.log = settings.logs / f"{name}.log"
        self._command = command
        self.settings = settings
        self._is_ready = is_ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process it is now."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process

    def start(self) -> None:
        """Start it, and wait until it is ready.

        Raises:
            DisclosureError: when it does not come up, with the end of its log.
        """
        self.settings.logs.mkdir(parents=True, exist_ok=True)
        self.settings.prefect_home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as stream:
            self._process = subprocess.Popen(  # noqa: S603 - our own modules, by the running interpreter
                self._command,
                stdout=stream,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=child_environment(self.settings),
                start_new_session=True,
                preexec_fn=_as_child,  # noqa: PLW1509 - no threads yet
            )
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and not self.has_ended():
            if self._is_ready(self):
                return
            time.sleep(0.1)
        self.clear_away()
        raise DisclosureError(f"{self.title}没有启动成功，记录见 {self.log}，最后几行是：\n{self.last_words()}")

    def has_ended(self) -> bool:
        """Whether it is dead; its process id stays its own until ``clear_away``."""
        if self.process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def stop(self) -> None:
        """Ask it to stop, by its own process id; insist after a while, children of its own included."""
        if self._process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if self.name == "runner" else signal.SIGTERM)
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.clear_away()

    def clear_away(self) -> None:
        """Kill it and whatever it started: nothing of it may go on beside its successor."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


@contextmanager
def running(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> Iterator[tuple[Child, ...]]:
    """Server, desk and runner, up and ready; stopped in reverse order at the end, whatever happens.

    Raises:
        DisclosureError: when a part does not come up, with the end of its log.
    """
    check_auth_string(settings)
    refuse_taken_port(settings)
    python = [sys.executable, "-m"]
    server = Child(
        "server", "Prefect 服务", [*python, "prefect", "server", "start"], settings, lambda _: is_up(settings)
    )
    desk = Child("desk", "预览服务", [*python, "deployments.desk"], settings, lambda _: True)
    runner = Child("runner", "流程运行器", [*python, "deployments.serve"], settings, _runner_is_ready)
    children = (server, desk, runner)
    try:
        progress("正在启动 Prefect 服务…")
        server.start()
        progress("正在启动预览服务和流程运行器…")
        desk.start()
        runner.start()
        yield children
    finally:
        for child in reversed(children):
            child.stop()


def keep_up(children: Sequence[Child], tell: Callable[[str], None]) -> NoReturn:
    """Start again whatever dies, until interrupted.

    With the server goes the runner: it could neither take runs meanwhile nor tell how they ended, and a new one
    looks after what was under way (``tasks.recovery``).

    Raises:
        DisclosureError: when one of them keeps dying, with the end of its log.
    """
    deaths: dict[str, list[float]] = {child.name: [] for child in children}
    while True:
        ended = next((child for child in children if child.has_ended()), None)
        if ended is None:
            signal.sigtimedwait((signal.SIGCHLD,), 1.0)
            continue
        now = time.monotonic()
        recent = deaths[ended.name] = [moment for moment in deaths[ended.name] if now - moment < _DEATHS_SECONDS]
        if len(recent) == RESTARTS:
            raise DisclosureError(
                f"{ended.title}在 {_DEATHS_SECONDS // 60} 分钟内停了 {RESTARTS + 1} 次，不再自动重启。"
                f"记录见 {ended.log}，最后几行是：\n{ended.last_words()}\n请按记录排除原因，再运行 disclosure up。"
            )
        recent.append(now)
        tell(f"{ended.title}意外停止，正在重新启动（{len(recent)}/{RESTARTS}）…")
        again = [child for child in children if child is ended or (ended.name == "server" and child.name == "runner")]
        for child in again:
            child.clear_away()
        time.sleep(len(recent) - 1)
        # One that does not come up has died once more, and is seen above.
        with suppress(DisclosureError):
            for child in again:
                child.start()
            tell(f"{ended.title}已恢复。")


def is_up(settings: Settings) -> bool:
    """Whether a Prefect server answers where the settings say."""
    try:
        with _client(settings) as client:
            return client.get("/health").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def check_auth_string(settings: Settings) -> None:
    """Refuse what Prefect would accept and then fail on at every authorised call."""
    if settings.server_auth and not settings.server_auth.get_secret_value().isascii():
        raise DisclosureError(
            "DISCLOSURE_SERVER_AUTH 只能用 ASCII 字符（Prefect 遇到汉字会在每次授权访问时出错），请改正。"
        )


def refuse_taken_port(settings: Settings) -> None:
    """One clear sentence instead of a server's traceback."""
    if is_up(settings):
        raise DisclosureError(
            f"{settings.server_url} 上已有一个 Prefect 服务在运行。请先停掉它，或用 DISCLOSURE_SERVER_PORT 另选端口。"
        )


def child_environment(settings: Settings) -> dict[str, str]:
    """What our child processes are told: our settings, Prefect's, UTF-8."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DISCLOSURE_"))}
    return {
        **inherited,
        **settings.own_environment,
        **settings.prefect_environment,
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _client(settings: Settings) -> httpx.Client:
    auth = settings.server_auth.get_secret_value().partition(":") if settings.server_auth else None
    return httpx.Client(
        base_url=f"{settings.server_url}/api",
        auth=(auth[0], auth[2]) if auth else None,
        timeout=5,
        trust_env=False,
    )


def _runner_is_ready(runner: Child) -> bool:
    mark = read_mark(runner.settings)
    return mark is not None and mark.pid == runner.process.pid and mark.is_here


def _as_child() -> None:
    """Runs in the child before it becomes itself.

    SIGINT works even where a script had it ignored; and on Linux the child is asked to stop when its parent
    is killed, so that no server is left behind.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
