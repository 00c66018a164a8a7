"""What stands behind the door: the first page, the board, what is not published yet, who looked; manual and site."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from deployments.door.embargoed_files import FILE_POLICY, EmbargoedFiles, PublicFiles
from deployments.door.guard import refuse_page
from deployments.door.screens import may_see_looks, own_form_token, show
from deployments.door.visitor import Visitor, current_visitor
from disclosure.access.embargo import KIND_NAMES, may_see
from disclosure.access.looks import list_looks
from disclosure.access.materials import Material, find_preview, find_reply, find_report, list_materials
from disclosure.calendar.periods import parse_period
from disclosure.cycle import queries
from disclosure.monitoring.board.page import board_page
from disclosure.platform.clock import format_moment, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import TEMPLATES
from disclosure.records.installation import Installation
from disclosure.review.personal.judging import count_waiting
from disclosure.workspace.manual import FIRST, find_chapter, list_chapters
from disclosure.workspace.personal import may_judge
from disclosure.workspace.waiting import list_deeds, list_waiting

_ASSETS = frozenset({"door.css", "drafts.js", "forms.js", "prefect.css", "prefect.js"})
#: How many reports, previews and replies the first page lists.
_LISTED = 20


def make_page_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of everything that is shown."""
    pages, settings, catalog = Pages(installation), installation.settings, installation.catalog

    def report(session: Session, path: str) -> Material | None:
        return find_report(session, catalog, path)

    def reply(session: Session, path: str) -> Material | None:
        return find_reply(session, catalog, path)

    return [
        Route("/", pages.first_page, methods=["GET"]),
        Route("/board", pages.board, methods=["GET"]),
        Route("/looks", pages.looks, methods=["GET"]),
        Route("/assets/{name}", _asset, methods=["GET"]),
        Route("/form-token", pages.form_token, methods=["GET"]),
        Route("/site", _site, methods=["GET"]),
        # Open to all: whoever cannot sign in needs it most, and nothing in it is confidential.
        Route("/manual", pages.manual, methods=["GET"]),
        Route("/manual/{name}", pages.manual, methods=["GET"]),
        Mount("/reports", EmbargoedFiles(installation, settings.reports, report)),
        Mount("/preview", EmbargoedFiles(installation, settings.releases, find_preview)),
        Mount("/replies", EmbargoedFiles(installation, settings.replies, reply)),
        Mount("/site", PublicFiles(settings.home / "site")),
    ]


class Pages:
    """The pages of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._settings = installation.settings

    def form_token(self, request: Request) -> Response:
        """Return who is signed in now, and what this browser's forms are bound to: a form asks before it is sent."""
        token = own_form_token(self._installation, request)
        return JSONResponse({"name": current_visitor(request).name, "form_token": token})

    def first_page(self, request: Request) -> Response:
        """Show what there is for this visitor."""
        visitor, catalog = current_visitor(request), self._installation.catalog
        folders = {"report": ("/reports/", self._settings.reports), "preview": ("/preview/", self._settings.releases)}
        with self._installation.read() as work:
            found = list_materials(work.session, catalog, _LISTED)
            replies = self._replies(work.session, visitor)
            waiting, deeds = list_waiting(work, visitor.name), list_deeds(work, visitor.name)
            held = count_waiting(work.session, catalog) if may_judge(catalog, visitor.roles) else 0
        seen = [one for one in found if may_see(catalog, visitor, one.kind, one.state)]
        shown = {
            kind: [(start + m.path, m.title) for m in seen if m.kind == kind and (folder / m.path).is_file()]
            for kind, (start, folder) in folders.items()
        }
        return show(
            self._installation,
            request,
            "index",
            is_published=(self._settings.home / "site" / "index.html").is_file(),
            reports=shown["report"],
            previews=shown["preview"],
            replies=replies,
            hidden=len(found) - len(seen),
            waiting=waiting,
            held=held,
            deeds=[(format_moment(deed.at), deed) for deed in deeds],
        )

    def board(self, _request: Request) -> Response:
        """Show the board as it stands."""
        try:
            page = board_page(self._installation, utc_now())
        except DisclosureError as error:
            return refuse_page(HTTPStatus.SERVICE_UNAVAILABLE, "现在看不了进度", str(error))
        return HTMLResponse(page, headers={"Content-Security-Policy": FILE_POLICY})

    def looks(self, request: Request) -> Response:
        """Show who looked at what before it was published."""
        if not may_see_looks(current_visitor(request)):
            return refuse_page(HTTPStatus.FORBIDDEN, "不能看", "查看记录只给汇总人、签发人和督办人看。")
        period, catalog = request.query_params.get("period", ""), self._installation.catalog
        with self._installation.read() as work:
            try:
                cycle = queries.find_cycle(work.session, catalog, parse_period(period)) if period else None
            except DisclosureError as error:
                return refuse_page(HTTPStatus.NOT_FOUND, "没有这个周期", str(error))
            if period and cycle is None:
                return refuse_page(HTTPStatus.NOT_FOUND, "没有这个周期", f"{period} 还没有开启。")
            rows = [
                {
                    "moment": format_moment(look.looked_at),
                    "name": look.person.name,
                    "office": catalog.offices[look.person.office].name
                    if look.person.office in catalog.offices
                    else look.person.office,
                    "what": KIND_NAMES[look.kind],
                    "path": look.path,
                    "source": look.source,
                    "is_allowed": look.is_allowed,
                }
                for look in list_looks(work.session, cycle.id if cycle else None)
            ]
        label = parse_period(period).label if period else ""
        return show(self._installation, request, "looks", rows=rows, label=label)

    def manual(self, request: Request) -> Response:
        """Show a chapter of the manual."""
        found = find_chapter(request.path_params.get("name", FIRST))
        if found is None:
            return refuse_page(HTTPStatus.NOT_FOUND, "没有这一章", "请从使用手册的第一页选。")
        return show(self._installation, request, "manual", chapter=found, chapters=list_chapters())

    def _replies(self, session: Session, visitor: Visitor) -> list[tuple[str, str]]:
        """List the newest replies this visitor may read."""
        folder, catalog = self._settings.replies, self._installation.catalog
        files = sorted((p for p in folder.glob("*/*") if p.is_file()), key=_age, reverse=True)
        found: list[tuple[str, str]] = []
        for file in files:
            path = file.relative_to(folder).as_posix()
            material = find_reply(session, catalog, path)
            if material is not None and may_see(catalog, visitor, "reply", material.state):
                found.append((f"/replies/{path}", file.name))
        return found[:_LISTED]


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _asset(request: Request) -> Response:
    """Return a style or a script of the door's pages.

    Raises:
        HTTPException: for a name that is none of theirs.
    """
    name = request.path_params["name"]
    if name not in _ASSETS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(TEMPLATES / "door" / name, headers={"Cache-Control": "max-age=300"})


def _site(_request: Request) -> Response:
    return RedirectResponse("/site/", HTTPStatus.PERMANENT_REDIRECT)
