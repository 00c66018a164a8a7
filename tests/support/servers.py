"""Real servers for tests, each on a free port of this machine, ended by its own process id."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

PATIENCE = 120.0


def free_port() -> int:
    """A TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str | None:
    """Where Debian has it; servers lie where only root's PATH looks."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers; fail with its log when it does not."""
    until = time.monotonic() + PATIENCE
    while not is_ready():
        if time.monotonic() > until or process.poll() is not None:
            raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


@contextmanager
def running(command: list[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A server process until the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def mariadb(folder: Path) -> Iterator[str]:
    """An empty MariaDB; SQLAlchemy URL of its administrator, who has no password."""
    install, server = program("mariadb-install-db"), program("mariadbd")
    assert install
    assert server
    as_user: dict[str, Any] = {}
    if os.getuid() == 0:
        # MariaDB refuses to run as root.
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = known.get("mysql") or known["nobody"]
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(folder, user.pw_uid, user.pw_gid)
    data, port = folder / "data", free_port()
    fast = ["--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M"]
    plain = ["--no-defaults", f"--datadir={data}"]
    subprocess.run(
        [install, *plain, "--auth-root-authentication-method=normal", "--skip-test-db", *fast],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **as_user,
    )
    net = ["--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder / 'socket'}", "--skip-name-resolve"]
    log = folder / "log"

    def is_ready() -> bool:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="root").close()
        except pymysql.MySQLError:
            return False
        return True

    command = [server, *plain, *net, *fast, f"--pid-file={folder / 'pid'}"]
    with running(command, log, cwd=folder, **as_user) as process:
        wait_until(is_ready, process, log)
        yield f"mariadb+pymysql://root@127.0.0.1:{port}/mysql"


@dataclass(frozen=True)
class Sftp:
    """An OpenSSH server: whoever holds ``user_key`` (a file) may log in as ``user``."""

    port: int
    user: str
    user_key: Path
    host_key: str


@contextmanager
def sftp(folder: Path) -> Iterator[Sftp]:
    """Debian's sshd with keys of its own, for the user who runs the tests."""
    server, keygen = program("sshd"), program("ssh-keygen")
    assert server
    assert keygen
    host, user = folder / "host", folder / "user"
    for key in (host, user):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    port, log = free_port(), folder / "log"
    settings = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": host,
        "PidFile": "none",
        "AuthorizedKeysFile": user.with_suffix(".pub"),
        # The folders of a test are writable for its group.
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "UsePAM": "no",
        "Subsystem": "sftp internal-sftp",
    }
    config = folder / "config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    if os.getuid() == 0:
        # Debian's service makes it; the server will not start as root without it.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)

    def is_ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with running([server, "-D", "-e", "-f", str(config)], log) as process:
        wait_until(is_ready, process, log)
        public = " ".join(host.with_suffix(".pub").read_text().split()[:2])
        yield Sftp(port, pwd.getpwuid(os.getuid()).pw_name, user, public)


@dataclass(frozen=True)
class Webdav:
    """A WebDAV server of ``folder`` for one user."""

    port: int
    folder: Path
    user: str = "xuanchuan"
    password: str = "geheim/geheim"


@contextmanager
def webdav(folder: Path) -> Iterator[Webdav]:
    """WsgiDAV behind cheroot, in a thread of this process."""
    from cheroot.wsgi import Server  # noqa: PLC0415 - for its own tests only
    from wsgidav.wsgidav_app import WsgiDAVApp  # noqa: PLC0415 - for its own tests only

    made = Webdav(free_port(), folder)
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(folder)},
            "simple_dc": {"user_mapping": {"*": {made.user: {"password": made.password}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    server = Server(("127.0.0.1", made.port), app, numthreads=4)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield made
    finally:
        server.stop()
        thread.join()
