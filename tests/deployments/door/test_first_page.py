"""Protects the first page after signing in: each person's own, with one button to the place where a thing is done."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from disclosure.review.people import STEP_SECONDS
from disclosure.workspace.waiting import ANSWER
from tests.support.bureau import CYCLE_OF_ASK, REVIEWERS, Bureau
from tests.support.visitors import Browser, give_password, open_door

pytestmark = [pytest.mark.records, pytest.mark.slow]


def first_page(bureau: Bureau, address: str, name: str) -> str:
    """What this person sees after signing in."""
    give_password(bureau, name)
    with Browser(address) as browser:
        browser.sign_in(name, bureau._code_of(name, int(time.time()) // STEP_SECONDS))
        return browser.get("/").text


def test_each_sees_what_waits_for_them(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    first, second = bureau.centres[:2]
    bureau.enrol_all({"吴填表": first, "王填表": second})
    with open_door(bureau.installation.settings) as address:
        page, name = first_page(bureau, address, "吴填表"), bureau.catalog.offices[first].name
        assert "等我办的（1）" in page
        assert f"-{name}-第1轮.xlsx" in page
        assert f"-{bureau.catalog.offices[second].name}-第1轮.xlsx" not in page
        bureau.hand_in_all()
        bureau.compile()
        bureau.audit()
        bureau.ask("review")
        page = first_page(bureau, address, REVIEWERS["finance"])
        assert "数据审核" in page
        assert page.count(f'class="primary" href="{ANSWER}{CYCLE_OF_ASK}"') == 1
        assert "现在没有等你办的事" in first_page(bureau, address, REVIEWERS["leader"])
        assert "现在没有等你办的事" in first_page(bureau, address, "王填表")
