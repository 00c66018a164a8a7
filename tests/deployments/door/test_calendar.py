"""Protects the private calendar: one's own dates and duties at an address that nobody else has, and no figures."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable

import httpx
import pytest
import vobject

from disclosure.review.people import STEP_SECONDS
from tests.support.bureau import Bureau
from tests.support.visitors import Browser, give_password, open_door

pytestmark = [pytest.mark.records, pytest.mark.slow]

DRAFTER = "吴填表"


def new_address(browser: Browser) -> str:
    """Ask for an address; the path of what is shown."""
    made = browser.submit("/account", "/account/calendar")
    found = re.search(r'value="(http[^"]+/calendar/[^"]+\.ics)"', made.text)
    assert found is not None, made.text
    return httpx.URL(html.unescape(found[1])).path


def test_a_calendar_is_its_owners_until_the_address_is_changed(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.enrol(DRAFTER, bureau.centres[0])
    give_password(bureau, DRAFTER)
    with open_door(bureau.installation.settings) as address, Browser(address) as browser, Browser(address) as program:
        assert browser.submit("/sign-in", "/account/calendar").status_code == httpx.codes.UNAUTHORIZED
        browser.sign_in(DRAFTER, bureau._code_of(DRAFTER, int(time.time()) // STEP_SECONDS))
        first = new_address(browser)
        assert first not in browser.get("/account").text
        told = program.get(first)
        assert told.headers["Content-Type"].startswith("text/calendar")
        calendar = vobject.readOne(told.text)
        assert calendar.validate()
        events = {event.summary.value: event for event in calendar.contents["vevent"]}
        (waiting,) = [event for name, event in events.items() if name.startswith("等我办的：")]
        assert "2016年度第 1 轮" in waiting.summary.value
        assert waiting.url.value.endswith("/hand-in")
        name = bureau.catalog.milestone_facts["draft"].name
        assert any(name in summary for summary in events)
        assert not any(bureau.catalog.milestone_facts["review"].name in summary for summary in events)
        second = new_address(browser)
        assert program.get(first).status_code == httpx.codes.NOT_FOUND
        assert program.get(second).status_code == httpx.codes.OK
        assert program.get("/calendar/x.ics").status_code == httpx.codes.NOT_FOUND
        bureau.disable(DRAFTER)
        assert program.get(second).status_code == httpx.codes.NOT_FOUND
