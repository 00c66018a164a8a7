"""Streams of events and logs through the door: the browser's filter goes in, what the visitor may see comes out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from deployments.door.prefect.upstream import Upstream
from disclosure.platform.errors import DisclosureError

_OPEN_SECONDS, _MOST_BYTES = 10, 1_000_000
#: Then the browser opens it anew, if its session still lasts.
_LONGEST_SECONDS = 600
_POLICY_VIOLATION, _UNFIT_DATA, _TRY_AGAIN = 1008, 1007, 1013
_PREFECT = Subprotocol("prefect")

#: Makes of one message what the visitor may have of it; None for nothing.
ShowMessage = Callable[[dict[str, Any]], dict[str, Any] | None]


async def stream(
    socket: WebSocket, upstream: Upstream, path: str, show_message: ShowMessage, is_welcome: Callable[[], bool]
) -> None:
    """Speak Prefect's protocol on both sides: ``auth``, ``auth_success``, ``filter``, and then messages one way.

    Closed as soon as the visitor is not ``is_welcome`` any more, before another message goes out. Whatever the
    browser gives as its token is not read; Prefect gets ours.
    """
    if _PREFECT not in socket.scope.get("subprotocols", []):
        await socket.close(_POLICY_VIOLATION)
        return
    await socket.accept(subprotocol=_PREFECT)
    try:
        async with asyncio.timeout(_OPEN_SECONDS):
            await _expect(socket, "auth")
        address = upstream.settings.prefect_url.replace("http", "ws", 1) + f"/api{path}"
        async with connect(
            address,
            subprotocols=[_PREFECT],
            proxy=None,
            open_timeout=_OPEN_SECONDS,
            max_size=_MOST_BYTES,
        ) as prefect:
            await _sign_in(prefect, upstream.credential())
            await socket.send_json({"type": "auth_success"})
            wanted = await _expect(socket, "filter")
            await prefect.send(json.dumps(wanted))
            await _pass_on(socket, prefect, show_message, is_welcome)
    except WebSocketDisconnect:
        return
    except (_UnfitMessageError, TimeoutError):
        await _close(socket, _UNFIT_DATA)
    except (WebSocketException, OSError, DisclosureError):
        await _close(socket, _TRY_AGAIN)


class _UnfitMessageError(Exception):
    """The browser, or Prefect, said something else than the protocol has."""


async def _sign_in(prefect: ClientConnection, credential: str) -> None:
    await prefect.send(json.dumps({"type": "auth", "token": credential}))
    if _read(await prefect.recv()).get("type") != "auth_success":
        raise _UnfitMessageError


async def _expect(socket: WebSocket, kind: str) -> dict[str, Any]:
    received = await socket.receive()
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received.get("code", 1005))
    message = _read(received.get("text") or received.get("bytes") or "")
    if message.get("type") != kind:
        raise _UnfitMessageError
    return message


async def _pass_on(
    socket: WebSocket, prefect: ClientConnection, show_message: ShowMessage, is_welcome: Callable[[], bool]
) -> None:
    """Pass on what Prefect sends until either side has enough; nothing more is taken from the browser."""

    async def outwards() -> None:
        async for text in prefect:
            if not await run_in_threadpool(is_welcome):
                return
            shown = await run_in_threadpool(show_message, _read(text))
            if shown is not None:
                await socket.send_json(shown)

    async def inwards() -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass

    ways = [asyncio.create_task(outwards()), asyncio.create_task(inwards())]
    done, waiting = await asyncio.wait(ways, timeout=_LONGEST_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for way in waiting:
        way.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    if ways[0] in done:
        ways[0].result()
    if ways[1] not in done:
        await _close(socket, 1000)


def _read(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _UnfitMessageError from error
    if not isinstance(message, dict):
        raise _UnfitMessageError
    return message


async def _close(socket: WebSocket, code: int) -> None:
    try:
        await socket.close(code)
    except RuntimeError:
        return  # it was closed meanwhile
