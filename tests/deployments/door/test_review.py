"""Protects the reviewers' page: seen from one's moment on, each look a row, drafts that outlive a session."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from disclosure.access import sessions
from disclosure.records.tables import Look
from tests.support.bureau import CYCLE_OF_ASK, REVIEWERS, Bureau
from tests.support.suspicious_past import import_suspicious_past
from tests.support.visitors import Browser, code_of, give_password, open_door

pytestmark = [pytest.mark.records, pytest.mark.slow]

FINANCE, POLICY = REVIEWERS["finance"], REVIEWERS["policy"]


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau]) -> Bureau:
    made = new_bureau()
    made.enrol_all({"吴填表": made.centres[0], "周宣传": "publicity_section"})
    made.enrol("刘督办", "general_office", "supervisor")
    import_suspicious_past(made)
    made.hand_in_all()
    made.compile()
    made.audit()
    return made


@pytest.fixture
def address(bureau: Bureau) -> Iterator[str]:
    with open_door(bureau.installation.settings) as address:
        yield address


def come_in(bureau: Bureau, browser: Browser, name: str, ahead: int = 0) -> Browser:
    """Sign this person in."""
    give_password(bureau, name)
    told = browser.sign_in(name, code_of(bureau, name, ahead))
    assert told.status_code == httpx.codes.SEE_OTHER
    return browser


def test_each_role_sees_the_round_from_its_moment_on(bureau: Bureau, address: str) -> None:
    page = f"/review/{bureau.period.id}"
    with ExitStack() as stack:
        browsers = {
            name: come_in(bureau, stack.enter_context(Browser(address)), name, -1) for name in sorted(bureau.secrets)
        }

        def who_sees() -> set[str]:
            return {name for name, browser in browsers.items() if browser.get(page).status_code == httpx.codes.OK}

        assert who_sees() == {FINANCE, "周宣传"}
        bureau.ask("review")
        assert who_sees() == {*REVIEWERS.values(), "周宣传"}
        shown = browsers[POLICY].get(page).text
        assert "<textarea" not in shown
        assert f'href="/answer/{CYCLE_OF_ASK}"' in shown
        assert f'href="{page}"' in browsers[POLICY].get("/").text
        assert browsers[POLICY].get("/review/2031-annual").status_code == httpx.codes.NOT_FOUND
        assert browsers[POLICY].get("/review/x").status_code == httpx.codes.NOT_FOUND
    with bureau.installation.records.read() as session:
        looks = [(look.person.name, look.is_allowed) for look in session.query(Look)]
    assert looks.count(("吴填表", False)) == 2
    assert looks.count((FINANCE, True)) == 2
    with Browser(address) as nobody:
        assert nobody.get(page).headers["Location"].startswith("/sign-in?")


def test_what_was_written_outlives_the_session(bureau: Bureau, address: str) -> None:
    page = f"/review/{bureau.period.id}"
    bureau.ask("review")
    with Browser(address) as browser, Browser(address) as later, Browser(address) as other:
        shown = come_in(bureau, browser, FINANCE, -1).get(page)
        assert "script-src 'self'" in shown.headers["Content-Security-Policy"]
        assert "'unsafe-inline'" not in shown.headers["Content-Security-Policy"]
        boxes = re.findall(r'name="(draft-[0-9a-f]{64})"', shown.text)
        assert len(boxes) > 1
        kept = browser.submit(page, **{boxes[0]: "跨年<结算>"})
        assert kept.headers["Location"] == f"{page}?saved=1#explain"
        with bureau.installation.begin() as work:
            for number in (1, 2, 3):
                sessions.end_session(work, number)
        assert browser.send_form(page, **{boxes[0]: "没有登录"}).status_code == httpx.codes.UNAUTHORIZED
        again = come_in(bureau, later, FINANCE).get(page).text
        assert "1：跨年<结算>" in html.unescape(again)
        assert "跨年<结算>" not in again
        # Nobody else has a box, whatever they send.
        come_in(bureau, other, POLICY, -1)
        token = re.search(r'name="form_token" value="([^"]+)"', other.get("/").text)
        assert token is not None
        told = other.send_form(page, form_token=html.unescape(token[1]), **{boxes[0]: "不是数据审核人"})
        assert told.status_code == httpx.codes.FORBIDDEN
        assert "数据审核人说明" in told.text
