"""Protects 依申请公开 at the door: who registers, who is given a request, who answers it, by when."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import httpx
import pytest

from disclosure.openness import requests
from tests.support.bureau import REVIEWERS, Bureau
from tests.support.visitors import Browser, let_in, open_door, text_of

pytestmark = [pytest.mark.records, pytest.mark.slow]

#: Days of a year whose holidays are known, so that a limit can be told whenever this runs.
RECEIVED, TOLD, ANSWERED = "2026-03-02", "2026-03-20", "2026-04-20"
KEEPER, ANSWERER, OTHER, COMPILER = REVIEWERS["confidentiality"], "吴社保", "周就业", "周宣传"


def test_a_request_is_registered_given_away_and_answered(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(profile="chuxiong", period="2025-special-工伤", only=("work_injury.*",))
    bureau.enrol_all({ANSWERER: "social_insurance_centre", OTHER: "employment_centre", COMPILER: "publicity_section"})
    with open_door(bureau.installation.settings) as address, ExitStack() as stack:
        browsers = {name: stack.enter_context(Browser(address)) for name in (KEEPER, ANSWERER, OTHER, COMPILER)}
        for name, browser in browsers.items():
            let_in(bureau, browser, name)

        def send(name: str, **form: str) -> httpx.Response:
            return browsers[name].submit("/", "/requests", number="2026-001", **form)

        assert browsers[ANSWERER].get("/requests").status_code == httpx.codes.FORBIDDEN
        assert send(ANSWERER, act="add", on=RECEIVED).status_code == httpx.codes.FORBIDDEN
        assert send(COMPILER, act="add", on=RECEIVED).status_code == httpx.codes.FORBIDDEN
        assert "没有写日期" in text_of(send(KEEPER, act="add", on=""))
        assert "应在" in text_of(send(KEEPER, act="add", on=RECEIVED))
        assert "已经登记过" in text_of(send(KEEPER, act="add", on=RECEIVED))
        # Read by whoever looks after it, given away by whoever keeps it, answered by whoever it was given to.
        assert "2026-001" in text_of(browsers[COMPILER].get("/requests"))
        assert send(COMPILER, act="assign", office="social_insurance_centre").status_code == httpx.codes.FORBIDDEN
        assert "由州社保中心答复" in text_of(send(KEEPER, act="assign", office="social_insurance_centre"))
        assert "2026-001" in text_of(browsers[ANSWERER].get("/requests"))
        assert 'href="/requests"' in browsers[ANSWERER].get("/").text
        assert browsers[OTHER].get("/requests").status_code == httpx.codes.FORBIDDEN
        assert send(OTHER, act="answer", outcome="disclosed", on=ANSWERED).status_code == httpx.codes.FORBIDDEN
        told = send(ANSWERER, act="extend", on=TOLD, notice="延期答复告知书〔2026〕3号")
        assert "2026-001 已延长，应在 2026年4月28日（星期二）前答复。" in text_of(told)
        assert "在期限内" in text_of(send(ANSWERER, act="answer", outcome="disclosed", on=ANSWERED))
        assert "不能再改" in text_of(send(KEEPER, act="answer", outcome="refused", on=ANSWERED))
    with bureau.installation.read() as work:
        one = requests.find(work.session, work.catalog, "2026-001")
        assert one is not None
        assert (one.office, one.outcome, one.extended_on is not None) == ("social_insurance_centre", "disclosed", True)
