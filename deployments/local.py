"""Everything on one machine: Prefect's server, the door and the runner as child processes of one command.

A real server as a child process starts and stops cleanly; the in-process one prints tracebacks and costs as
much. Each child is in its own process group, so that Ctrl-C reaches only the command, which then stops them
in order: runner, door, server.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import httpx

from deployments.credential import with_live_credential, with_new_credential
from deployments.logs import EVENT_LOG, rotate_log
from disclosure.catalog import Catalog, load_catalog
from disclosure.platform.errors import DisclosureError
from disclosure.platform.private_files import close_to_others, make_private
from disclosure.platform.remote_files import fill
from disclosure.platform.settings import Settings
from disclosure.publication.channels.folder import versions_of
from tasks.orchestration.processes import read_mark
from tasks.orchestration.watching.storage import wait_for_storage

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
        """Read the end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


@contextmanager
def running(
    settings: Settings, progress: Callable[[str], None] = lambda _: None, check: Callable[[], None] = lambda: None
) -> Iterator[tuple[Child, ...]]:
    """Keep server, door and runner up and ready; stopped in reverse order at the end, whatever happens.

    ``check`` is called once this home is held and before anything of ours is started in it.

    Raises:
        DisclosureError: when a part does not come up, with the end of its log.
    """
    check_exposure(settings)
    if settings.prefect_auth is None:
        settings = with_new_credential(settings)
    with _only_one(settings):
        refuse_taken_port(settings)
        close_to_others()
        if closed := make_private(settings.home, shared_folders(settings, load_catalog(settings.profile))):
            progress(f"{settings.home} 里有 {closed} 个文件或文件夹别的用户也能打开，已改为只有本用户能打开。")
        check()
        yield from _children(settings, progress)


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Hold this home: a second ``up`` would call the live runs of the first dead. The lock dies with its process.

    Raises:
        DisclosureError: when another process holds it.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip()
            raise DisclosureError(
                f"{settings.home} 已由另一个 disclosure up（进程 {holder or '未知'}）在用，没有重复启动。"
                "请用那一个，或先把它停掉（在它的终端按 Ctrl-C）。"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def shared_folders(settings: Settings, catalog: Catalog) -> list[Path]:
    """Return what in the home is meant for others: inboxes as the operator shares them, and what channels publish."""
    roots = [
        settings.home / fill(fact.url, home=settings.home)
        for fact in catalog.channels.values()
        if fact.kind == "folder"
    ]
    return [settings.inbox, *roots, *(versions_of(root) for root in roots)]


def _children(settings: Settings, progress: Callable[[str], None]) -> Iterator[tuple[Child, ...]]:
    python = [sys.executable, "-m"]
    server = Child(
        "server", "Prefect 服务", [*python, "prefect", "server", "start"], settings, lambda _: is_up(settings)
    )
    door = Child("door", "入口", [*python, "deployments.door"], settings, lambda _: door_answers(settings))
    runner = Child("runner", "流程运行器", [*python, "deployments.runner.serve"], settings, _runner_is_ready)
    children = (server, door, runner)
    try:
        progress("正在启动 Prefect 服务…")
        server.start()
        progress("正在启动入口和流程运行器…")
        door.start()
        runner.start()
        yield children
    finally:
        for child in reversed(children):
            child.stop()


def keep_up(children: Sequence[Child], tell: Callable[[str], None]) -> NoReturn:
    """Start again whatever dies, until interrupted.

    With the server goes the runner: it could neither take runs meanwhile nor tell how they ended, and a new one
    looks after what was under way (``tasks.orchestration.repair``).

    Raises:
        DisclosureError: when one of them keeps dying, with the end of its log.
    """
    deaths: dict[str, list[float]] = {child.name: [] for child in children}
    while True:
        ended = next((child for child in children if child.has_ended()), None)
        if ended is None:
            for child in children:
                # A disk that is full, or away, is the storage watch's to tell.
                with suppress(OSError):
                    rotate_log(child.log)
            with suppress(OSError):
                rotate_log(children[0].settings.logs / EVENT_LOG)
            signal.sigtimedwait((signal.SIGCHLD,), 1.0)
            continue
        now = time.monotonic()
        # What has nowhere to write dies at once, however often it is started.
        wait_for_storage(ended.settings, tell)
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


def check_exposure(settings: Settings) -> None:
    """Refuse to carry passwords and unpublished figures over a network in the clear."""
    if not settings.is_local and not settings.is_encrypted:
        raise DisclosureError(
            f"DISCLOSURE_SERVER_HOST={settings.server_host} 会让别的机器也能访问，"
            "而口令和未发布的数据会不加密地在网上传。请把 DISCLOSURE_PUBLIC_URL 设成 https 开头的地址，"
            "由前面的反向代理接 https，或再用 DISCLOSURE_TLS_CERTIFICATE、DISCLOSURE_TLS_KEY 给出证书；"
            "不然请改回 127.0.0.1。"
        )
    issuer = settings.openid_issuer
    if issuer and not issuer.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise DisclosureError(f"DISCLOSURE_OPENID_ISSUER={issuer} 应是 https 开头的地址，登录才不会被人冒充。")
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise DisclosureError("DISCLOSURE_TLS_CERTIFICATE 和 DISCLOSURE_TLS_KEY 要么都写，要么都不写。")


def refuse_taken_port(settings: Settings) -> None:
    """Say one clear sentence instead of a server's traceback."""
    if is_up(settings):
        raise DisclosureError(
            f"{settings.prefect_url} 上已有一个 Prefect 服务在运行。请先停掉它，或用 DISCLOSURE_PREFECT_PORT 另选端口。"
        )
    for host, port, name in (
        (settings.server_host, settings.server_port, "SERVER"),
        ("127.0.0.1", settings.prefect_port, "PREFECT"),
    ):
        if is_taken(host, port):
            raise DisclosureError(
                f"端口 {port} 已被别的程序占用。请停掉那个程序，或用 DISCLOSURE_{name}_PORT 另选端口。"
            )


def is_taken(host: str, port: int) -> bool:
    """Whether somebody listens there already, or nobody may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the servers themselves do: a port that was used a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def child_environment(settings: Settings) -> dict[str, str]:
    """Return what our child processes are told: our settings, Prefect's, UTF-8."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DISCLOSURE_"))}
    return {
        **inherited,
        **settings.own_environment,
        **settings.prefect_environment,
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
    }


def door_answers(settings: Settings) -> bool:
    """Whether the door answers here, be it by asking who is there."""
    try:
        # Its certificate is for the name people open; here it is enough that it is our own machine's port.
        answer = httpx.get(settings.door_url, timeout=5, trust_env=False, verify=False)  # noqa: S501
    except httpx.HTTPError:
        return False
    return answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR


def _client(settings: Settings) -> httpx.Client:
    known = with_live_credential(settings).prefect_auth
    auth = known.get_secret_value().partition(":") if known else None
    return httpx.Client(
        base_url=f"{settings.prefect_url}/api",
        auth=(auth[0], auth[2]) if auth else None,
        timeout=5,
        trust_env=False,
    )


def _runner_is_ready(runner: Child) -> bool:
    mark = read_mark(runner.settings)
    return mark is not None and mark.pid == runner.process.pid and mark.is_here


def _as_child() -> None:
    """Prepare the child before it becomes itself.

    SIGINT works even where a script had it ignored; and on Linux the child is asked to stop when its parent
    is killed, so that no server is left behind.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
