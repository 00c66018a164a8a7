"""Protects 人员 and 统筹 at the door: for whom each page is, that acts take a code, the first use by a link."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pyotp
import pytest
from sqlalchemy import select

from disclosure.cycle.deadlines import find_deadline
from disclosure.records.tables import DeadlineMove, LedgerEntry, Person
from disclosure.review.people import find_person
from tests.support.bureau import REVIEWERS, Bureau
from tests.support.visitors import PASSWORD, Browser, code_of, let_in, open_door, text_of

pytestmark = [pytest.mark.records, pytest.mark.slow]

OPERATOR, COMPILER, SUPERVISOR, DRAFTER = "运维一号", "周宣传", "刘督办", "吴填表"
LEADER, OFFICE = REVIEWERS["leader"], REVIEWERS["confidentiality"]
#: Whoever reviews for the general office supervises as well. Who gets which page; everybody else is told why not.
PAGES = {
    "/people": {OPERATOR, COMPILER, SUPERVISOR, LEADER, OFFICE},
    "/people/1": {OPERATOR},
    "/manage": {COMPILER, SUPERVISOR, LEADER, OFFICE},
    "/channels": {OPERATOR, COMPILER, SUPERVISOR, LEADER, OFFICE},
    "/channels?look=1": {OPERATOR, COMPILER, SUPERVISOR, LEADER, OFFICE},
    "/manage/deadline/{period}": {SUPERVISOR, LEADER, OFFICE},
    "/manage/act/{period}": {COMPILER, SUPERVISOR, LEADER, OFFICE},
}
#: What is sent, and who may send it.
ACTS = {
    ("/people", "/"): {OPERATOR},
    ("/people/1", "/"): {OPERATOR},
    ("/manage/remind", "/"): {COMPILER, SUPERVISOR, OFFICE},
    ("/manage/supervise", "/"): {COMPILER, SUPERVISOR, OFFICE},
    ("/manage/act/{period}", "/"): {COMPILER, SUPERVISOR, LEADER, OFFICE},
    ("/manage/revised/1", "/"): {COMPILER, SUPERVISOR, LEADER, OFFICE},
    ("/manage/deadline/{period}", "/"): {SUPERVISOR, LEADER, OFFICE},
}


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau]) -> Bureau:
    made = new_bureau()
    made.enrol_all({DRAFTER: made.centres[0], COMPILER: "publicity_section"})
    made.enrol(SUPERVISOR, "general_office", "supervisor")
    made.enrol(OPERATOR, "general_office", "operator")
    return made


@pytest.fixture
def address(bureau: Bureau) -> Iterator[str]:
    with open_door(bureau.installation.settings) as address:
        yield address


def test_every_page_and_every_act_is_for_whom_the_table_says(bureau: Bureau, address: str) -> None:
    with ExitStack() as stack:
        browsers = {
            name: let_in(bureau, stack.enter_context(Browser(address)), name) for name in sorted(bureau.secrets)
        }
        for page, allowed in PAGES.items():
            shown = {name: one.get(page.format(period=bureau.period.id)).status_code for name, one in browsers.items()}
            assert {name for name, status in shown.items() if status == httpx.codes.OK} == allowed, page
            assert {status for name, status in shown.items() if name not in allowed} == {httpx.codes.FORBIDDEN}, page
        for (act, form), allowed in ACTS.items():
            for name, browser in browsers.items():
                told = browser.submit(form, act.format(period=bureau.period.id))
                assert (told.status_code == httpx.codes.FORBIDDEN) == (name not in allowed), (act, name, told.text)
        for name, browser in browsers.items():
            links = browser.get("/").text
            for page in ("/people", "/manage", "/channels"):
                assert (f'href="{page}"' in links) == (name in PAGES[page]), (name, page)
    with bureau.installation.read() as work:
        assert not work.session.scalars(select(LedgerEntry).where(LedgerEntry.event == "person.managed")).all()
        assert not work.session.scalars(select(DeadlineMove)).all()


def test_one_link_sets_up_authenticator_and_password(bureau: Bureau, address: str) -> None:
    with Browser(address) as browser, Browser(address) as fresh:
        let_in(bureau, browser, OPERATOR)
        new = {"name": "新来的", "office": "policy_section"}
        assert "请填自己的一次性口令" in text_of(browser.submit("/people", **new))
        refused = browser.submit("/people", **new, code="000000")
        assert "口令不对" in text_of(refused)
        refused = browser.submit("/people", **new, code=code_of(bureau, OPERATOR), **{"role-leader": "1"})
        assert "不能担任“leader”" in text_of(refused)
        told = browser.submit("/people", **new, code=code_of(bureau, OPERATOR))
        link = re.search(r'value="http[^"]*(/invitation/[^"]+)"', told.text)
        assert link is not None, text_of(told)
        assert 'src="data:image/svg+xml' in told.text
        page = fresh.get(link[1])
        uri = re.search(r'href="(otpauth://[^"]+)"', page.text)
        assert uri is not None, text_of(page)
        scanned = pyotp.parse_uri(html.unescape(uri[1]))
        assert isinstance(scanned, pyotp.TOTP)
        set_up = {"password": PASSWORD, "again": PASSWORD}
        assert fresh.submit(link[1], **set_up, code="000000").status_code == httpx.codes.UNPROCESSABLE_ENTITY
        came = fresh.submit(link[1], **set_up, code=scanned.now())
        assert came.status_code == httpx.codes.SEE_OTHER, text_of(came)
        assert "新来的，你好" in fresh.get("/").text
        # Good once: nobody finds the secret behind the link any more.
        with Browser(address) as thief:
            assert thief.get(link[1]).status_code == httpx.codes.NOT_FOUND
    with bureau.installation.read() as work:
        entries = work.session.scalars(select(LedgerEntry).where(LedgerEntry.event == "person.managed")).all()
        assert [entry.actor for entry in entries] == [OPERATOR]
        assert find_person(work.session, "新来的") is not None


def test_a_forgotten_password_shows_no_secret(bureau: Bureau, address: str) -> None:
    person = _id_of(bureau, DRAFTER)
    with Browser(address) as browser, Browser(address) as fresh:
        let_in(bureau, browser, OPERATOR)
        told = browser.submit(f"/people/{person}", act="invite", code=code_of(bureau, OPERATOR))
        link = re.search(r'value="http[^"]*(/invitation/[^"]+)"', told.text)
        assert link is not None, text_of(told)
        page = fresh.get(link[1])
        assert page.is_success
        assert "otpauth" not in page.text
        assert "data:image/svg" not in page.text


def test_somebody_is_moved_and_disabled_and_nobody_changes_their_own_standing(bureau: Bureau, address: str) -> None:
    person, own = _id_of(bureau, DRAFTER), _id_of(bureau, OPERATOR)
    with Browser(address) as browser, Browser(address) as theirs:
        let_in(bureau, theirs, DRAFTER)
        let_in(bureau, browser, OPERATOR)
        refused = browser.submit(
            f"/people/{own}", act="reassign", office="bureau_leadership", code=code_of(bureau, OPERATOR)
        )
        assert "不能管理自己" in text_of(refused)
        moved = browser.submit(
            f"/people/{person}", act="reassign", office="policy_section", code=code_of(bureau, OPERATOR)
        )
        assert moved.headers["Location"] == "/people?done=1", text_of(moved)
        assert theirs.get("/hand-in").status_code == httpx.codes.FORBIDDEN
        again = browser.submit(f"/people/{person}", act="disable", code=code_of(bureau, OPERATOR))
        assert "已经用过一次" in text_of(again)
        assert theirs.get("/", headers={"Accept": "text/html"}).is_success
    with bureau.installation.read() as work:
        found = work.session.get_one(Person, person)
        assert found.office == "policy_section"


def test_a_date_is_moved_with_a_code_and_what_is_wrong_is_told_before_it(bureau: Bureau, address: str) -> None:
    page = f"/manage/deadline/{bureau.period.id}"
    with bureau.installation.read() as work:
        before = find_deadline(work.session, work.catalog, bureau.period, "publish")
    assert before is not None
    with Browser(address) as browser:
        let_in(bureau, browser, SUPERVISOR)
        form = {"milestone": "publish", "day": before.due.replace(year=before.due.year + 1).isoformat()}
        late = browser.submit(page, **form, reason="等数据", code=code_of(bureau, SUPERVISOR))
        assert late.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert "发布不能改到它之后" in text_of(late)
        assert "没有写新的日期" in text_of(browser.submit(page, milestone="publish", code="000000", reason="等数据"))
        assert "统筹" in text_of(browser.get("/manage"))
        assert "在等谁" in text_of(browser.get("/manage"))
    with bureau.installation.read() as work:
        assert find_deadline(work.session, work.catalog, bureau.period, "publish") == before


def _id_of(bureau: Bureau, name: str) -> int:
    with bureau.installation.read() as work:
        person = find_person(work.session, name)
        assert person is not None
        return person.id
