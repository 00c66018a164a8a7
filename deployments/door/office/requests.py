"""依申请公开 by browser: register, give to an office, extend, answer; nothing of the applicant is kept."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import refuse_page
from deployments.door.screens import Form, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.openness.words import words
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from disclosure.review.refusals import Refusal
from disclosure.workspace.requests import REQUESTS, act_on_request, keeps_register, list_requests, may_see_register


def make_request_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of the register."""
    pages = RequestPages(installation)
    return [
        Route(REQUESTS, pages.list, methods=["GET"]),
        Route(REQUESTS, with_form(installation, pages.act), methods=["POST"]),
    ]


class RequestPages:
    """The register of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def list(self, request: Request) -> Response:
        """Show the register."""
        return self._refuse(request) or self._list(request, "", is_good=True)

    def act(self, request: Request, form: Form) -> Response:
        """Register, assign, extend or answer, as the button says."""
        if refused := self._refuse(request):
            return refused
        visitor = current_visitor(request)
        try:
            with self._installation.begin(source=visitor.source, by=visitor.name) as work:
                done = act_on_request(work, visitor.offices, form, visitor.name)
        except DisclosureError as error:
            return self._list(request, str(error), is_good=False)
        if isinstance(done, Refusal):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有办理", done.sentence)
        return self._list(request, done, is_good=True)

    def _refuse(self, request: Request) -> Response | None:
        visitor = current_visitor(request)
        with self._installation.read() as work:
            if may_see_register(work, visitor.roles, visitor.offices):
                return None
        return refuse_page(HTTPStatus.FORBIDDEN, "不能看", "依申请公开由局办公室登记、交办，由交办的科室答复。")

    def _list(self, request: Request, told: str, *, is_good: bool) -> Response:
        visitor, catalog = current_visitor(request), self._installation.catalog
        with self._installation.read() as work:
            lines = list_requests(work, visitor.roles, visitor.offices)
        return show(
            self._installation,
            request,
            "requests",
            status=HTTPStatus.OK if is_good else HTTPStatus.UNPROCESSABLE_ENTITY,
            lines=lines,
            told=told,
            is_good=is_good,
            keeps=keeps_register(catalog, visitor.offices),
            offices=[(office.id, office.name) for office in catalog.offices.values() if office.kind != "leadership"],
            items=[(item.number, item.name) for item in catalog.openness_items.values()],
            outcomes=words()["requests"]["outcomes"],
            today=shanghai(utc_now()).date().isoformat(),
            days=words()["requests"]["workdays"],
        )
