"""统筹 by browser: where everything stands and who holds it up; have the due letters sent, move a date."""

from __future__ import annotations

from http import HTTPStatus

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import refuse_page
from deployments.door.prefect.secret_blocks import secrets_at_hand
from deployments.door.prefect.starting import start_reminders, start_supervision
from deployments.door.screens import Form, act_with_code, show, with_form
from deployments.door.visitor import current_visitor
from disclosure.platform.clock import utc_now
from disclosure.records.installation import Installation
from disclosure.review.deadline_changes import MOVERS
from disclosure.workspace.channels import (
    CHANNELS,
    list_channels,
    look_at_channels,
    may_read_channels,
    say_on_failure,
)
from disclosure.workspace.cycles.managing import (
    MANAGE,
    MANAGERS,
    REMINDERS,
    find_cycle_progress,
    load_manage_page,
    movable_milestones,
    move_by_form,
)


def make_manage_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of 统筹."""
    pages = ManagePages(installation)
    return [
        Route(MANAGE, pages.show, methods=["GET"]),
        Route(CHANNELS, pages.channels, methods=["GET"]),
        Route(f"{MANAGE}/remind", with_form(installation, pages.remind), methods=["POST"]),
        Route(f"{MANAGE}/supervise", with_form(installation, pages.supervise), methods=["POST"]),
        Route(f"{MANAGE}/deadline/{{period}}", pages.deadline, methods=["GET"]),
        Route(f"{MANAGE}/deadline/{{period}}", with_form(installation, pages.move), methods=["POST"]),
    ]


class ManagePages:
    """The pages of 统筹 of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def show(self, request: Request) -> Response:
        """Show where everything stands."""
        visitor = current_visitor(request)
        if MANAGERS.isdisjoint(visitor.roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "不能看", "统筹由汇总人、督办人和签发人用；其他人请看进度看板。")
        told = {
            "opened": "专项已开启，报表正在发放。",
            "moved": "日期已改，理由已记入台账。",
            "reminded": "已开始发送到期的提醒，发过的不会再发。",
            "asleep": "流程服务没有运行，没有开始；它启动后会自动办。",
            "supervising": "已开始督办，一两分钟后刷新这一页看结果。",
            "revised": "修订已答复，记入台账。",
        }
        return show(
            self._installation,
            request,
            "manage",
            page=load_manage_page(self._installation, visitor.roles, utc_now()),
            told=next((text for key, text in told.items() if key in request.query_params), ""),
            is_good="asleep" not in request.query_params,
        )

    def channels(self, request: Request) -> Response:
        """Show the channels, and on demand what the public sees there."""
        if not may_read_channels(current_visitor(request).roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "不能看", "发布渠道由汇总人、督办人、签发人和运维人看。")
        is_looked = request.query_params.get("look") == "1"
        with self._installation.read() as work:
            lines, policy = list_channels(work), say_on_failure(work)
        return show(
            self._installation,
            request,
            "channels",
            lines=lines,
            policy=policy,
            seen=look_at_channels(self._installation, secrets_at_hand(self._installation)) if is_looked else {},
            is_looked=is_looked,
        )

    def remind(self, request: Request, _form: Form) -> Response:
        """Have the letters sent that are due now."""
        if REMINDERS.isdisjoint(current_visitor(request).roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有办理", "催办由汇总人和督办人办理。")
        is_begun = start_reminders(self._installation)
        return RedirectResponse(f"{MANAGE}?{'reminded' if is_begun else 'asleep'}=1", HTTPStatus.SEE_OTHER)

    def supervise(self, request: Request, _form: Form) -> Response:
        """Have plan, records, schedule and live pages compared now."""
        if REMINDERS.isdisjoint(current_visitor(request).roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有办理", "督办由汇总人和督办人办理。")
        is_begun = start_supervision(self._installation)
        return RedirectResponse(f"{MANAGE}?{'supervising' if is_begun else 'asleep'}=1", HTTPStatus.SEE_OTHER)

    def deadline(self, request: Request) -> Response:
        """Show the form that moves a date."""
        return self._refuse_move(request) or self._deadline(request, {}, "")

    def move(self, request: Request, form: Form) -> Response:
        """Move a date."""
        if refused := self._refuse_move(request):
            return refused
        period, milestone, day = request.path_params["period"], form.get("milestone", ""), form.get("day", "")
        moved = act_with_code(
            self._installation,
            request,
            form,
            lambda work, proof: move_by_form(work, period, milestone, day, proof),
            without_code="改期要填一次性口令。",
        )
        if isinstance(moved, str):
            return self._deadline(request, form, moved)
        answer = RedirectResponse(f"{MANAGE}?moved=1", HTTPStatus.SEE_OTHER)
        # It puts the schedule right where the day moved on which a cycle opens.
        answer.background = BackgroundTask(start_supervision, self._installation)
        return answer

    def _refuse_move(self, request: Request) -> Response | None:
        if set(MOVERS).isdisjoint(current_visitor(request).roles):
            return refuse_page(HTTPStatus.FORBIDDEN, "不能改期", "改期由督办人或签发人办理。")
        return None

    def _deadline(self, request: Request, form: Form, told: str) -> Response:
        """Show the form.

        Raises:
            HTTPException: where there is no such cycle, or nothing of it may be moved.
        """
        one = find_cycle_progress(self._installation, request.path_params["period"], utc_now())
        if one is None or not (milestones := movable_milestones(one)):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return show(
            self._installation,
            request,
            "deadline",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if told else HTTPStatus.OK,
            label=one.label,
            milestones=[(deadline.milestone, f"{deadline.name}：{deadline.sentence}") for deadline in milestones],
            form=form,
            told=told,
        )
