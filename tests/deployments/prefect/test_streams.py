"""Protects streams: nothing more comes through once the visitor is not who came in, whatever Prefect still sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.websockets import WebSocket
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from deployments.door.prefect.sight import Sight
from deployments.door.prefect.sockets import stream
from deployments.door.prefect.upstream import Upstream
from deployments.door.visitor import Visitor
from disclosure.access import sessions
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.records.tables import Person
from disclosure.review import people

pytestmark = pytest.mark.unit

NAME = "郑法规"


class Page:
    """A page of the UI that reads a stream: what it hears, and how it was closed."""

    def __init__(self) -> None:
        self.scope = {"subprotocols": ["prefect"]}
        self.heard: list[Any] = []
        self.closed: int | None = None
        self._says = iter(("auth", "filter"))

    async def accept(self, subprotocol: str) -> None:
        """Be let in."""
        assert subprotocol == "prefect"

    async def receive(self) -> dict[str, Any]:
        """Say what the protocol wants, then nothing."""
        kind = next(self._says, None)
        if kind is None:
            await asyncio.sleep(60)
        return {"type": "websocket.receive", "text": json.dumps({"type": kind})}

    async def send_json(self, message: Any) -> None:
        """Hear."""
        self.heard.append(message)

    async def close(self, code: int) -> None:
        """Hear no more."""
        self.closed = code


def read_stream(is_welcome: Callable[[], bool]) -> Page:
    """Open a stream on which Prefect sends five lines and then keeps the connection."""

    async def prefect(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(json.dumps({"type": "auth_success"}))
        await connection.recv()
        for line in range(5):
            await connection.send(json.dumps({"line": line}))
        await connection.wait_closed()

    async def run() -> Page:
        page = Page()
        async with serve(prefect, "127.0.0.1", 0, subprotocols=[Subprotocol("prefect")]) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            settings = SimpleNamespace(prefect_url=f"http://127.0.0.1:{port}")
            upstream = cast("Upstream", SimpleNamespace(settings=settings, credential=lambda: "a:b"))
            async with asyncio.timeout(20):
                await stream(cast("WebSocket", page), upstream, "/logs/out", lambda message: message, is_welcome)
        return page

    return asyncio.run(run())


def test_it_ends_before_the_next_line_once_the_visitor_may_not_stay() -> None:
    answers = iter([True, True, False])
    page = read_stream(lambda: next(answers))
    assert page.heard == [{"type": "auth_success"}, {"line": 0}, {"line": 1}]
    assert page.closed is not None


def test_records_that_are_away_close_it_and_the_page_tries_again() -> None:
    def away() -> bool:
        raise DisclosureError("记录正被占用。")

    page = read_stream(away)
    assert page.heard == [{"type": "auth_success"}]
    assert page.closed == 1013


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation with one person enrolled."""
    made = Installation(Settings(home=tmp_path))
    with made.begin() as work:
        people.enrol(work.session, made.catalog, made.cipher, NAME, "政策法规科")
    yield made
    made.records.engine.dispose()


def come_in(installation: Installation) -> Visitor:
    """Let the person in."""
    with installation.begin() as work:
        person = people.find_person(work.session, NAME)
        assert isinstance(person, Person)
        found = sessions.find_session(work, sessions.open_session(work, person, "127.0.0.1"))
    assert found is not None
    return Visitor(found.name, found.office, found.roles, str(found.id), found.person_id, found.offices)


def test_somebody_who_signs_out_is_disabled_or_has_other_roles_may_not_stay(installation: Installation) -> None:
    sight = Sight(installation)
    first, second = come_in(installation), come_in(installation)
    assert sight.is_still_here(first)
    with installation.begin() as work:
        sessions.end_session(work, int(first.session_id))
    assert (sight.is_still_here(first), sight.is_still_here(second)) == (False, True)
    with_less = Visitor(second.name, second.office, frozenset(), second.session_id, second.person_id, second.offices)
    assert not sight.is_still_here(with_less)
    with installation.begin() as work:
        people.end_sessions(work.session, work.session.get_one(Person, second.person_id), work.now)
    assert not sight.is_still_here(second)
