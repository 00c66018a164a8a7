"""``python -m deployments.desk``: the reviewers' desk, a small read-only web server inside the office.

It shows quality reports, previews of what is to be signed, and the published site. Where the Prefect server
asks for a user name and password, the desk asks for the same.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from disclosure.settings import Settings
from disclosure.templating import render_text

#: How many reports and previews the first page lists.
_LISTED = 20


def make_desk(settings: Settings) -> FastAPI:
    """The application: ``/reports``, ``/preview`` and ``/site``, nothing else."""
    desk = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
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

    @desk.exception_handler(HTTPStatus.NOT_FOUND)
    def _nothing_here(_request: Request, _error: Exception) -> HTMLResponse:
        return HTMLResponse(render_text("desk/nothing.html.j2"), HTTPStatus.NOT_FOUND)

    for address, folder in _folders(settings).items():
        desk.mount(address, StaticFiles(directory=folder, html=True, check_dir=False, follow_symlink=True))
    desk.mount("/site", _Site(directory=settings.home / "site", html=True, check_dir=False, follow_symlink=True))
    return desk


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
