"""Protects the openness catalogue at the door: whose form it is, drafts, the preview, conflicts, and the hand-in."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from disclosure.access import sessions
from disclosure.openness import changes
from disclosure.openness.guides import SECTIONS
from disclosure.publication.openness import publish_openness
from disclosure.records.tables import OpennessChange, OpennessDraft, UsedCode
from tests.support.bureau import REVIEWERS, Bureau
from tests.support.openness_staff import KEEPERS, Keepers
from tests.support.visitors import Browser, code_of, let_in, open_door, text_of

pytestmark = [pytest.mark.records, pytest.mark.slow]

KEEPER, COLLEAGUE, OTHER = KEEPERS["social_insurance_centre"], "马社保", KEEPERS["employment_centre"]
COMPILER, SUPERVISOR = "周宣传", "刘督办"
PAGE = "/openness/01/guide"
GUIDE = {"title": "企业社会保险登记服务指南"} | {f"section-{n}": f"{head}：照办" for n, head in enumerate(SECTIONS)}
ABOUT = {"what": "首次公开", "changed_on": "2025-03-03"}


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau]) -> Bureau:
    made = new_bureau(profile="chuxiong", period="2025-special-工伤", only=("work_injury.*",))
    made.enrol_all({name: office for office, name in KEEPERS.items()})
    made.enrol_all({COLLEAGUE: "social_insurance_centre", COMPILER: "publicity_section"})
    made.enrol(SUPERVISOR, "general_office", "supervisor")
    return made


@pytest.fixture
def address(bureau: Bureau) -> Iterator[str]:
    with open_door(bureau.installation.settings) as address:
        yield address


def test_the_list_and_the_form_are_for_whom_they_are(bureau: Bureau, address: str) -> None:
    with ExitStack() as stack:
        browsers = {
            name: let_in(bureau, stack.enter_context(Browser(address)), name) for name in sorted(bureau.secrets)
        }

        def who_gets(page: str) -> set[str]:
            answers = {name: browser.get(page).status_code for name, browser in browsers.items()}
            assert set(answers.values()) <= {httpx.codes.OK, httpx.codes.FORBIDDEN}, answers
            return {name for name, status in answers.items() if status == httpx.codes.OK}

        # Whoever reviews for the general office supervises as well.
        overseers = {COMPILER, SUPERVISOR, REVIEWERS["leader"], REVIEWERS["confidentiality"]}
        keepers = set(KEEPERS.values()) | {COLLEAGUE}
        assert who_gets("/openness") == keepers | overseers
        assert who_gets(PAGE) == {KEEPER, COLLEAGUE}
        # What is not theirs is not changed either, and there is no way to it.
        other = browsers[OTHER]
        token = re.search(r'name="form_token" value="([^"]+)"', other.get("/openness").text)
        assert token is not None
        told = other.send_form(PAGE, form_token=html.unescape(token[1]), **GUIDE)
        assert told.status_code == httpx.codes.FORBIDDEN
        assert "由州社保中心负责" in text_of(told)
        assert f'href="{PAGE}"' not in other.get("/openness").text
        assert f'href="{PAGE}"' not in browsers[SUPERVISOR].get("/openness").text
        assert f'href="{PAGE}"' in browsers[KEEPER].get("/openness").text
        # What nobody writes, and what there is none of.
        for nothing in ("/openness/99/guide", "/openness/01/none", f"{PAGE}/preview/openness/zz.html"):
            assert browsers[KEEPER].get(nothing).status_code in {httpx.codes.NOT_FOUND, 422}, nothing
        statistic = next(
            f"/openness/{item.number}/{name}"
            for item in bureau.catalog.openness_items.values()
            for name, element in item.elements.items()
            if element.kind == "statistic"
        )
        assert browsers[KEEPER].get(statistic).status_code == httpx.codes.NOT_FOUND
    with bureau.installation.read() as work:
        assert work.session.query(OpennessDraft).count() == 0


def test_a_draft_outlives_its_session_and_is_nobody_else_s(bureau: Bureau, address: str) -> None:
    with ExitStack() as stack:
        browser, colleague = (stack.enter_context(Browser(address)) for _ in range(2))
        shown = let_in(bureau, browser, KEEPER).get(PAGE)
        assert "script-src 'self'" in shown.headers["Content-Security-Policy"]
        assert "由州社保中心填写" in text_of(shown)
        # The sample as it stands is no draft.
        sent = dict(re.findall(r'name="([a-z]+(?:-\d)?)" value="([^"]*)"', shown.text)) | {
            name: html.unescape(value)
            for name, value in re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>\n([^<]*)</textarea>', shown.text)
        }
        sent = {name: html.unescape(value) for name, value in sent.items() if name not in {"form_token", "act"}}
        assert browser.submit(PAGE, **sent).headers["Location"] == f"{PAGE}?same=1"
        kept = browser.submit(PAGE, **{"title": "写<到>一半", "section-0": "甲\r\n乙"})
        assert kept.headers["Location"] == f"{PAGE}?saved=1"
        with bureau.installation.begin() as work:
            for number in range(1, 3):
                sessions.end_session(work, number)
        assert browser.send_form(PAGE, title="没有登录").status_code == httpx.codes.UNAUTHORIZED
        let_in(bureau, colleague, COLLEAGUE)
        theirs = colleague.get(PAGE)
        assert f"{KEEPER}也在写这一项" in text_of(theirs)
        assert "写<到>一半" not in html.unescape(theirs.text)
        again = let_in(bureau, browser, KEEPER).get(f"{PAGE}?saved=1")
        assert 'value="写&lt;到&gt;一半"' in again.text
        assert "甲\n乙</textarea>" in again.text
        assert "“办理依据”是空的。" in text_of(again)
        assert "草稿 " in text_of(browser.get("/openness"))
        assert browser.submit(PAGE, act="drop").headers["Location"] == f"{PAGE}?dropped=1"
        assert "写<到>一半" not in html.unescape(browser.get(PAGE).text)


def test_the_preview_is_exactly_what_becomes_public(bureau: Bureau, address: str) -> None:
    with Browser(address) as browser:
        let_in(bureau, browser, KEEPER)
        refused = browser.get(f"{PAGE}/preview/openness/01.html")
        assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert "还没有草稿" in text_of(refused)
        sent = browser.submit(PAGE, act="preview", **GUIDE, **ABOUT)
        assert sent.headers["Location"] == f"{PAGE}/preview/openness/01.html#guide"
        preview = browser.get(f"{PAGE}/preview/openness/01.html")
        assert "办理时限：照办" in text_of(preview)
        refused = browser.submit(PAGE, act="hand_in", **GUIDE, **ABOUT)
        assert "送审要填一次性口令" in text_of(refused)
        refused = browser.submit(PAGE, act="hand_in", code=code_of(bureau, KEEPER), **GUIDE)
        assert "没有写“变更日期”" in text_of(refused)
        # No code was used up for what could not be taken.
        taken = browser.submit(PAGE, act="hand_in", code=code_of(bureau, KEEPER), **GUIDE, **ABOUT)
        assert taken.headers["Location"] == "/openness?taken=1", text_of(taken)
        told = text_of(browser.get("/openness?taken=1"))
        assert "第 1 项“服务指南”第 1 版已送审（变更 1），应在 2025年3月31日（星期一）前公开。" in told
        assert "已逾期" in told
        with bureau.installation.read() as work:
            assert work.session.query(OpennessDraft).count() == 0
            change = work.session.get_one(OpennessChange, 1)
            assert change.person is not None
            assert (change.person.name, change.step) == (KEEPER, "office")
            assert work.session.query(UsedCode).filter(UsedCode.used_for == "hand_in").count() == 1
    _approve(bureau, 1)
    assert publish_openness(bureau.installation) == [1]
    live = (bureau.site / "openness" / "01.html").read_bytes()
    assert live == preview.content


def test_of_two_who_write_the_second_is_shown_what_came_first(bureau: Bureau, address: str) -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(Browser(address)) for _ in range(2))
        let_in(bureau, first, KEEPER)
        let_in(bureau, second, COLLEAGUE)
        second.submit(PAGE, based_on="0", **{**GUIDE, "section-7": "电话一"}, **ABOUT)
        first.submit(PAGE, act="hand_in", code=code_of(bureau, KEEPER), **{**GUIDE, "section-7": "电话二"}, **ABOUT)
        code, mine = code_of(bureau, COLLEAGUE), {**GUIDE, "section-7": "电话一"} | ABOUT
        refused = second.submit(PAGE, act="hand_in", code=code, based_on="0", **mine)
        assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        told = text_of(refused)
        assert f"{KEEPER}报送了第 1 版（首次公开）；请先对照" in told
        assert "电话二" in told
        assert "电话一" in told
        assert 'name="based_on" value="1"' in refused.text
        # Whoever saves again has not yet said that they compared.
        second.submit(PAGE, based_on="1", **mine)
        assert "请先对照" in text_of(second.submit(PAGE, act="hand_in", code=code, based_on="1", **mine))
        assert second.submit(PAGE, act="adopt", based_on="1", **mine).headers["Location"] == f"{PAGE}?saved=1"
        assert "请对照" not in text_of(second.get(PAGE))
        taken = second.submit(PAGE, act="hand_in", code=code, based_on="1", **mine)
        assert taken.headers["Location"] == "/openness?taken=1", text_of(taken)
        with bureau.installation.read() as work:
            newest = changes.newest_version(work.session, work.catalog, "01", "guide")
            assert newest is not None
            assert (newest.number, newest.change.round) == (2, 2)
            assert "电话一" in newest.content
        # A form opened before all this, sent by somebody without a draft, is told likewise.
        first.submit(PAGE, based_on="1", **{**GUIDE, "section-7": "电话三"}, **ABOUT)
        assert f"{COLLEAGUE}报送了第 2 版" in text_of(first.get(PAGE))


def test_whoever_signed_in_hands_in_under_no_other_name_and_with_a_right_code(bureau: Bureau, address: str) -> None:
    with Browser(address) as browser:
        let_in(bureau, browser, KEEPER)
        for code in ("000000", code_of(bureau, COLLEAGUE)):
            refused = browser.submit(PAGE, act="hand_in", code=code, name=COLLEAGUE, **GUIDE, **ABOUT)
            assert "口令不对" in text_of(refused), text_of(refused)
        with bureau.installation.read() as work:
            assert work.session.query(OpennessChange).count() == 0
            assert work.session.query(OpennessDraft).count() == 1


def _approve(bureau: Bureau, change_id: int) -> None:
    """Let the change go through its gates, by the reviewers' answers."""
    keepers = Keepers(bureau, cast("Any", SimpleNamespace(move_to=lambda _: None)))
    keepers.enter_review(change_id)
    keepers.approve(change_id)
