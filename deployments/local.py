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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from disclosure.errors import DisclosureError
from disclosure.settings import Settings

#: A first start runs Prefect's own migrations.
_START_SECONDS = 90.0
_STOP_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A child process with the log it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Ask it to stop, by its own process id; insist after a while, children of its own included."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if self.name == "runner" else signal.SIGTERM)
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
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
    children: list[Child] = []
    try:
        progress("正在启动 Prefect 服务…")
        refuse_taken_port(settings)
        server = [sys.executable, "-m", "prefect", "server", "start"]
        children.append(_start("server", server, settings))
        _wait(children[-1], lambda: is_up(settings))
        progress("正在启动预览服务和流程运行器…")
        children.append(_start("desk", [sys.executable, "-m", "deployments.desk"], settings))
        ready_file(settings).unlink(missing_ok=True)
        children.append(_start("runner", [sys.executable, "-m", "deployments.serve"], settings))
        _wait(children[-1], ready_file(settings).exists)
        yield tuple(children)
    finally:
        for child in reversed(children):
            child.stop()


def is_up(settings: Settings) -> bool:
    """Whether a Prefect server answers where the settings say."""
    try:
        with _client(settings) as client:
            return client.get("/health").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def ready_file(settings: Settings) -> Path:
    """The runner touches it once its deployments are registered and it is about to take runs."""
    return settings.logs / "runner.ready"


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


def _start(name: str, command: list[str], settings: Settings) -> Child:
    settings.logs.mkdir(parents=True, exist_ok=True)
    settings.prefect_home.mkdir(parents=True, exist_ok=True)
    log = settings.logs / f"{name}.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(  # noqa: S603 - our own modules, by the running interpreter
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=child_environment(settings),
            start_new_session=True,
            preexec_fn=_as_child,  # noqa: PLW1509 - no threads yet
        )
    return Child(name, process, log)


def _as_child() -> None:
    """Runs in the child before it becomes itself.

    SIGINT works even where a script had it ignored; and on Linux the child is asked to stop when its parent
    is killed, so that no server is left behind.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait(child: Child, is_ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if is_ready():
            return
        if child.process.poll() is not None:
            break
        time.sleep(0.2)
    raise DisclosureError(f"{child.name} 没有启动成功，记录见 {child.log}，最后几行是：\n{child.last_words()}")
