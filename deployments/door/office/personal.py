"""个人信息 by browser: what was refused, and for the confidentiality reviewer: accept it by name, or take that back."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import refuse_page
from deployments.door.screens import Form, act_with_code, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.records.installation import Installation
from disclosure.review.identify import LONGEST_REASON
from disclosure.workspace.personal import PERSONAL, judge_by_form, list_lines, may_judge, say_judged


def make_personal_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of data of persons."""
    pages = PersonalPages(installation)
    return [
        Route(PERSONAL, pages.list, methods=["GET"]),
        Route(PERSONAL, with_form(installation, pages.judge), methods=["POST"]),
    ]


class PersonalPages:
    """The page of data of persons of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def list(self, request: Request) -> Response:
        """Show what was refused and what of it is accepted."""
        return self._refuse(request) or self._list(request, "", {}, is_good=True)

    def judge(self, request: Request, form: Form) -> Response:
        """Accept one datum, or take its acceptance back, as the button says."""
        if refused := self._refuse(request):
            return refused
        number, act = form.get("number", ""), form.get("act", "")
        outcome = act_with_code(
            self._installation, request, form, lambda work, proof: judge_by_form(work, number, act, proof)
        )
        if isinstance(outcome, str):
            return self._list(request, outcome, form, is_good=False)
        return self._list(request, say_judged(outcome), {}, is_good=True)

    def _refuse(self, request: Request) -> Response | None:
        catalog = self._installation.catalog
        if may_judge(catalog, current_visitor(request).roles):
            return None
        office = catalog.gate_office("confidentiality").name
        return refuse_page(HTTPStatus.FORBIDDEN, "不能看", f"查到的个人信息由{office}的保密性审核人办理。")

    def _list(self, request: Request, told: str, form: Form, *, is_good: bool) -> Response:
        with self._installation.read() as work:
            lines = list_lines(work)
        return show(
            self._installation,
            request,
            "personal",
            status=HTTPStatus.OK if is_good else HTTPStatus.UNPROCESSABLE_ENTITY,
            lines=lines,
            told=told,
            form=form,
            is_good=is_good,
            longest=LONGEST_REASON,
        )
