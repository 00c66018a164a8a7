"""What every page and form of the door has in common: its frame, and that a form comes from a page of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import parse_qs

import segno
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from deployments.door.guard import OWN_POLICY, cookie_name, form_token, is_form_token, refuse_page, set_cookie
from deployments.door.visitor import Visitor, current_visitor, visitor_or_none
from disclosure.access.tokens import new_token
from disclosure.catalog import Catalog
from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import render_text
from disclosure.records.installation import Installation, Work
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from disclosure.workspace.channels import CHANNELS, may_read_channels
from disclosure.workspace.cycles.managing import MANAGE, MANAGERS
from disclosure.workspace.openness import CATALOGUE, may_see_catalogue
from disclosure.workspace.people import PEOPLE, may_read
from disclosure.workspace.personal import PERSONAL, may_judge
from disclosure.workspace.requests import REQUESTS, reads_register

#: No form is longer, and none has more fields, unless its page says so.
_FORM_BYTES, _FORM_FIELDS = 16_384, 50

#: For pages inside, whose scripts of ours keep what is being written; otherwise as the door's other pages.
_SCRIPTED_POLICY = f"{OWN_POLICY}; script-src 'self'; connect-src 'self'"

T = TypeVar("T")
Form = dict[str, str]


def show(
    installation: Installation, request: Request, template: str, *, status: int = 200, **values: object
) -> Response:
    """Return a page in the door's frame; whoever is not signed in is given a cookie that their form is bound to."""
    settings, visitor = installation.settings, visitor_or_none(request)
    secret = _form_secret(installation, request)
    fresh = "" if secret else new_token()
    page = HTMLResponse(
        render_text(
            f"door/{template}.html.j2",
            site_title=installation.catalog.profile.short_title,
            visitor=visitor,
            here=request.url.path,
            navigation=_navigation(installation.catalog, visitor),
            form_token=form_token(secret or fresh),
            **values,
        ),
        status,
    )
    if fresh:
        set_cookie(page, settings, "form", fresh)
    if visitor is not None:
        page.headers["Content-Security-Policy"] = _SCRIPTED_POLICY
    return page


def with_form(
    installation: Installation,
    handle: Callable[[Request, Form], Response],
    *,
    most_bytes: int = _FORM_BYTES,
    most_fields: int = _FORM_FIELDS,
) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that gives ``handle`` the fields of a form which a page of ours gave to this very browser."""

    async def endpoint(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > most_bytes:
                return refuse_page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "没有办理", "表单太长，请写短一些。")
        try:
            fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=most_fields)
        except ValueError:
            return refuse_page(HTTPStatus.BAD_REQUEST, "没有办理", "表单读不出来，请重新打开页面再试。")
        form = {name: values[-1] for name, values in fields.items()}
        if not is_own_form(installation, request, form):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有办理", "页面已经过期，请重新打开页面再填一次。")
        return await run_in_threadpool(handle, request, form)

    return endpoint


def is_own_form(installation: Installation, request: Request, form: Form) -> bool:
    """Whether a page of ours gave this form to this very browser."""
    return is_form_token(_form_secret(installation, request), form.get("form_token", ""))


def own_form_token(installation: Installation, request: Request) -> str:
    """Return what a form of this very browser carries now."""
    return form_token(_form_secret(installation, request))


def _form_secret(installation: Installation, request: Request) -> str:
    """Return what forms of this browser are bound to: its session, or before signing in a cookie of their own."""
    name = "form" if visitor_or_none(request) is None else "session"
    return request.cookies.get(cookie_name(installation.settings, name), "")


def act_with_code(
    installation: Installation,
    request: Request,
    form: Form,
    act: Callable[[Work, Proof], T | Refusal],
    *,
    without_code: str = "请填一次性口令。",
) -> T | str:
    """Do ``act`` with the reason and the one-time code of a form, in one unit of work; a string says why it was not.

    ``without_code`` is that string where none was typed: no attempt at a code, so it makes nobody wait.
    """
    visitor, code = current_visitor(request), form.get("code", "")
    if not code.strip():
        return without_code
    try:
        with installation.begin(source=visitor.source, by=visitor.name) as work:
            done = act(work, Proof(visitor.name, code, work.now, form.get("reason", "").strip()))
    except DisclosureError as error:
        return str(error)
    return done.sentence if isinstance(done, Refusal) else done


def qr_code(text: str) -> str:
    """Return a picture of ``text`` for a camera, as an address that a page may show."""
    return segno.make(text, error="m").svg_data_uri(scale=4, border=2, dark="#000", light="#fff")


def may_see_looks(visitor: Visitor) -> bool:
    """Whether this visitor may read who looked at what."""
    return bool(visitor.roles & {"compiler", "leader", "supervisor"})


def _navigation(catalog: Catalog, visitor: Visitor | None) -> list[tuple[str, str]]:
    """Return the pages that are for this visitor."""
    if visitor is None:
        return []
    own = [
        (MANAGE, "统筹", not MANAGERS.isdisjoint(visitor.roles)),
        (CATALOGUE, "公开事项", may_see_catalogue(catalog, visitor.roles, visitor.offices)),
        (REQUESTS, "依申请公开", reads_register(catalog, visitor.roles, visitor.offices)),
        (PERSONAL, "个人信息", may_judge(catalog, visitor.roles)),
        (CHANNELS, "发布渠道", may_read_channels(visitor.roles)),
        (PEOPLE, "人员", may_read(visitor.roles)),
        ("/looks", "查看记录", may_see_looks(visitor)),
    ]
    for_them = [(address, name) for address, name, is_theirs in own if is_theirs]
    first = [("/", "首页"), ("/board", "进度看板"), ("/prefect/", "流程")]
    return [*first, *for_them, ("/manual", "手册"), ("/site/", "公开网站")]
