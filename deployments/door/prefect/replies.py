"""What the door says itself under Prefect's address, in the shapes that Prefect's UI shows to people."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from disclosure.platform.templating import render_text
from disclosure.platform.wording import words_beside

_AWAY = "流程服务现在没有应答。正在办理的事都在记录里，不会丢；它通常在一分钟内自动恢复，请稍后刷新页面。"
_API = "/prefect/api/"
_ui_words = words_beside(__file__, "ui_words.yaml")
#: Where the browser gets what says the UI's pages in Chinese.
PREFECT_WORDS, PREFECT_SCRIPT, PREFECT_STYLE = "/assets/prefect-words.js", "/assets/prefect.js", "/assets/prefect.css"

#: What the UI is told about itself: where its API is; no password to ask for; no second version to switch to.
UI_SETTINGS: dict[str, Any] = {
    "api_url": "/prefect/api",
    "csrf_enabled": False,
    "auth": None,
    "flags": [],
    "default_ui": "v1",
    "available_uis": ["v1"],
    "v1_base_url": "/prefect",
    "v2_base_url": None,
}


def put_into_chinese(page: str, *, is_operator: bool) -> str:
    """Return the UI's page with our script and style, which say it in Chinese (``templates/door/prefect.js``)."""
    ours = (
        f'<link rel="stylesheet" href="{PREFECT_STYLE}">'
        f'<script src="{PREFECT_WORDS}"></script>'
        f'<script src="{PREFECT_SCRIPT}" data-operator="{"yes" if is_operator else "no"}"></script>'
    )
    return page.replace('<html lang="en">', '<html lang="zh-CN">', 1).replace("<head>", f"<head>{ours}", 1)


def give_words(_request: Request) -> Response:
    """Return the words of ``ui_words.yaml`` as the script reads them."""
    words = json.dumps(_ui_words(), ensure_ascii=False)
    return Response(
        f"window.doorWords = {words};", media_type="text/javascript", headers={"Cache-Control": "max-age=300"}
    )


def refuse(request: Request, status: HTTPStatus, sentence: str, title: str = "没有办理") -> Response:
    """Say why not: to the API's caller as Prefect words an error (the UI shows ``detail``), to a reader as a page."""
    if request.url.path.startswith(_API):
        return JSONResponse({"detail": sentence}, status)
    return HTMLResponse(render_text("door/message.html.j2", title=title, sentence=sentence), status)


def say_away(request: Request) -> Response:
    """Say that Prefect's server does not answer."""
    answer = refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, _AWAY, "流程服务暂时打不开")
    answer.headers["Retry-After"] = "5"
    return answer


def accept_resume() -> Response:
    """Say that an answer was taken, as Prefect says it of a run that it has resumed."""
    taken = {"state": None, "status": "ACCEPT", "details": {"type": "accept_details"}}
    return JSONResponse(taken, HTTPStatus.CREATED)
