"""Runs a command with ``DISCLOSURE_TEST_POSTGRES_URL`` naming a PostgreSQL server that tests may use.

    .venv/bin/python tools/with_postgres.py COMMAND ...

In this order: the server the variable names already; one that lets ``postgres`` in on 127.0.0.1:5432 (password
``postgres``, or ``PGUSER`` and ``PGPASSWORD``); one of its own in a temporary folder, ended with the command. Where
PostgreSQL is not installed the command runs without the variable, and the tests say what they miss.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

import psycopg

VARIABLE = "DISCLOSURE_TEST_POSTGRES_URL"
START_SECONDS = 30


def running_server() -> str | None:
    """The URL of a server on 127.0.0.1:5432 that lets us create databases; None when there is none."""
    user, password = os.environ.get("PGUSER", "postgres"), os.environ.get("PGPASSWORD", "postgres")
    try:
        with psycopg.connect(
            host="127.0.0.1", port=5432, user=user, password=password, dbname="postgres", connect_timeout=3
        ) as connection:
            allowed = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            if allowed.fetchone() == (True,):
                return f"postgresql+psycopg://{quote(user, '')}:{quote(password, '')}@127.0.0.1:5432/postgres"
    except psycopg.OperationalError:
        pass
    return None


def postgres_programs() -> Path | None:
    """The folder that holds ``initdb`` and ``postgres``, the newest where Debian has several."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).parent / "postgres").exists():
        return Path(on_path).parent
    debian = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(debian, key=lambda folder: float(folder.parent.name), default=None)


def unprivileged() -> dict[str, Any]:
    """Options for subprocess: PostgreSQL refuses to run as root, so root starts it as ``postgres`` or ``nobody``."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def free_port() -> int:
    """A TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def own_server(programs: Path) -> Iterator[str]:
    """A new, empty server on a free port, gone at the end. Yields its URL."""
    with tempfile.TemporaryDirectory(prefix="disclosure-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        as_user = unprivileged()
        if as_user:
            os.chown(folder, as_user["user"], as_user["group"])
        data, log, port = folder / "data", folder / "log", free_port()
        initdb = [programs / "initdb", "-D", data, "--username=postgres", "--auth=trust", "--encoding=UTF8"]
        subprocess.run(
            [*initdb, "--locale=C", "--no-sync"], cwd=folder, check=True, stdout=subprocess.DEVNULL, **as_user
        )
        # fsync off: the data need not outlive the tests. A session of its own: an interrupt from the keyboard
        # goes to the tests, which still need the server to clean up, and only then to the server.
        options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off"}
        settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, *settings],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **as_user,
            )
        try:
            wait_until_ready(server, port, log)
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown: does not wait for clients
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_until_ready(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Return once the server answers; end with its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def run(command: list[str], url: str | None) -> int:
    """Run ``command`` to its end and return its exit code."""
    environment = dict(os.environ)
    if url:
        environment[VARIABLE] = url
    process = subprocess.Popen(command, env=environment)
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the command got the interrupt as well and is cleaning up
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def main(command: list[str]) -> int:
    """Find or start a server, run ``command``, return its exit code."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)

    if os.environ.get(VARIABLE):
        return run(command, os.environ[VARIABLE])
    if url := running_server():
        return run(command, url)
    if programs := postgres_programs():
        with own_server(programs) as url:
            return run(command, url)
    return run(command, None)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit("usage: tools/with_postgres.py COMMAND ...")
    sys.exit(main(sys.argv[1:]))
