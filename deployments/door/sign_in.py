"""Signing in and out, accepting an invitation, changing the password."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import cookie_name, refuse_page, safe_back, set_cookie, source_of
from deployments.door.screens import Form, qr_code, show, with_form
from deployments.door.visitor import current_visitor, visitor_or_none
from disclosure.access import accounts, devices, invitations, sessions
from disclosure.access.calendar_links import find_made_at
from disclosure.platform.clock import format_moment
from disclosure.records.installation import Installation
from disclosure.records.tables import Person
from disclosure.review.refusals import Refusal

_UNEQUAL = "两遍写的密码不一样，请重新填写。"
_LIMITS = {"shortest": accounts.SHORTEST_PASSWORD, "longest": accounts.LONGEST_PASSWORD}


def make_sign_in_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes by which people come in and go."""
    pages = SignInPages(installation)

    def post(path: str, handle: object) -> Route:
        return Route(path, with_form(installation, handle), methods=["POST"])  # type: ignore[arg-type]

    return [
        Route("/sign-in", pages.show_sign_in, methods=["GET"]),
        post("/sign-in", pages.sign_in),
        post("/sign-out", pages.sign_out),
        Route("/invitation/{token}", pages.show_invitation, methods=["GET"]),
        post("/invitation/{token}", pages.accept_invitation),
        Route("/account", pages.show_account, methods=["GET"]),
        post("/account", pages.change_password),
    ]


class SignInPages:
    """The pages of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._settings = installation.settings

    def show_sign_in(self, request: Request) -> Response:
        """Show the form; whoever is signed in goes on."""
        back = safe_back(request.query_params.get("back", "/"))
        if visitor_or_none(request) is not None:
            return RedirectResponse(back, HTTPStatus.SEE_OTHER)
        told = "已退出。" if request.query_params.get("left") == "1" else ""
        return self._form(request, back=back, told=told, is_good=True)

    def sign_in(self, request: Request, form: Form) -> Response:
        """Let somebody in whose name, password and code belong together."""
        name, back = form.get("name", "").strip()[:60], safe_back(form.get("back", "/"))
        with self._installation.begin() as work:
            source = devices.source_of_attempt(work, name, self._device(request), source_of(request))
            person = accounts.sign_in(work, name, form.get("password", ""), form.get("code", ""), source)
            token = "" if isinstance(person, Refusal) else sessions.open_session(work, person, source_of(request))
        if isinstance(person, Refusal):
            return self._form(request, HTTPStatus.FORBIDDEN, back=back, name=name, told=person.sentence)
        return self.let_in(request, person, token, back)

    def let_in(self, request: Request, person: Person, token: str, back: str) -> Response:
        """Return the answer that opens the session, ends the one before, and knows the browser again."""
        if (before := visitor_or_none(request)) is not None:
            with self._installation.begin() as work:
                sessions.end_session(work, int(before.session_id))
        answer = RedirectResponse(back, HTTPStatus.SEE_OTHER)
        set_cookie(answer, self._settings, "session", token)
        lasts = int(devices.LASTS.total_seconds())
        device = devices.new_device(self._installation.cipher, person)
        set_cookie(answer, self._settings, "device", device, max_age=lasts)
        return answer

    def sign_out(self, request: Request, _form: Form) -> Response:
        """End the session."""
        if (visitor := visitor_or_none(request)) is not None:
            with self._installation.begin() as work:
                sessions.end_session(work, int(visitor.session_id))
        answer = RedirectResponse("/sign-in?left=1", HTTPStatus.SEE_OTHER)
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        set_cookie(answer, self._settings, "session", "", max_age=0)
        return answer

    def show_invitation(self, request: Request) -> Response:
        """Show whom the link invites the form for a password."""
        with self._installation.read() as work:
            person = invitations.find_invited(work, request.path_params["token"])
            name = person.name if person else ""
        return self._invitation(request, name) if name else _not_invited()

    def accept_invitation(self, request: Request, form: Form) -> Response:
        """Set the password and let the person in."""
        token = request.path_params["token"]
        with self._installation.begin() as work:
            invited = invitations.find_invited(work, token)
            if invited is None:
                return _not_invited()
            name = invited.name
            if form.get("password", "") != form.get("again", ""):
                return self._invitation(request, name, _UNEQUAL)
            source = devices.source_of_attempt(work, name, self._device(request), source_of(request))
            person = invitations.accept(work, token, form.get("password", ""), form.get("code", ""), source)
            opened = "" if isinstance(person, Refusal) else sessions.open_session(work, person, source_of(request))
        if isinstance(person, Refusal):
            return self._invitation(request, name, person.sentence)
        return self.let_in(request, person, opened, "/")

    def show_account(self, request: Request) -> Response:
        """Show who is signed in, and the form to change the password."""
        return self._account(
            request, "密码已更改，别处的登录都已结束。" if "changed" in request.query_params else "", is_good=True
        )

    def change_password(self, request: Request, form: Form) -> Response:
        """Change the password of whoever is signed in; this browser stays in by a new session."""
        visitor = current_visitor(request)
        if form.get("password", "") != form.get("again", ""):
            return self._account(request, _UNEQUAL)
        with self._installation.begin() as work:
            person = work.session.get_one(Person, visitor.person_id)
            source = devices.source_of_attempt(work, person.name, self._device(request), source_of(request))
            refusal = accounts.change_password(work, person, form.get("old", ""), form.get("password", ""), source)
            token = "" if refusal else sessions.open_session(work, person, source_of(request))
        if refusal is not None:
            return self._account(request, refusal.sentence)
        return self.let_in(request, person, token, "/account?changed=1")

    def _form(self, request: Request, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
        shown = {"name": "", "is_good": False, "openid_name": self._openid_name, **values}
        return show(self._installation, request, "sign_in", status=status, **shown)

    @property
    def _openid_name(self) -> str:
        return "单位统一登录" if self._settings.openid_issuer else ""

    def _invitation(self, request: Request, name: str, told: str = "") -> Response:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if told else HTTPStatus.OK
        with self._installation.read() as work:
            to_scan = invitations.authenticator_to_set_up(work, request.path_params["token"])
        values = {
            "name": name,
            "told": told,
            "address": request.url.path,
            "picture": qr_code(to_scan) if to_scan else "",
            "to_scan": to_scan,
            **_LIMITS,
        }
        return show(self._installation, request, "invitation", status=status, **values)

    def _account(self, request: Request, told: str = "", *, is_good: bool = False) -> Response:
        visitor, catalog = current_visitor(request), self._installation.catalog
        values: dict[str, object] = {
            "office": catalog.offices[visitor.office].name if visitor.office in catalog.offices else visitor.office,
            "roles": "、".join(role.name for role in catalog.roles.values() if role.id in visitor.roles),
            "told": told,
            "is_good": is_good,
            "calendar_made": self._calendar_made(visitor.person_id),
            "hours": int(sessions.LONGEST.total_seconds() // 3600),
            **_LIMITS,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if told and not is_good else HTTPStatus.OK
        return show(self._installation, request, "account", status=status, **values)

    def _calendar_made(self, person_id: int) -> str:
        with self._installation.read() as work:
            made_at = find_made_at(work, person_id)
        return format_moment(made_at) if made_at else ""

    def _device(self, request: Request) -> str:
        return request.cookies.get(cookie_name(self._settings, "device"), "")


def _not_invited() -> Response:
    sentence = "这个邀请已经用过、过期或不存在。请管理员重新发一个（“人员”页，或 disclosure people invite 姓名）。"
    return refuse_page(HTTPStatus.NOT_FOUND, "邀请无效", sentence)
