"""Files that are not published yet: each look is judged and noted before the first byte leaves."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from deployments.door.guard import refuse_page
from deployments.door.visitor import current_visitor
from disclosure.access.embargo import explain_embargo
from disclosure.access.looks import Seer, look_at
from disclosure.access.materials import Material
from disclosure.records.installation import Installation
from disclosure.review.refusals import Refusal

#: Whole documents of ours, with styles and scripts inside; nothing from elsewhere, and nothing can be sent.
FILE_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

FindMaterial = Callable[[Session, str], Material | None]


class Files(StaticFiles):
    """Whole documents below a folder, which may not be there yet: the site appears with the first publication."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False, follow_symlink=True)

    async def check_config(self) -> None:
        """Answer not found, rather than a server error, until there is one."""
        if self.directory is None or not Path(self.directory).is_dir():
            raise HTTPException(HTTPStatus.NOT_FOUND)

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        """Return a file with the policy that whole documents have; an address no file can have is not found."""
        try:
            response = await super().get_response(path, scope)
        except (ValueError, OSError) as error:
            raise HTTPException(HTTPStatus.NOT_FOUND) from error
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        response.headers["Content-Security-Policy"] = FILE_POLICY
        return response


class PublicFiles(Files):
    """What everybody may read, and keep for as long as it has not changed."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        """Return the file; a browser asks whether it is still so."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


class EmbargoedFiles(Files):
    """Documents of rounds that may not be published; ``find_material`` tells of which."""

    def __init__(self, installation: Installation, folder: Path, find_material: FindMaterial) -> None:
        super().__init__(folder)
        self._installation = installation
        self._find_material = find_material

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        """Return a file to whoever may see it now, and say why not to others; both are noted."""
        request = Request(scope)
        refusal = await run_in_threadpool(self._judge, request, path)
        if refusal is not None:
            return refuse_page(HTTPStatus.FORBIDDEN, "现在还不能看", refusal.sentence)
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse | NotModifiedResponse):
            await run_in_threadpool(self._note, request, path)
        return response

    def _judge(self, request: Request, path: str) -> Refusal | None:
        visitor = current_visitor(request)
        with self._installation.read() as work:
            material = self._find(work.session, path)
            refusal = explain_embargo(work.catalog, visitor, material.kind, material.state)
        if refusal is not None:
            self._note(request, path)
        return refusal

    def _note(self, request: Request, path: str) -> None:
        visitor = current_visitor(request)
        with self._installation.begin() as work:
            look_at(work, Seer(visitor, visitor.person_id, visitor.source), self._find(work.session, path))

    def _find(self, session: Session, path: str) -> Material:
        material = self._find_material(session, path)
        if material is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return material
