"""The openness catalogue by browser: an office's items, the form of one element, exactly what would be public."""

from __future__ import annotations

from http import HTTPStatus

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.embargoed_files import FILE_POLICY
from deployments.door.guard import refuse_page
from deployments.door.prefect.starting import start_openness_watch
from deployments.door.screens import Form, act_with_code, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.catalog import OpennessItem
from disclosure.openness.writing import drafts
from disclosure.openness.writing.editing import tidy_fields
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from disclosure.workspace.openness import (
    CATALOGUE,
    hand_in_draft,
    keep_draft,
    list_items,
    may_see_catalogue,
    open_editor,
    preview_draft,
    say_taken,
)
from disclosure.workspace.waiting import RUNS

#: A guide has some thousand characters, a table of contacts some hundred boxes.
_MOST_BYTES, _MOST_FIELDS = 1 << 20, 1500
_ABOUT = ("what", "changed_on")


def make_openness_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of the openness catalogue."""
    pages = OpennessPages(installation)
    take = with_form(installation, pages.take, most_bytes=_MOST_BYTES, most_fields=_MOST_FIELDS)
    return [
        Route(CATALOGUE, pages.list, methods=["GET"]),
        Route(f"{CATALOGUE}/{{item}}/{{element}}", pages.edit, methods=["GET"]),
        Route(f"{CATALOGUE}/{{item}}/{{element}}", take, methods=["POST"]),
        Route(f"{CATALOGUE}/{{item}}/{{element}}/preview/openness/{{page:path}}", pages.preview, methods=["GET"]),
    ]


class OpennessPages:
    """The catalogue's pages of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def list(self, request: Request) -> Response:
        """Show the items of the visitor's office, or all of them to whoever looks after them."""
        visitor, catalog = current_visitor(request), self._installation.catalog
        if not may_see_catalogue(catalog, visitor.roles, visitor.offices):
            sentence = "公开事项由负责的科室填写，由汇总人、督办人和签发人统筹；其他人请看公开网站。"
            return refuse_page(HTTPStatus.FORBIDDEN, "不能看", sentence)
        with self._installation.read() as work:
            items = list_items(work, visitor.person_id, visitor.roles, visitor.offices)
            taken = request.query_params.get("taken", "")
            told = say_taken(work, int(taken), visitor.offices) if taken.isdecimal() and len(taken) < 10 else ""
        return show(
            self._installation,
            request,
            "openness",
            groups=[("在办的和有草稿的", [one for one in items if one.needs_care]), ("全部事项", items)],
            count=len(items),
            runs=RUNS,
            told=told,
        )

    def edit(self, request: Request) -> Response:
        """Show the form of an element."""
        item, name = self._find(request)
        refused = self._refuse(request, item, name)
        if refused is not None:
            return refused
        told = {
            "saved": "草稿已保存，只有你自己看得到。",
            "same": "没有改动，不用保存。",
            "dropped": "草稿已删除，下面是现在的内容。",
        }
        said = next((text for key, text in told.items() if key in request.query_params), "")
        return self._form(request, item, name, said, is_good=True)

    def take(self, request: Request, form: Form) -> Response:
        """Keep what was written; hand it in, drop it, or go on from what came in meanwhile, as the button says."""
        item, name = self._find(request)
        refused = self._refuse(request, item, name)
        if refused is not None:
            return refused
        visitor, act, here = current_visitor(request), form.get("act", ""), request.url.path
        key = (item.number, name)
        if act == "drop":
            with self._installation.begin() as work:
                drafts.drop_draft(work, visitor.person_id, key)
            return RedirectResponse(f"{here}?dropped=1", HTTPStatus.SEE_OTHER)
        typed = tidy_fields(form) | {about: form[about].strip()[:200] for about in _ABOUT if form.get(about)}
        based_on = int(base) if (base := form.get("based_on", "")).isdecimal() and len(base) < 6 else 0
        with self._installation.begin() as work:
            is_kept = keep_draft(work, visitor.person_id, key, typed, based_on)
            draft = drafts.find_draft(work.session, work.catalog, visitor.person_id, key)
            if act == "adopt" and draft is not None:
                draft.based_on = based_on
        if act == "preview":
            return RedirectResponse(f"{here}/preview/openness/{item.number}.html#{name}", HTTPStatus.SEE_OTHER)
        if act != "hand_in":
            return RedirectResponse(f"{here}?{'saved' if is_kept else 'same'}=1", HTTPStatus.SEE_OTHER)
        return self._hand_in(request, item, name, form)

    def preview(self, request: Request) -> Response:
        """Show a public page as it would be, were the visitor's draft public.

        Raises:
            HTTPException: for a page that the catalogue has not.
        """
        item, name = self._find(request)
        refused = self._refuse(request, item, name)
        if refused is not None:
            return refused
        try:
            with self._installation.read() as work:
                pages = preview_draft(work, current_visitor(request).person_id, item, name)
        except DisclosureError as error:
            return self._form(request, item, name, f"还不能预览：\n{error}")
        page = pages.get(f"openness/{request.path_params['page']}")
        if page is None or not request.path_params["page"].endswith(".html"):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(page, headers={"Content-Security-Policy": FILE_POLICY})

    def _hand_in(self, request: Request, item: OpennessItem, name: str, form: Form) -> Response:
        person_id = current_visitor(request).person_id
        taken = act_with_code(
            self._installation,
            request,
            form,
            lambda work, proof: hand_in_draft(work, person_id, item, name, proof),
            without_code="送审要填一次性口令。",
        )
        if isinstance(taken, str):
            return self._form(request, item, name, f"草稿已保存，还没有送审：\n{taken}")
        answer = RedirectResponse(f"{CATALOGUE}?taken={taken.id}", HTTPStatus.SEE_OTHER)
        answer.background = BackgroundTask(start_openness_watch, self._installation)
        return answer

    def _form(
        self, request: Request, item: OpennessItem, name: str, told: str = "", *, is_good: bool = False
    ) -> Response:
        with self._installation.read() as work:
            page = open_editor(work, current_visitor(request).person_id, item, name)
        return show(
            self._installation,
            request,
            "openness_edit",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if told and not is_good else HTTPStatus.OK,
            page=page,
            told=told.splitlines(),
            is_good=is_good,
            address=f"{CATALOGUE}/{item.number}/{name}",
        )

    def _find(self, request: Request) -> tuple[OpennessItem, str]:
        """Return the item and the element of the address.

        Raises:
            HTTPException: where there is none, or it fills itself.
        """
        item = self._installation.catalog.openness_items.get(request.path_params["item"])
        name = request.path_params["element"]
        if item is None or name not in item.elements or item.elements[name].kind == "statistic":
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return item, name

    def _refuse(self, request: Request, item: OpennessItem, name: str) -> Response | None:
        """Return why this visitor does not write this element: it is another office's."""
        if item.owner in current_visitor(request).offices:
            return None
        office = self._installation.catalog.offices[item.owner].name
        sentence = f"第 {int(item.number)} 项“{item.elements[name].name}”由{office}负责，由{office}的人填写。"
        return refuse_page(HTTPStatus.FORBIDDEN, "不能填写", sentence)
