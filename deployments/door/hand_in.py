"""Handing in by browser: the files to fill in, what is wrong with those filled in, the receipt, what came before."""

from __future__ import annotations

from base64 import b64encode
from http import HTTPStatus
from urllib.parse import unquote

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message

from deployments.door.guard import refuse_page
from deployments.door.prefect.resume import wake_collecting_runs
from deployments.door.screens import Form, act_with_code, is_own_form, show
from deployments.door.visitor import current_visitor
from disclosure.access.looks import Seer
from disclosure.collection.workbook.ooxml.package import FILE_LIMIT
from disclosure.platform.clock import format_moment, utc_now
from disclosure.platform.file_names import printable_name
from disclosure.records.installation import Installation
from disclosure.review.identify import identify, need_enrolment
from disclosure.workspace.handing_in import (
    Upload,
    UploadAnswer,
    check_uploads,
    hand_in_uploads,
    list_kept,
    offices_of_visitor,
    open_blank,
)
from disclosure.workspace.waiting import list_waiting

#: So many files are one act, and so many bytes one form.
MOST_FILES, MOST_BYTES = 10, 3 * FILE_LIMIT


class _TooMuchError(Exception):
    """More was sent than one form may hold."""


def make_hand_in_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of handing in."""
    pages = HandInPages(installation)
    return [
        Route("/hand-in", pages.form, methods=["GET"]),
        Route("/hand-in", pages.take, methods=["POST"]),
        Route("/hand-in/files/{name}", pages.blank, methods=["GET"]),
    ]


class HandInPages:
    """The pages of handing in of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def form(self, request: Request) -> Response:
        """Show what is to be filled in, the form, and what was handed in before."""
        return self._page(request) if self._offices(request) else _not_theirs()

    def blank(self, request: Request) -> Response:
        """Return a file to fill in to whoever is to fill it in."""
        name, visitor = unquote(request.path_params["name"]), current_visitor(request)
        with self._installation.begin() as work:
            seer = Seer(visitor, visitor.person_id, visitor.source)
            path = open_blank(work, seer, self._installation.settings.workbooks, name)
        if path is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return FileResponse(path, filename=path.name)

    async def take(self, request: Request) -> Response:
        """Check the files, or hand them in."""
        if not self._offices(request):
            return _not_theirs()
        taken = 0

        async def receive() -> Message:
            nonlocal taken
            message = await request.receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise _TooMuchError
            return message

        try:
            async with Request(request.scope, receive).form(max_files=MOST_FILES, max_fields=10) as sent:
                form = {name: value for name, value in sent.items() if isinstance(value, str)}
                files = [file for file in sent.getlist("files") if isinstance(file, UploadFile) and file.filename]
                uploads = [await _read(file) for file in files]
        except _TooMuchError:
            sentence = f"一次最多交 {MOST_BYTES >> 20} MB。请删去多余的工作表和图片，或分几次交。"
            return refuse_page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "没有办理", sentence)
        except HTTPException:
            sentence = f"表单读不出来。一次最多交 {MOST_FILES} 个文件，请重新打开页面再试。"
            return refuse_page(HTTPStatus.BAD_REQUEST, "没有办理", sentence)
        if not is_own_form(self._installation, request, form):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有办理", "页面已经过期，请重新打开页面再交一次。")
        return await run_in_threadpool(self._answer, request, form, uploads)

    def _answer(self, request: Request, form: Form, uploads: list[Upload]) -> Response:
        from data_checks.self_check import findings_of  # noqa: PLC0415 - the door opens without pandas

        visitor, offices = current_visitor(request), self._offices(request)
        if not uploads:
            return self._page(request, told="还没有选文件。")
        if form.get("act") != "hand_in":
            answers = check_uploads(self._installation, offices, uploads, findings_of, current_visitor(request).name)
            return self._page(request, answers)
        who = act_with_code(
            self._installation,
            request,
            form,
            lambda work, proof: identify(work, proof, needs=need_enrolment, used_for="hand_in"),
            without_code="报送要填动态口令；只检查不用填。",
        )
        if isinstance(who, str):
            return self._page(request, told=who)
        answers = hand_in_uploads(self._installation, offices, uploads, by=visitor.name, self_check=findings_of)
        page = self._page(request, answers, is_handed_in=True)
        taken = [answer.receipt.cycle_id for answer in answers if answer.receipt and answer.receipt.is_accepted]
        page.background = BackgroundTask(wake_collecting_runs, self._installation, taken)
        return page

    def _page(
        self, request: Request, answers: list[UploadAnswer] | None = None, *, told: str = "", is_handed_in: bool = False
    ) -> Response:
        visitor = current_visitor(request)
        with self._installation.read() as work:
            blanks = [item for item in list_waiting(work, visitor.name) if item.workbook]
            kept = list_kept(work, self._offices(request))
        is_bad = bool(told) or any(not answer.is_good for answer in answers or ())
        return show(
            self._installation,
            request,
            "hand_in",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.OK,
            told=told,
            answers=[(answer, b64encode(answer.marked).decode()) for answer in answers or ()],
            is_handed_in=is_handed_in,
            blanks=blanks,
            kept=[(format_moment(one.at), one) for one in kept],
            at=format_moment(utc_now()),
            most_files=MOST_FILES,
        )

    def _offices(self, request: Request) -> frozenset[str]:
        return offices_of_visitor(self._installation.catalog, current_visitor(request).offices)


async def _read(file: UploadFile) -> Upload:
    """Read a file that is not too large to be read."""
    size = file.size or 0
    return Upload(printable_name(file.filename or ""), b"" if size > FILE_LIMIT else await file.read(), size)


def _not_theirs() -> Response:
    return refuse_page(HTTPStatus.FORBIDDEN, "不能报送", "报表和文字部分由各中心和有关科室的人报送。")
