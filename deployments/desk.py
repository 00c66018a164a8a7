"""``python -m deployments.desk``: the reviewers' desk, a small read-only web server inside the office.

It shows the board, quality reports, previews of what is to be signed, and the published site. Where the Prefect
server asks for a user name and password, the desk asks for the same.

It also keeps the board's file up to date: whatever changes a cycle, in whatever process, writes a line of the
ledger, and the desk looks for new lines every few seconds. So no writer has to know of the board.
"""

from __future__ import annotations

import base64
import logging
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import func, select

from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.overview.board import board_page, write_board
from disclosure.records.tables import LedgerEntry
from disclosure.settings import Settings
from disclosure.templating import render_text
from disclosure.workplace import Workplace

#: How many reports and previews the first page lists.
_LISTED = 20
#: How often the ledger is looked at, and how old the board's file may become while nothing happens.
_LOOK_SECONDS, _AGE_SECONDS = 3.0, 900

_log = logging.getLogger("disclosure.desk")


def make_desk(settings: Settings) -> FastAPI:
    """The application: ``/board``, ``/reports``, ``/preview`` and ``/site``, nothing else."""
    place = Workplace(settings)
    desk = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=_board_kept(place))
    expected = settings.server_auth.get_secret_value().encode() if settings.server_auth else None

    @desk.middleware("http")
    async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if expected is not None and not _is_known(request, expected):
            return Response("请输入用户名和口令。", 401, {"WWW-Authenticate": 'Basic realm="disclosure"'})
        response = await call_next(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    @desk.get("/", response_class=HTMLResponse)
    def _index() -> str:
        return render_text(
            "desk/index.html.j2",
            is_published=(settings.home / "site" / "index.html").is_file(),
            reports=_newest(settings.reports, "*/round-*.html"),
            previews=_newest(settings.releases, "*/index.html"),
            server_url=settings.server_url,
        )

    @desk.get("/board", response_class=HTMLResponse)
    def _board() -> Response:
        try:
            return HTMLResponse(board_page(place, utc_now()))
        except DisclosureError as error:
            return Response(f"现在看不了进度：{error}", HTTPStatus.SERVICE_UNAVAILABLE, media_type="text/plain")

    @desk.exception_handler(HTTPStatus.NOT_FOUND)
    def _nothing_here(_request: Request, _error: Exception) -> HTMLResponse:
        return HTMLResponse(render_text("desk/nothing.html.j2"), HTTPStatus.NOT_FOUND)

    for address, folder in _folders(settings).items():
        desk.mount(address, StaticFiles(directory=folder, html=True, check_dir=False, follow_symlink=True))
    desk.mount("/site", _Site(directory=settings.home / "site", html=True, check_dir=False, follow_symlink=True))
    return desk


def _board_kept(place: Workplace) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Keeps the board's file up to date while the desk is open."""

    @asynccontextmanager
    async def kept(_desk: FastAPI) -> AsyncIterator[None]:
        closing = threading.Event()
        keeper = threading.Thread(target=_keep_board, args=(place, closing), name="board", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            closing.set()
            keeper.join(_LOOK_SECONDS)

    return kept


def _keep_board(place: Workplace, closing: threading.Event) -> None:
    """Write the board whenever the ledger has grown, and every quarter of an hour as time goes by."""
    shown: tuple[int, int] | None = None
    while True:
        try:
            now = utc_now()
            with place.records.read() as session:
                lines = session.scalar(select(func.max(LedgerEntry.number))) or 0
            if (state := (lines, int(now.timestamp()) // _AGE_SECONDS)) != shown:
                write_board(place, now)
                shown = state
        except Exception as error:  # the records are locked or away for a moment: the next look will do
            _log.warning("进度看板没有更新：%s", error)
        if closing.wait(_LOOK_SECONDS):
            return


class _Site(StaticFiles):
    """The published site, whose folder is a link that appears with the first publication."""

    async def check_config(self) -> None:
        """Not found, rather than a server error, until there is one."""
        if self.directory is None or not Path(self.directory).is_dir():
            raise HTTPException(HTTPStatus.NOT_FOUND)


def _folders(settings: Settings) -> dict[str, Path]:
    """What is shown, by address. The site's folder appears with the first publication; the others are made now."""
    for folder in (settings.reports, settings.releases):
        folder.mkdir(parents=True, exist_ok=True)
    return {"/reports": settings.reports, "/preview": settings.releases}


def _newest(folder: Path, pattern: str) -> list[str]:
    """Paths below ``folder``, the newest first."""
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.relative_to(folder).as_posix() for path in found[:_LISTED]]


def _is_known(request: Request, expected: bytes) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        return scheme.lower() == "basic" and secrets.compare_digest(base64.b64decode(given), expected)
    except ValueError:
        return False


def main() -> None:
    """Serve until interrupted."""
    settings = Settings()
    uvicorn.run(make_desk(settings), host=settings.server_host, port=settings.desk_port, log_level="warning")


if __name__ == "__main__":
    main()
