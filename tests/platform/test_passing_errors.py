"""Protects the one table of failures that pass: what is tried again, and what is told and left."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

import httpx
import pytest
from botocore.exceptions import EndpointConnectionError
from paramiko import AuthenticationException, BadHostKeyException, RSAKey, SSHException
from sqlalchemy.exc import IntegrityError, OperationalError

from disclosure.platform.errors import PAUSES, SLOW_PAUSE, DisclosureError, UnavailableError, is_passing, pause_after
from disclosure.platform.remote_files import in_words, told

pytestmark = pytest.mark.unit


def answered(status: int) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "http://127.0.0.1/api")
    return httpx.HTTPStatusError("no", request=request, response=httpx.Response(status, request=request))


def in_sqlite(words: str) -> OperationalError:
    return OperationalError("SELECT 1", {}, sqlite3.OperationalError(words))


def caused_by(cause: Exception) -> DisclosureError:
    error = DisclosureError("打不开记录库。")
    error.__cause__ = cause
    return error


PASSING = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EIO, "Input/output error"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OSError(errno.EFBIG, "File too large"),
    ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
    ConnectionResetError(),
    TimeoutError(),
    in_sqlite("database is locked"),
    in_sqlite("database or disk is full"),
    in_sqlite("disk I/O error"),
    httpx.ConnectError("no"),
    httpx.ReadTimeout("no"),
    answered(500),
    answered(503),
    answered(429),
    SSHException("Server connection dropped"),
    EndpointConnectionError(endpoint_url="http://127.0.0.1"),
    UnavailableError("连不上。"),
    caused_by(in_sqlite("database is locked")),
]
LASTING = [
    DisclosureError("发布件与签发时不同。"),
    ValueError("oh"),
    KeyError("oh"),
    FileNotFoundError(errno.ENOENT, "No such file"),
    PermissionError(errno.EACCES, "Permission denied"),
    IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed")),
    in_sqlite("no such table: cycles"),
    answered(404),
    answered(422),
    AuthenticationException("no"),
    BadHostKeyException("host", RSAKey.generate(1024), RSAKey.generate(1024)),
    caused_by(ValueError("oh")),
]


def named(error: Exception) -> str:
    return f"{type(error).__name__} {str(error)[:40]}"


@pytest.mark.parametrize("error", PASSING, ids=named)
def test_what_passes(error: Exception) -> None:
    assert is_passing(error)


@pytest.mark.parametrize("error", LASTING, ids=named)
def test_what_does_not_pass(error: Exception) -> None:
    assert not is_passing(error)


def test_pauses_grow_to_a_cap_that_keeps_the_promise() -> None:
    pauses = [pause_after(tries, OSError()) for tries in range(1, 40)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == PAUSES[-1]
    assert PAUSES[-1].total_seconds() <= 20
    assert pause_after(1, UnavailableError("今天调用次数已用完。", is_slow=True)) == SLOW_PAUSE


@pytest.mark.parametrize(
    ("error", "kind"),
    [(OSError(errno.ENOSPC, "full"), UnavailableError), (FileNotFoundError(errno.ENOENT, "none"), DisclosureError)],
)
def test_what_is_said_in_words_is_still_told_apart(error: Exception, kind: type[Exception]) -> None:
    def fail() -> Iterator[None]:
        with in_words("渠道“网站”", (), told):
            raise error
        yield

    with pytest.raises(DisclosureError) as said:
        next(fail())
    assert type(said.value) is kind
