"""Everything below ``/prefect``: Prefect's pages as they are, and its API by the permission table."""

from __future__ import annotations

import json
import logging
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from deployments.credential import with_live_credential
from deployments.door.prefect.bodies import RefusedRequestError, is_plain_question, read_body, write_body
from deployments.door.prefect.paths import read_path, read_query, write_path, write_query
from deployments.door.prefect.permissions import (
    ID,
    OPERATOR,
    ForbiddenCall,
    Permission,
    PermittedCall,
    judge_call,
    load_permissions,
    unknown_fields,
)
from deployments.door.prefect.replies import (
    PREFECT_WORDS,
    UI_SETTINGS,
    accept_resume,
    give_words,
    put_into_chinese,
    refuse,
    say_away,
)
from deployments.door.prefect.resume import ResumeTaker
from deployments.door.prefect.shown import WAITING_PAGE, run_of, show, show_event
from deployments.door.prefect.sight import Sight
from deployments.door.prefect.sockets import stream
from deployments.door.prefect.upstream import PrefectAwayError, Upstream, answer_headers
from deployments.door.visitor import Visitor, visitor_or_none
from disclosure.monitoring.supervision.foreign_rules import acts_of, only_informs
from disclosure.platform.clock import utc_now
from disclosure.records.installation import Installation
from disclosure.review.refusals import Refusal
from disclosure.workspace.own_form import fit_form

BASE = "/prefect"
_API = f"{BASE}/api"
#: Prefect's pages are programs: their scripts come from here alone, what they draw and style they make themselves.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_FOR_GOOD = "private, max-age=604800, immutable"
#: The most that is read of an answer which has to be gone through.
_MOST_BYTES = 64_000_000
#: The pictures Prefect has of states; a run in any other has its plain one.
_ICONS = frozenset(
    f"{state}.svg" for state in ("cancelled", "completed", "crashed", "failed", "pending", "running", "scheduled")
) | {"favicon-16x16.png", "favicon-32x32.png"}
_PLAIN_ICON = "favicon-32x32.png"
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_HIDDEN = "这些内容还没有发布，您的科室和角色现在不能看。"

_log = logging.getLogger("disclosure.door")


def make_prefect_routes(installation: Installation, client: httpx.AsyncClient) -> list[BaseRoute]:
    """Make the routes below ``/prefect``; the door's guard has seen to Host, Origin and session before.

    Raises:
        DisclosureError: for a mistake in the permission table.
    """
    load_permissions()
    settings = installation.settings
    upstream = Upstream(settings, client, lambda: with_live_credential(settings).prefect_auth)
    door = _PrefectDoor(upstream, Sight(installation), ResumeTaker(installation, upstream))
    return [
        Route(PREFECT_WORDS, give_words, methods=["GET"]),
        Route("/waiting", _lead_to_waiting, methods=["GET"]),
        Route("/ico/{name}", _lead_to_icon, methods=["GET"]),
        Mount(BASE, app=door),
    ]


def _lead_to_waiting(_request: Request) -> Response:
    return RedirectResponse(WAITING_PAGE, HTTPStatus.SEE_OTHER)


def _lead_to_icon(request: Request) -> Response:
    """Lead to the icon of a state, which Prefect's pages ask for at this address wherever they lie themselves."""
    name = request.path_params["name"]
    known = name if name in _ICONS else _PLAIN_ICON
    return RedirectResponse(f"{BASE}/ico/{known}", HTTPStatus.FOUND, headers={"Cache-Control": _FOR_GOOD})


@dataclass(frozen=True)
class _Call:
    """One permitted call of the API on its way."""

    request: Request
    visitor: Visitor
    path: str
    permitted: PermittedCall

    @property
    def address(self) -> str:
        """Below Prefect's own address."""
        query = write_query(read_query(self.request.scope["query_string"]) or [])
        return f"/api{write_path(self.path)}" + (f"?{query}" if query else "")


class _PrefectDoor:
    """The application below ``/prefect``."""

    def __init__(self, upstream: Upstream, sight: Sight, resumes: ResumeTaker) -> None:
        self._upstream = upstream
        self._sight = sight
        self._resumes = resumes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._stream(WebSocket(scope, receive, send))
        elif scope["type"] == "http":
            request = Request(scope, receive)
            try:
                answer = await self._answer(request)
            except RefusedRequestError as error:
                answer = refuse(request, error.status, error.sentence)
            except PrefectAwayError as error:
                _log.warning("Prefect 服务没有应答：%s", error, extra={"event": "prefect.away"})
                answer = say_away(request)
            answer.headers.setdefault("Cache-Control", "no-store")
            answer.headers.setdefault("Content-Security-Policy", _POLICY)
            answer.headers["X-Content-Type-Options"] = "nosniff"
            await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        visitor, path = visitor_or_none(request), _whole_path(request.scope)
        if visitor is None:
            raise RefusedRequestError(HTTPStatus.UNAUTHORIZED, "请先登录。")
        if path is None:
            raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "这个地址的写法不对，没有打开。")
        if path == _API or path.startswith(f"{_API}/"):
            return await self._call(request, visitor, path.removeprefix(_API))
        return await self._show_page(request, path, visitor)

    # --- pages

    async def _show_page(self, request: Request, path: str, visitor: Visitor) -> Response:
        """Pass on a file of the UI; whatever else is opened there is one of its pages, which the browser makes."""
        if request.method not in {"GET", "HEAD"}:
            raise RefusedRequestError(HTTPStatus.METHOD_NOT_ALLOWED, "这里只能打开页面。")
        if path == f"{BASE}/ui-settings":
            return JSONResponse(UI_SETTINGS)
        if path == f"{BASE}/v2" or path.startswith(f"{BASE}/v2/"):
            raise RefusedRequestError(HTTPStatus.NOT_FOUND, "这一版界面没有“答复”按钮，不能答复，所以没有开放。")
        if request.method == "GET" and "." not in path.rpartition("/")[2]:
            return await self._show_own_page(request, path, is_operator=OPERATOR in visitor.roles)
        answer = await self._forward(request.method, write_path(path), request.headers, packed=True)
        if path.startswith(f"{BASE}/assets/") and answer.status_code == HTTPStatus.OK:
            answer.headers["Cache-Control"] = _FOR_GOOD
        return answer

    async def _show_own_page(self, request: Request, path: str, *, is_operator: bool) -> Response:
        """Give the one page that the UI is, with what says it in Chinese."""
        async with self._upstream.ask("GET", write_path(path), request.headers, None) as answer:
            raw = await _read_whole(answer)
        if not answer.is_success:
            return _told_error(answer.status_code, raw)
        return HTMLResponse(put_into_chinese(raw.decode(), is_operator=is_operator))

    # --- calls

    async def _call(self, request: Request, visitor: Visitor, path: str) -> Response:
        call = _Call(request, visitor, path, _permit(request, visitor, path))
        permission = call.permitted.permission
        body = await read_body(request)
        if body is not None and (unknown := _unknown_in(permission, path, body)):
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, load_permissions().refusals.fields.format(fields=unknown))
        if permission.is_answered_here:
            return JSONResponse(permission.answer)
        if permission.shows == "resumed":
            return await self._take_answer(call, body)
        if permission.shows in {"form", "run_text"}:
            await self._need_sight(call)
        if permission.shows == "informing" and not only_informs(acts_of(body or {})):
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, load_permissions().refusals.informing)
        if permission.shows == "new_block":
            await self._need_known_kind(call, body or {})
        told = write_body(body) if request.method in _UNSAFE and body is not None else None
        if permission.shows == "form":
            return await self._show_form(call)
        if permission.shows in {"as_is", "run_text", "informing", "new_block"}:
            return await self._forward(request.method, call.address, request.headers, told)
        return await self._show(call, told)

    async def _take_answer(self, call: _Call, body: Any) -> Response:
        """Take a form's answer into our records; the run is woken afterwards, and never told the answer."""
        filled_in = body.get("run_input") if isinstance(body, dict) else None
        refusal = await run_in_threadpool(self._resumes.take, call.permitted.run_id, filled_in, call.visitor)
        if isinstance(refusal, Refusal):
            return refuse(call.request, HTTPStatus.CONFLICT, refusal.sentence)
        return accept_resume()

    async def _need_sight(self, call: _Call) -> None:
        run_id = call.permitted.run_id
        if run_id not in await run_in_threadpool(self._sight.look, call.visitor, [run_id]):
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, _HIDDEN)

    async def _need_known_kind(self, call: _Call, body: dict[str, Any]) -> None:
        """Let in a block only of the types the table names: what its type is, Prefect says."""
        kinds, type_id = call.permitted.permission.kinds, str(body.get("block_type_id"))
        found: Any = None
        if re.fullmatch(ID, type_id):
            async with self._upstream.ask("GET", f"/api/block_types/{type_id}", call.request.headers, None) as answer:
                raw = await _read_whole(answer)
            found = json.loads(raw) if answer.is_success else None
        if not isinstance(found, dict) or found.get("slug") not in kinds:
            sentence = load_permissions().refusals.new_block.format(kinds="、".join(kinds[1:]))
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, sentence)

    async def _show(self, call: _Call, body: bytes | None) -> Response:
        """Ask, go through the answer, and give what the visitor may have of it."""
        async with self._upstream.ask(call.request.method, call.address, call.request.headers, body) as answer:
            raw = await _read_whole(answer)
        if not answer.is_success:
            return _told_error(answer.status_code, raw)
        is_contents = call.permitted.permission.shows in {"artifacts", "logs"}
        find_visible = partial(self._sight.look if is_contents else self._sight.find_visible, call.visitor)
        is_operator = OPERATOR in call.visitor.roles
        shown = await run_in_threadpool(
            partial(
                show,
                call.permitted.permission.shows,
                json.loads(raw),
                find_visible,
                is_operator=is_operator,
                find_awaited=self._sight.find_awaited,
            )
        )
        if shown is None:
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, _HIDDEN)
        return JSONResponse(shown, answer.status_code)

    async def _show_form(self, call: _Call) -> Response:
        """Give the form as this visitor can answer it now."""
        async with self._upstream.ask("GET", call.address, call.request.headers, None) as answer:
            raw = await _read_whole(answer)
        if not answer.is_success:
            return _told_error(answer.status_code, raw)
        form, name = json.loads(raw), call.visitor.name
        if not isinstance(form, dict):
            return JSONResponse(form)
        fitted = await run_in_threadpool(
            fit_form, self._sight.installation, call.permitted.run_id, form, name, utc_now()
        )
        return JSONResponse(fitted)

    async def _forward(
        self, method: str, address: str, headers: Any, body: bytes | None = None, *, packed: bool = False
    ) -> Response:
        """Pass an answer on as it comes."""
        async with AsyncExitStack() as opened:
            answer = await opened.enter_async_context(self._upstream.ask(method, address, headers, body, packed=packed))
            if answer.has_redirect_location or answer.is_server_error:
                return _told_error(answer.status_code, await _read_whole(answer))
            return _PassedOn(answer, opened.pop_all())

    # --- streams

    async def _stream(self, socket: WebSocket) -> None:
        visitor, path = visitor_or_none(socket), _whole_path(socket.scope)
        if visitor is None or path is None or not path.startswith(f"{_API}/") or socket.scope.get("query_string"):
            await socket.close(1008)
            return
        judged = judge_call(visitor.roles, "WS", path.removeprefix(_API))
        if isinstance(judged, ForbiddenCall):
            await socket.close(1008)
            return
        show_message = partial(self._show_message, visitor, judged.permission)
        is_welcome = partial(self._sight.is_still_here, visitor)
        await stream(socket, self._upstream, path.removeprefix(_API), show_message, is_welcome)

    def _show_message(self, visitor: Visitor, permission: Permission, message: dict[str, Any]) -> dict[str, Any] | None:
        """Return what a visitor may have of one message of a stream."""
        if permission.shows == "events":
            event = show_event(message.get("event"))
            return None if event is None else {"type": "event", "event": event}
        line = message.get("log")
        if not isinstance(line, dict):
            return None
        is_visible = run_of(line) in self._sight.look(visitor, [run_of(line)])
        return {"type": "log", "log": line} if is_visible else None


def _whole_path(scope: Scope) -> str | None:
    """Read the path as it was sent, which must be the one this was routed by."""
    path = read_path(scope.get("raw_path") or b"")
    return path if path is not None and path == scope["path"] else None


def _permit(request: Request, visitor: Visitor, path: str) -> PermittedCall:
    """Return the call as the table permits it.

    Raises:
        RefusedRequestError: when the table does not.
    """
    judged = judge_call(visitor.roles, request.method, path)
    if isinstance(judged, ForbiddenCall):
        _log.warning("%s 不能办理 %s %s", visitor.name, request.method, path, extra={"event": "call.refused"})
        raise RefusedRequestError(HTTPStatus.FORBIDDEN, judged.sentence)
    query = read_query(request.scope["query_string"])
    unknown = ["…"] if query is None else sorted({name for name, _ in query} - {*judged.permission.query})
    if unknown:
        sentence = load_permissions().refusals.query.format(fields="、".join(unknown))
        raise RefusedRequestError(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)
    return judged


def _unknown_in(permission: Permission, path: str, body: Any) -> str:
    """List what a body must not say; empty when it does not."""
    unknown = unknown_fields(body, permission.fields)
    if path == "/ui/schemas/validate" and not unknown and not is_plain_question(body):
        unknown = ["schema"]
    return "、".join(unknown)


def _told_error(status: int, raw: bytes) -> Response:
    """Pass on why Prefect did not do it; what went wrong inside it, and where it would send people, stays inside."""
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return JSONResponse({"detail": "流程服务正忙，请稍后再试一次。"}, status)
    if status < HTTPStatus.BAD_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return JSONResponse({"detail": "流程服务没能办理，请稍后重试；仍不行请告诉运维人。"}, HTTPStatus.BAD_GATEWAY)
    return Response(raw, status, media_type="application/json")


async def _read_whole(answer: httpx.Response) -> bytes:
    read = bytearray()
    async for piece in answer.aiter_bytes():
        read += piece
        if len(read) > _MOST_BYTES:
            raise RefusedRequestError(HTTPStatus.BAD_GATEWAY, "内容太多，请缩小范围再查。")
    return bytes(read)


class _PassedOn(StreamingResponse):
    """Prefect's answer as it comes, whose connection is given back whatever happens to the visitor's."""

    def __init__(self, answer: httpx.Response, closing: AsyncExitStack) -> None:
        super().__init__(answer.aiter_raw(), answer.status_code, answer_headers(answer))
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._closing.aclose()
