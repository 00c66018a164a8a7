"""Errors that reach people (one Chinese sentence saying what, where and what to do), and which failures pass.

What passes is a disk, a database or a network that is away for a moment, and never somebody's decision.
"""

from __future__ import annotations

import datetime as dt
import errno
from collections.abc import Iterator


class DisclosureError(Exception):
    """Something a person can put right. ``str(error)`` is the sentence shown to them, in Chinese."""


class UnavailableError(DisclosureError):
    """Something that is needed does not work now: a disk, a database, a network, the other side.

    It is nobody's decision: the same act is tried again until it works (``is_passing``). ``is_slow``: asking
    often does harm, as where the other side counts the calls of a day.
    """

    def __init__(self, sentence: str, *, is_slow: bool = False) -> None:
        super().__init__(sentence)
        self.is_slow = is_slow


#: What an operating system says of disks, files and networks that may be whole again in a moment.
_NUMBERS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EROFS,
        errno.ESTALE,
        errno.ENOMEM,
        errno.EMFILE,
        errno.ENFILE,
        errno.EAGAIN,
        errno.EBUSY,
        errno.EPIPE,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.ETIMEDOUT,
    }
)
#: By name, as their libraries are imported only where they are used: databases, HTTP, SSH, object stores.
_NAMES = frozenset(
    {
        "OperationalError",
        "InterfaceError",
        "TransportError",
        "ConnectionError",
        "TimeoutError",
        "gaierror",
        "NoValidConnectionsError",
        "SSHException",
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionClosedError",
        "ClientConnectionError",
    }
)
#: Below one of these names, and yet nothing that waiting mends.
_LASTING = frozenset({"AuthenticationException", "BadHostKeyException", "UnsupportedProtocol"})
#: What SQLite calls operational as well, and is a fault of the program.
_FAULTS_OF_SQL = ("no such table", "no such column", "syntax error", "has no column")
_SERVER_ERRORS, _ASK_AGAIN = 500, (408, 425, 429)

#: How long is waited before the next try, up to the last for ever: what has been away is used within its seconds.
PAUSES = tuple(dt.timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 4, 8, 15))
#: Where asking often does harm.
SLOW_PAUSE = dt.timedelta(minutes=5)
#: After so long people are told.
TOLD_AFTER = dt.timedelta(minutes=1)


def is_passing(error: BaseException) -> bool:
    """Tell whether ``error``, or what it came from, is a failure that passes: the same act may work in a moment."""
    return any(_passes(each) for each in _chain(error))


def pause_after(tries: int, error: BaseException) -> dt.timedelta:
    """Return how long to wait after ``tries`` failures one after the other (at least one), the last being ``error``."""
    if isinstance(error, UnavailableError) and error.is_slow:
        return SLOW_PAUSE
    return PAUSES[min(tries, len(PAUSES)) - 1]


def _passes(error: BaseException) -> bool:
    if isinstance(error, UnavailableError):
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & _LASTING:
        return False
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return True
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return status >= _SERVER_ERRORS or status in _ASK_AGAIN
    return bool(names & _NAMES) and not any(fault in str(error) for fault in _FAULTS_OF_SQL)


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__
