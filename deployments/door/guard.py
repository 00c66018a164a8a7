"""What every request passes first: its Host, where it was sent from, who sends it; and what every answer carries.

Written as plain ASGI so that WebSockets pass the same checks. Requirements named V… are OWASP ASVS 4.0.3's.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.door.visitor import Visitor
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.platform.templating import render_text

#: What is open to all: the published site, the ways in, what an address nobody can guess leads to, the manual, and
#: whether we are well. Who may read /metrics it decides itself: a program that asks has no session.
OPEN_PREFIXES = (
    "/site",
    "/sign-in",
    "/invitation/",
    "/openid/",
    "/calendar/",
    "/assets/",
    "/manual",
    "/health",
    "/ready",
    "/metrics",
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: The door's own pages have one style sheet and no script at all.
OWN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": OWN_POLICY,  # V14.4.3, V14.4.7
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",  # V14.4.4
    "Referrer-Policy": "same-origin",  # V14.4.6
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",  # V8.2.1
}
_YEAR_SECONDS = 31_536_000

_log = logging.getLogger("disclosure.door")

#: Who holds the token of a cookie: the token, where from, and whether this is an act of theirs. None when nobody does.
FindVisitor = Callable[[str, str, bool], Visitor | None]


class Guard:
    """Lets a request through to ``app`` once it may pass, with its visitor in ``state.visitor``."""

    def __init__(self, app: ASGIApp, settings: Settings, find_visitor: FindVisitor) -> None:
        self._app = app
        self._settings = settings
        self._find_visitor = find_visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, ask to sign in, or pass on."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        sender = self._with_headers(send)
        refused = self._refuse_foreign(connection, scope)
        if refused is None:
            refused = await self._admit(connection, scope)
        if refused is None:
            await self._app(scope, receive, sender)
        elif scope["type"] == "websocket":
            # Closed before it is accepted: the browser gets a plain 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refused(scope, receive, sender)

    def _refuse_foreign(self, connection: HTTPConnection, scope: Scope) -> Response | None:
        """Refuse another name than ours (DNS rebinding), and what another page had this browser send."""
        if _host_name(connection.headers.get("host", "")) not in self._settings.known_hosts:
            return refuse_page(HTTPStatus.BAD_REQUEST, "这个地址不对", "请用管理员给的地址打开。")
        is_change = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if is_change and not self._is_own_origin(connection, is_websocket=scope["type"] == "websocket"):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有办理", "这个请求不是从本系统的页面发出的，已拒绝。")
        return None

    def _is_own_origin(self, connection: HTTPConnection, *, is_websocket: bool) -> bool:
        """Whether the browser says that a page of ours sends this; saying nothing is not enough (V4.2.2, V13.2.3)."""
        site = connection.headers.get("sec-fetch-site")
        if site is not None and site != "same-origin":
            return False
        origin = connection.headers.get("origin")
        if origin is None:
            return site == "same-origin" and not is_websocket
        parts = urlsplit(origin)
        return parts.netloc.lower() == connection.headers.get("host", "").lower() and parts.scheme in {"http", "https"}

    async def _admit(self, connection: HTTPConnection, scope: Scope) -> Response | None:
        """Find who asks; whoever must be known and is not is asked to sign in."""
        path = scope["path"]
        token = connection.cookies.get(cookie_name(self._settings, "session"), "")
        scope.setdefault("state", {})
        scope["state"]["visitor"] = None
        if token:
            try:
                scope["state"]["visitor"] = await run_in_threadpool(
                    self._find_visitor, token, source_of(connection), is_act(path, scope)
                )
            except DisclosureError as error:
                _log.warning("没有认出来访者：%s", error, extra={"event": "visitor.unknown"})
                return refuse_page(HTTPStatus.SERVICE_UNAVAILABLE, "现在打不开", f"{error}")
        if scope["state"]["visitor"] is not None or is_open_to_all(path):
            return None
        if scope["type"] == "websocket":
            return Response(status_code=HTTPStatus.FORBIDDEN)
        return ask_to_sign_in(connection, scope)

    def _with_headers(self, send: Send) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if self._settings.is_encrypted:
                    headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"  # V14.4.5
            await send(message)

        return sender


def is_open_to_all(path: str) -> bool:
    """Whether ``path`` needs nobody to be signed in."""
    return any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in OPEN_PREFIXES)


def is_act(path: str, scope: Scope) -> bool:
    """Whether a request is something the person does: a page of Prefect's left open asks on by itself all day."""
    if scope["type"] == "websocket":
        return False
    return not path.startswith("/prefect/api/") or path.endswith("/resume")


def ask_to_sign_in(connection: HTTPConnection, scope: Scope) -> Response:
    """Send a browser's page to the sign-in page, which leads back; anything else is told 401."""
    is_page = scope["method"] in {"GET", "HEAD"} and "text/html" in connection.headers.get("accept", "")
    if not is_page or scope["path"].startswith("/prefect/api/"):
        return Response("请先登录。", HTTPStatus.UNAUTHORIZED, media_type="text/plain; charset=utf-8")
    back = quote(scope["path"]) + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
    if connection.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        # From a link in a letter the browser holds the strict cookie back; asked once more by our own page it does not.
        return HTMLResponse(render_text("door/again.html.j2", address=safe_back(back)))
    return RedirectResponse(f"/sign-in?back={quote(back, safe='')}", HTTPStatus.SEE_OTHER)


def refuse_page(status: HTTPStatus, title: str, sentence: str) -> Response:
    """Return a page that says in one sentence why not."""
    return HTMLResponse(render_text("door/message.html.j2", title=title, sentence=sentence), status)


def source_of(connection: HTTPConnection) -> str:
    """Return where a request comes from; a proxy is believed only where the settings name it (uvicorn sees to it)."""
    return connection.client.host if connection.client else ""


def cookie_name(settings: Settings, name: str) -> str:
    """Return a cookie's name; ``__Host-`` binds it to this host and to https where there is any (V3.4.4)."""
    return f"__Host-{name}" if settings.is_encrypted else f"disclosure-{name}"


def set_cookie(response: Response, settings: Settings, name: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites' requests do not carry (V3.4.1 to V3.4.5)."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=settings.is_encrypted,
        httponly=True,
        samesite="strict",
    )


def form_token(secret: str) -> str:
    """Return what a form carries to show that it came from a page given to the holder of ``secret`` (V4.2.2)."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def is_form_token(secret: str, given: str) -> bool:
    """Whether ``given`` is the form's token of the holder of ``secret``."""
    return bool(secret) and hmac.compare_digest(form_token(secret).encode(), given.encode("utf-8", "surrogatepass"))


def safe_back(address: str) -> str:
    """Return where to go after signing in: an address of this site, nothing else (V5.1.5)."""
    if not address.isprintable() or "\\" in address or not address.startswith("/") or address.startswith("//"):
        return "/"
    return address


def _host_name(host: str) -> str:
    """Return the name in a Host header, without its port; empty for what is none."""
    try:
        parts = urlsplit(f"//{host}")
        is_plain = not (parts.path or parts.query or parts.fragment or "@" in host) and parts.port != 0
    except ValueError:
        return ""
    return (parts.hostname or "") if is_plain else ""
