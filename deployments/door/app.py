"""The application behind the door's address, and the board's file that it keeps up to date.

Whatever changes a cycle, in whatever process, writes a line of the ledger, and the door looks for new lines every few
seconds. So no writer has to know of the board.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus

import httpx
from fastapi import FastAPI, Request
from sqlalchemy import func, select
from starlette.responses import Response

from deployments.door.calendar import make_calendar_routes
from deployments.door.guard import Guard, refuse_page
from deployments.door.hand_in import make_hand_in_routes
from deployments.door.office.acts import make_act_routes
from deployments.door.office.managing import make_manage_routes
from deployments.door.office.opening import make_opening_routes
from deployments.door.office.openness import make_openness_routes
from deployments.door.office.people import make_people_routes
from deployments.door.office.personal import make_personal_routes
from deployments.door.office.requests import make_request_routes
from deployments.door.pages import make_page_routes
from deployments.door.prefect.routes import make_prefect_routes
from deployments.door.prefect.upstream import make_client
from deployments.door.review import make_review_routes
from deployments.door.sign_in import make_sign_in_routes
from deployments.door.visitor import Visitor
from deployments.operating.routes import make_operating_routes
from disclosure.access import sessions
from disclosure.monitoring.board.page import write_board
from disclosure.platform.clock import utc_now
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.records.tables import LedgerEntry

#: How often the ledger is looked at, and how old the board's file may become while nothing happens.
_LOOK_SECONDS, _AGE_SECONDS = 3.0, 900

_log = logging.getLogger("disclosure.door")


def make_door(settings: Settings) -> FastAPI:
    """Make the application: signing in, our pages, and Prefect's, all behind one guard."""
    installation, prefect = Installation(settings), make_client()
    door = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=_board_kept(installation, prefect))
    door.router.routes.extend(make_prefect_routes(installation, prefect))
    door.router.routes.extend(make_sign_in_routes(installation))
    if settings.openid_issuer:
        from deployments.door.openid import make_openid_routes  # noqa: PLC0415 - Authlib, for bureaus that have a provider

        door.router.routes.extend(make_openid_routes(installation))
    door.router.routes.extend(make_calendar_routes(installation))
    door.router.routes.extend(make_hand_in_routes(installation))
    door.router.routes.extend(make_review_routes(installation))
    door.router.routes.extend(make_openness_routes(installation))
    door.router.routes.extend(make_manage_routes(installation))
    door.router.routes.extend(make_act_routes(installation))
    door.router.routes.extend(make_opening_routes(installation))
    door.router.routes.extend(make_people_routes(installation))
    door.router.routes.extend(make_request_routes(installation))
    door.router.routes.extend(make_personal_routes(installation))
    door.router.routes.extend(make_page_routes(installation))
    door.router.routes.extend(make_operating_routes(installation))

    @door.exception_handler(HTTPStatus.NOT_FOUND)
    def _nothing_here(_request: Request, _error: Exception) -> Response:
        sentence = "它可能还没有生成，或已被新的一轮取代。"
        return refuse_page(HTTPStatus.NOT_FOUND, "没有这个页面", sentence)

    door.add_middleware(Guard, settings=settings, find_visitor=_visitors(installation))
    return door


def _visitors(installation: Installation) -> Callable[[str, str, bool], Visitor | None]:
    """Return what finds the holder of a session's token."""

    def find(token: str, source: str, is_act: bool) -> Visitor | None:
        with installation.read() as work:
            found = sessions.find_session(work, token)
        if found is None:
            return None
        if is_act and found.is_stale:
            with installation.begin() as work:
                sessions.note_seen(work, found.id)
        return Visitor(
            name=found.name,
            office=found.office,
            roles=found.roles,
            session_id=str(found.id),
            person_id=found.person_id,
            offices=found.offices,
            source=source,
        )

    return find


def _board_kept(
    installation: Installation, prefect: httpx.AsyncClient
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Keep the board's file up to date while the door is open; close the connections to Prefect with it."""

    @asynccontextmanager
    async def kept(_door: FastAPI) -> AsyncIterator[None]:
        closing = threading.Event()
        keeper = threading.Thread(target=_keep_board, args=(installation, closing), name="board", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            closing.set()
            keeper.join(_LOOK_SECONDS)
            await prefect.aclose()

    return kept


def _keep_board(installation: Installation, closing: threading.Event) -> None:
    """Write the board whenever the ledger has grown, and every quarter of an hour as time goes by."""
    shown: tuple[int, int] | None = None
    while True:
        try:
            now = utc_now()
            with installation.records.read() as session:
                lines = session.scalar(select(func.max(LedgerEntry.number))) or 0
            if (state := (lines, int(now.timestamp()) // _AGE_SECONDS)) != shown:
                write_board(installation, now)
                shown = state
        except Exception as error:  # the records are locked or away for a moment: the next look will do
            _log.warning("进度看板没有更新：%s", error, extra={"event": "board.not_made"})
        if closing.wait(_LOOK_SECONDS):
            return
