"""Who stands at the door: an enrolled person who has signed in, as every page and every call below it sees them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from disclosure.catalog import RoleId


@dataclass(frozen=True)
class Visitor:
    """A person signed in; ``roles`` and ``offices`` are today's, those of absent people they stand in for included."""

    name: str
    office: str
    roles: frozenset[RoleId]
    session_id: str
    person_id: int = 0
    offices: frozenset[str] = frozenset()
    source: str = ""


class NotSignedInError(Exception):
    """A page that needs a visitor was reached without one: the guard lets nobody in, so this is a fault of ours."""


def current_visitor(connection: HTTPConnection) -> Visitor:
    """Return who asks; the guard has seen to it that there is somebody wherever the address is not open to all.

    Raises:
        NotSignedInError: on an address that is open to all.
    """
    visitor = visitor_or_none(connection)
    if visitor is None:
        raise NotSignedInError(connection.url.path)
    return visitor


def visitor_or_none(connection: HTTPConnection) -> Visitor | None:
    """Return who asks, None when nobody is signed in."""
    visitor: Visitor | None = getattr(connection.state, "visitor", None)
    return visitor
