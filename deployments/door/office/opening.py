"""开启专项 by browser."""

from __future__ import annotations

from http import HTTPStatus

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import refuse_page
from deployments.door.prefect.starting import start_cycle
from deployments.door.screens import Form, act_with_code, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from disclosure.workspace.cycles.acts import may_act
from disclosure.workspace.cycles.managing import MANAGE
from disclosure.workspace.cycles.opening import (
    DATE_FIELD,
    INSURANCE_FIELD,
    OPEN_SPECIAL,
    has_specials,
    list_dates,
    list_insurances,
    open_special,
    read_special,
)


def make_opening_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of opening a special cycle."""
    pages = OpeningPages(installation)
    return [
        Route(OPEN_SPECIAL, pages.show, methods=["GET"]),
        Route(OPEN_SPECIAL, with_form(installation, pages.open), methods=["POST"]),
    ]


class OpeningPages:
    """The page that opens a special cycle, of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def show(self, request: Request) -> Response:
        """Show the form."""
        return self._refuse(request) or self._page(request, {}, "")

    def open(self, request: Request, form: Form) -> Response:
        """Open the cycle, and have its run started."""
        if refused := self._refuse(request):
            return refused
        try:
            wanted = read_special(form)
        except DisclosureError as error:
            return self._page(request, form, str(error))
        opened = act_with_code(self._installation, request, form, lambda work, proof: open_special(work, wanted, proof))
        if isinstance(opened, str):
            return self._page(request, form, opened)
        answer = RedirectResponse(f"{MANAGE}?opened=1", HTTPStatus.SEE_OTHER)
        answer.background = BackgroundTask(start_cycle, self._installation, opened.id)
        return answer

    def _refuse(self, request: Request) -> Response | None:
        catalog = self._installation.catalog
        if not has_specials(catalog):
            return refuse_page(HTTPStatus.NOT_FOUND, "没有专项", f"“{catalog.profile.title}”不作专项披露。")
        if not may_act(catalog, current_visitor(request).roles, "open_special"):
            may = "、".join(catalog.roles[role].name for role in catalog.powers["open_special"].roles)
            return refuse_page(HTTPStatus.FORBIDDEN, "不能办理", f"专项由{may}开启。")
        return None

    def _page(self, request: Request, form: Form, told: str) -> Response:
        catalog, year = self._installation.catalog, shanghai(utc_now()).year
        return show(
            self._installation,
            request,
            "open_special",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if told else HTTPStatus.OK,
            year=form.get("year", str(year)),
            insurances=[(INSURANCE_FIELD + id_, name) for id_, name in list_insurances(catalog, year)],
            dates=[(DATE_FIELD + id_, name) for id_, name in list_dates(catalog)],
            form=form,
            told=told,
        )
