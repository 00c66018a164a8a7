"""``python -m deployments.desk``: the reviewers' desk, a small read-only web server inside the office.

It shows quality reports, previews of what is to be signed, and the published site. Where the Prefect server
asks for a user name and password, the desk asks for the same.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from disclosure.settings import Settings


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

    for address, folder in _folders(settings).items():
        desk.mount(address, StaticFiles(directory=folder, html=True, check_dir=False, follow_symlink=True))
    return desk


def _folders(settings: Settings) -> dict[str, Path]:
    return {"/reports": settings.reports, "/preview": settings.releases, "/site": settings.home / "site"}


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
