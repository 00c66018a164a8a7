"""Correct, withdraw, restore, close and open again by browser, and what later data says otherwise."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import refuse_page
from deployments.door.prefect.secret_blocks import secrets_at_hand
from deployments.door.prefect.starting import end_run, start_cycle
from deployments.door.screens import Form, act_with_code, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.calendar.periods import parse_period
from disclosure.catalog import RoleId
from disclosure.cycle import queries
from disclosure.cycle.view import load_view
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from disclosure.workspace.cycles.acts import ACTS, ActDone, do_act, list_acts, settle
from disclosure.workspace.cycles.managing import MANAGE, MANAGERS
from disclosure.workspace.cycles.revised import REVISED, answer_revision

_CHOICE = "choice-"


def make_act_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of acts on a whole cycle."""
    pages = ActPages(installation)
    return [
        Route(f"{ACTS}{{period}}", pages.show, methods=["GET"]),
        Route(f"{ACTS}{{period}}", with_form(installation, pages.act), methods=["POST"]),
        Route(f"{REVISED}{{number:int}}", with_form(installation, pages.revise), methods=["POST"]),
    ]


class ActPages:
    """The pages of acts of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def show(self, request: Request) -> Response:
        """Show what this person may do with a cycle."""
        return self._refuse(request) or self._page(request, self._find(request), {}, "", is_good=True)

    def act(self, request: Request, form: Form) -> Response:
        """Do it."""
        if refused := self._refuse(request):
            return refused
        visitor, cycle_id, act = current_visitor(request), self._find(request), form.get("act", "")
        try:
            if act == "settle":
                if act not in self._offered(cycle_id, visitor.roles):
                    return self._page(request, cycle_id, form, "没有要接着办完的撤回或恢复。", is_good=False)
                done: ActDone | Refusal = settle(self._installation, cycle_id, secrets_at_hand(self._installation))
            elif not form.get("code", "").strip():
                return self._page(request, cycle_id, form, "请填一次性口令。", is_good=False)
            else:
                kind = [form["kind"]] if act == "withdraw" and form.get("kind") else []
                chosen = kind or [name.removeprefix(_CHOICE) for name in form if name.startswith(_CHOICE)]
                proof = Proof(visitor.name, form["code"], utc_now(), form.get("reason", "").strip())
                done = do_act(
                    self._installation,
                    cycle_id,
                    act,
                    chosen,
                    proof,
                    source=visitor.source,
                    read_secret=secrets_at_hand(self._installation),
                )
        except DisclosureError as error:
            return self._page(request, cycle_id, form, str(error), is_good=False)
        if isinstance(done, Refusal):
            return self._page(request, cycle_id, form, done.sentence, is_good=False)
        page = self._page(request, cycle_id, {}, done.told, is_good=done.is_good)
        if done.starts_run:
            page.background = BackgroundTask(start_cycle, self._installation, cycle_id)
        elif done.ends_run:
            page.background = BackgroundTask(end_run, self._installation, done.ends_run, done.told)
        return page

    def revise(self, request: Request, form: Form) -> Response:
        """Answer what later data says otherwise of a published figure."""
        if refused := self._refuse(request):
            return refused
        number, reply = request.path_params["number"], form.get("reply", "")
        answered = act_with_code(
            self._installation,
            request,
            form,
            lambda work, proof: answer_revision(work, number, reply, proof),
            without_code="请填一次性口令，返回上一页再办。",
        )
        if isinstance(answered, str):
            return refuse_page(HTTPStatus.UNPROCESSABLE_ENTITY, "没有办理", answered)
        page = RedirectResponse(f"{MANAGE}?revised=1", HTTPStatus.SEE_OTHER)
        if answered.cycle_id is not None:
            page.background = BackgroundTask(start_cycle, self._installation, answered.cycle_id)
        return page

    def _refuse(self, request: Request) -> Response | None:
        if MANAGERS.isdisjoint(current_visitor(request).roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "不能办理", "更正、撤回、关闭由汇总人和局领导办理。")
        return None

    def _find(self, request: Request) -> int:
        """Return the cycle of the address.

        Raises:
            HTTPException: where there is none.
        """
        with self._installation.read() as work:
            try:
                cycle = queries.find_cycle(work.session, work.catalog, parse_period(request.path_params["period"]))
            except DisclosureError:
                cycle = None
            if cycle is None:
                raise HTTPException(HTTPStatus.NOT_FOUND)
            return cycle.id

    def _offered(self, cycle_id: int, roles: Collection[RoleId]) -> set[str]:
        with self._installation.read() as work:
            return {act.id for act in list_acts(work, queries.get_cycle(work.session, cycle_id), roles)}

    def _page(self, request: Request, cycle_id: int, form: Form, told: str, *, is_good: bool) -> Response:
        with self._installation.read() as work:
            cycle = queries.get_cycle(work.session, cycle_id)
            view = load_view(work.session, work.catalog, queries.period_of(cycle))
            acts = list_acts(work, cycle, current_visitor(request).roles)
        return show(
            self._installation,
            request,
            "acts",
            status=HTTPStatus.OK if is_good else HTTPStatus.UNPROCESSABLE_ENTITY,
            label=view.period.label,
            state=view.state,
            acts=acts,
            form=form,
            told=told,
            is_good=is_good,
        )
