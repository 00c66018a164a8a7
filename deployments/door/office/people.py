"""人员 by browser: who there is, and for whoever looks after them: enrol, invite, renew, move, disable."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import refuse_page
from deployments.door.screens import Form, act_with_code, qr_code, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.access import administration
from disclosure.access.administration import Invited
from disclosure.access.invitations import LASTS
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation, Work
from disclosure.records.tables import Person
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from disclosure.workspace.people import (
    PEOPLE,
    PersonLine,
    list_people,
    list_substitutions,
    may_administer,
    may_read,
    office_choices,
)

_ROLE = "role-"
_NOT_THEIRS = "人员由运维人管理；汇总人、督办人和签发人可以看。"


def make_people_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of people."""
    pages = PeoplePages(installation)
    return [
        Route(PEOPLE, pages.list, methods=["GET"]),
        Route(PEOPLE, with_form(installation, pages.enrol), methods=["POST"]),
        Route(f"{PEOPLE}/{{person:int}}", pages.edit, methods=["GET"]),
        Route(f"{PEOPLE}/{{person:int}}", with_form(installation, pages.change), methods=["POST"]),
    ]


class PeoplePages:
    """The pages of people of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def list(self, request: Request) -> Response:
        """Show who is enrolled, and to whoever looks after them the form for one more."""
        return self._list(request, {}, "")

    def enrol(self, request: Request, form: Form) -> Response:
        """Enrol somebody, and show the link that leads them in."""
        if not may_administer(current_visitor(request).roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有办理", _NOT_THEIRS)
        outcome = self._act(request, form, "enrol", form.get("name", ""))
        return self._list(request, form, outcome) if isinstance(outcome, str) else self._invitation(request, outcome)

    def edit(self, request: Request) -> Response:
        """Show what can be done for one person."""
        if not may_administer(current_visitor(request).roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "不能办理", _NOT_THEIRS)
        return self._edit(request, self._find(request), "")

    def change(self, request: Request, form: Form) -> Response:
        """Invite, renew, move or disable one person, as the button says."""
        if not may_administer(current_visitor(request).roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有办理", _NOT_THEIRS)
        person = self._find(request)
        outcome = self._act(request, form, form.get("act", ""), person.name)
        if isinstance(outcome, str):
            return self._edit(request, person, outcome)
        if isinstance(outcome, Invited):
            return self._invitation(request, outcome)
        return RedirectResponse(f"{PEOPLE}?done=1", HTTPStatus.SEE_OTHER)

    def _act(self, request: Request, form: Form, act: str, name: str) -> Invited | Person | str:
        """Do it, or return why not."""
        return act_with_code(
            self._installation,
            request,
            form,
            lambda work, proof: _do(work, proof, act, name, form),
            without_code="请填自己的一次性口令。",
        )

    def _list(self, request: Request, form: Form, told: str) -> Response:
        visitor = current_visitor(request)
        if not may_read(visitor.roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "不能看", _NOT_THEIRS)
        with self._installation.read() as work:
            people, substitutions = list_people(work), list_substitutions(work)
        return show(
            self._installation,
            request,
            "people",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if told else HTTPStatus.OK,
            people=people,
            substitutions=substitutions,
            offices=office_choices(self._installation.catalog),
            is_administrator=may_administer(visitor.roles),
            form=form,
            told=told,
            is_done="done" in request.query_params,
        )

    def _edit(self, request: Request, person: PersonLine, told: str) -> Response:
        return show(
            self._installation,
            request,
            "person",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if told else HTTPStatus.OK,
            person=person,
            offices=office_choices(self._installation.catalog),
            told=told,
        )

    def _invitation(self, request: Request, invited: Invited | Person) -> Response:
        assert isinstance(invited, Invited)  # noqa: S101 - enrolling always invites
        address = f"{self._installation.settings.server_url}/invitation/{invited.token}"
        return show(
            self._installation,
            request,
            "invited",
            name=invited.name,
            address=address,
            picture=qr_code(address),
            days=LASTS.days,
        )

    def _find(self, request: Request) -> PersonLine:
        """Return the person of the address.

        Raises:
            HTTPException: where there is none.
        """
        with self._installation.read() as work:
            found = next((one for one in list_people(work) if one.id == request.path_params["person"]), None)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return found


def _do(work: Work, proof: Proof, act: str, name: str, form: Form) -> Invited | Person | Refusal:
    """Do ``act`` for ``name``; office and roles are read from the form where the act has them.

    Raises:
        DisclosureError: for an act that there is not, and as the act itself.
    """
    office = form.get("office", "")
    roles = [field.removeprefix(_ROLE) for field in form if field.startswith(_ROLE)]
    if act == "enrol":
        return administration.enrol(work, proof, name, office, roles)
    if act == "reassign":
        return administration.reassign(work, proof, name, office, roles)
    acts = {"invite": administration.invite, "renew": administration.renew, "disable": administration.disable}
    if act not in acts:
        raise DisclosureError("没有选择办理什么，请重新打开页面再试。")
    return acts[act](work, proof, name)
