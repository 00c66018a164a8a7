"""The page of a round's reviewers: what they look at, and what they have written so far of why a warning stands."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import refuse_page
from deployments.door.screens import Form, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.access.embargo import explain_embargo
from disclosure.access.looks import Seer, look_at
from disclosure.access.materials import of_current_round
from disclosure.calendar.periods import parse_period
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from disclosure.review.briefing import REVIEW_PAGE
from disclosure.workspace.answered import ANSWERED, load_answered_page, load_answered_run
from disclosure.workspace.reviewing import LONGEST_DRAFT, load_review_page, save_drafts
from disclosure.workspace.waiting import ANSWER, RUNS

#: A long round has some hundred warnings, each with a line of Chinese.
_MOST_BYTES, _MOST_FIELDS = 1 << 20, 1000
_DRAFT = "draft-"


def make_review_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of reviewing."""
    pages = ReviewPages(installation)
    keep = with_form(installation, pages.keep, most_bytes=_MOST_BYTES, most_fields=_MOST_FIELDS)
    return [
        Route(f"{REVIEW_PAGE}{{period}}", pages.show, methods=["GET"]),
        Route(f"{REVIEW_PAGE}{{period}}", keep, methods=["POST"]),
        Route(f"{ANSWERED}run/{{run}}", pages.answered_run, methods=["GET"]),
        Route(f"{ANSWER}{{run}}", pages.answer, methods=["GET"]),
        Route(f"{ANSWERED}{{period}}", pages.answered, methods=["GET"]),
    ]


class ReviewPages:
    """The pages of reviewing of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def show(self, request: Request) -> Response:
        """Show what the round's reviewers look at; the look is noted."""
        visitor = current_visitor(request)
        cycle_id = self._find(request, is_look=True)
        if isinstance(cycle_id, Response):
            return cycle_id
        page = load_review_page(self._installation, visitor, visitor.person_id, cycle_id)
        if page is None:
            return refuse_page(HTTPStatus.NOT_FOUND, "还没有可以审核的", "报表和文字到齐并汇总以后，这里才有材料。")
        return show(
            self._installation,
            request,
            "review",
            page=page,
            draft=_DRAFT,
            longest=LONGEST_DRAFT,
            is_saved="saved" in request.query_params,
            answer_address=f"{ANSWER}{page.answered_in}" if page.answered_in else "",
        )

    def answered(self, request: Request) -> Response:
        """Show what was recorded of the visitor's own answers, and what happens next.

        Raises:
            HTTPException: where they have answered nothing.
        """
        try:
            period = parse_period(request.path_params["period"])
        except DisclosureError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        with self._installation.read() as work:
            page = load_answered_page(work, current_visitor(request).person_id, period)
        if page is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return show(self._installation, request, "answered", page=page)

    def answer(self, request: Request) -> Response:
        """Lead to the form of a run, which opens by itself."""
        return RedirectResponse(f"{RUNS}{request.path_params['run']}#answer", HTTPStatus.SEE_OTHER)

    def answered_run(self, request: Request) -> Response:
        """Show likewise what was recorded of the visitor's own answers in a run.

        Raises:
            HTTPException: where they have answered nothing.
        """
        with self._installation.read() as work:
            page = load_answered_run(work, current_visitor(request).person_id, request.path_params["run"])
        if page is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return show(self._installation, request, "answered", page=page)

    def keep(self, request: Request, form: Form) -> Response:
        """Keep what was written so far, and show it again."""
        visitor = current_visitor(request)
        cycle_id = self._find(request, is_look=False)
        if isinstance(cycle_id, Response):
            return cycle_id
        with self._installation.begin() as work:
            if work.catalog.gates["finance"].role not in visitor.roles:
                return refuse_page(HTTPStatus.FORBIDDEN, "没有保存", "须说明的问题由数据审核人说明。")
            given = {name.removeprefix(_DRAFT): text for name, text in form.items() if name.startswith(_DRAFT)}
            save_drafts(work, visitor.person_id, cycle_id, given)
        return RedirectResponse(f"{request.url.path}?saved=1#explain", HTTPStatus.SEE_OTHER)

    def _find(self, request: Request, *, is_look: bool) -> int | Response:
        """Return the cycle, or why it may not be seen; a look is noted, what the page saves by itself is none.

        Raises:
            HTTPException: where there is no such cycle.
        """
        visitor, period = current_visitor(request), request.path_params["period"]
        with self._installation.begin() as work:
            try:
                cycle = queries.find_cycle(work.session, work.catalog, parse_period(period))
            except DisclosureError:
                cycle = None
            if cycle is None:
                raise HTTPException(HTTPStatus.NOT_FOUND)
            material = of_current_round(work.session, cycle, f"{cycle.period_id}/round-{cycle.round}")
            if is_look:
                refusal = look_at(work, Seer(visitor, visitor.person_id, visitor.source), material)
            else:
                refusal = explain_embargo(work.catalog, visitor, material.kind, material.state)
            found = cycle.id
        return refuse_page(HTTPStatus.FORBIDDEN, "现在还不能看", refusal.sentence) if refusal else found
