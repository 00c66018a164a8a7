"""Protects handing in by browser: each office its own, wrong files told as everywhere, several files one act."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from sqlalchemy import func, select

from deployments.door.hand_in import MOST_BYTES
from deployments.door.prefect import resume
from disclosure.collection.handout import hand_out
from disclosure.collection.workbook.ooxml.package import FILE_LIMIT
from disclosure.figures.narrative import TextBlock, TextSpan
from disclosure.records.tables import Ask, FailedAttempts, LedgerEntry, Look, Narrative, Submission
from tests.support.bureau import CYCLE_OF_ASK, REVIEWERS, Bureau
from tests.support.visitors import Browser, code_of, give_password, open_door

pytestmark = [pytest.mark.records, pytest.mark.slow]

DRAFTER = "吴填表"
Files = list[tuple[str, bytes]]


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau]) -> Bureau:
    made = new_bureau()
    made.enrol_all({DRAFTER: made.centres[0]})
    return made


@pytest.fixture
def address(bureau: Bureau) -> Iterator[str]:
    with open_door(bureau.installation.settings) as address:
        yield address


@contextmanager
def come_in(bureau: Bureau, address: str, name: str) -> Iterator[Browser]:
    """This person's browser, signed in."""
    give_password(bureau, name)
    with Browser(address) as browser:
        browser.sign_in(name, code_of(bureau, name, -1))
        yield browser


def send(browser: Browser, files: Files, **fields: str) -> httpx.Response:
    """Drop files into the form and press a button."""
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/hand-in").text)
    assert token is not None
    return browser.post(
        "/hand-in",
        data={"form_token": token[1], **fields},
        files=[("files", file) for file in files],
        headers={"Origin": browser.address, "Sec-Fetch-Site": "same-origin"},
        timeout=60,
    )


def submissions(bureau: Bureau) -> int:
    """How many files the records hold."""
    with bureau.installation.records.read() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


def test_slips_are_told_and_then_it_is_right(bureau: Bureau, address: str) -> None:
    centre = bureau.centres[0]
    right = bureau.workbook(centre)
    figure = next(one for one in bureau.figures(centre) if one.value is not None)
    wrong = bureau.workbook(centre, changed={figure.indicator: None}, filler="")
    with come_in(bureau, address, DRAFTER) as browser:
        told = send(browser, [("错.xlsx", wrong)], act="check")
        assert told.status_code == 422
        assert re.search(r"有 [1-9]\d* 处须改正", told.text)
        assert "下载标出问题的报表" in told.text
        assert submissions(bureau) == 0
        assert "可以报送" in send(browser, [("对.xlsx", right)], act="check").text
        assert "报送要填动态口令" in send(browser, [("对.xlsx", right)], act="hand_in", code="").text
        assert submissions(bureau) == 0
        told = send(browser, [("对.xlsx", right)], act="hand_in", code="000000")
        assert "口令不对" in told.text
        # It counts where it was typed: nobody elsewhere waits for it.
        with bureau.installation.read() as work:
            assert set(work.session.scalars(select(FailedAttempts.source))) == {"127.0.0.1"}
        taken = send(browser, [("错.xlsx", wrong), ("对.xlsx", right)], act="hand_in", code=code_of(bureau, DRAFTER))
        assert "没有通过，原件已留存" in taken.text, re.findall(r"role=.alert.>(.*)<", taken.text)
        assert "已收到" in taken.text
        assert submissions(bureau) == 2
        assert taken.text.count("SHA-256") == 4
    with bureau.installation.records.read() as session:
        actors = session.scalars(select(LedgerEntry.actor).where(LedgerEntry.event.like("submission.%"))).all()
    assert set(actors) == {DRAFTER}


def test_only_the_own_blank_is_given_out(bureau: Bureau, address: str) -> None:
    paths = hand_out(bureau.installation, bureau.cycle_id)
    with come_in(bureau, address, DRAFTER) as browser:
        got = {path.name for path in paths if browser.get(f"/hand-in/files/{path.name}").status_code == 200}
        assert got == {path.name for path in paths if bureau.catalog.offices[bureau.centres[0]].name in path.name}
        assert len(got) == 1
        assert all(name in browser.get("/hand-in").text for name in got)
    with bureau.installation.records.read() as session:
        looks = [(look.person.name, look.path, look.cycle_id) for look in session.query(Look)]
    assert looks == [(DRAFTER, f"{bureau.period.id}/{name}", bureau.cycle_id) for name in got]


def test_each_role_at_each_page_while_it_is_due_and_afterwards(bureau: Bureau, address: str) -> None:
    bureau.enrol("王就业", bureau.centres[1])
    bureau.enrol("科长", bureau.centres[0], "head")
    for name, office in {"周宣传": "publicity_section", "吴文字": "social_insurance_section"}.items():
        bureau.enrol(name, office)
    bureau.enrol("刘督办", "general_office", "supervisor")
    bureau.enrol("郑运维", "publicity_section", "operator")
    offices = {DRAFTER, "王就业", "科长"} | ({"吴文字"} if bureau.catalog.writers else set())
    names = [path.name for path in hand_out(bureau.installation, bureau.cycle_id)]
    own = next(name for name in names if bureau.catalog.offices[bureau.centres[0]].name in name)
    with ExitStack() as stack:
        browsers = {name: stack.enter_context(come_in(bureau, address, name)) for name in bureau.secrets}

        def who_gets(page: str) -> set[str]:
            return {name for name, browser in browsers.items() if browser.get(page).status_code == httpx.codes.OK}

        assert (who_gets("/hand-in"), who_gets(f"/hand-in/files/{own}")) == (offices, {DRAFTER})
        bureau.hand_in_all()
        assert (who_gets("/hand-in"), who_gets(f"/hand-in/files/{own}")) == (offices, set())
        assert "没有要填的" in browsers[DRAFTER].get("/hand-in").text
        assert "没有要填的" in browsers["王就业"].get("/hand-in").text


def test_without_signing_in_nothing_is_shown_or_taken(address: str) -> None:
    with Browser(address) as browser:
        for page in ("/hand-in", "/hand-in/files/x.xlsx"):
            told = browser.get(page)
            assert (told.status_code, told.headers["Location"][:9]) == (httpx.codes.SEE_OTHER, "/sign-in?")
        own = {"Origin": address, "Sec-Fetch-Site": "same-origin", "Accept": "*/*"}
        sent = browser.post("/hand-in", files=[("files", ("x.xlsx", b"x"))], data={"act": "check"}, headers=own)
        assert sent.status_code == httpx.codes.UNAUTHORIZED


def test_a_text_is_handed_in_and_the_run_that_waits_is_woken(
    new_bureau: Callable[..., Bureau], monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau = new_bureau(profile="chuxiong", period="2025-annual")
    (writer,) = bureau.catalog.writers
    bureau.enrol("吴文字", writer.id)
    ask, woken = bureau.ask("collect", ""), list[tuple[str, str]]()
    monkeypatch.setattr(resume, "wake_suspended_run", lambda _prefect, run, key: not woken.append((run, key)))
    section, home = next(iter(bureau.catalog.sections.values())), bureau.installation.settings.home
    blocks = {section.id: (TextBlock("paragraph", (TextSpan("本年度参保工作平稳推进。"),)),)}
    path = bureau.write_text(bureau.period, writer.id, blocks, folder=home, author="吴文字")
    unsigned = bureau.write_text(bureau.period, writer.id, blocks, folder=home / "inbox", author="")
    with open_door(bureau.installation.settings) as address, come_in(bureau, address, "吴文字") as browser:
        told = send(browser, [("文稿.docx", unsigned.read_bytes())], act="check")
        assert "没有填写起草人" in told.text
        taken = send(browser, [(path.name, path.read_bytes())], act="hand_in", code=code_of(bureau, "吴文字"))
        assert f"1 个部分的文字（{section.name}" in taken.text, taken.text
    with bureau.installation.records.read() as session:
        key = session.get_one(Ask, ask).pause_key
        assert session.scalars(select(Narrative.is_accepted)).all() == [True]
    assert woken == [(CYCLE_OF_ASK, key)]


def test_who_hands_nothing_in_and_files_of_others_are_refused(bureau: Bureau, address: str) -> None:
    with come_in(bureau, address, REVIEWERS["leader"]) as browser:
        assert browser.get("/hand-in").status_code == 403
        assert browser.get("/hand-in/files/x.xlsx").status_code == 404
    with come_in(bureau, address, DRAFTER) as browser:
        other = bureau.catalog.offices[bureau.centres[1]].name
        told = send(browser, [("别人.xlsx", bureau.workbook(bureau.centres[1]))], act="check")
        assert f"是“{other}”的" in told.text
        assert "没有收取" in send(browser, [("x.xlsx", b"no workbook")], act="check").text
        assert "没有收取" in send(browser, [("大.xlsx", b"0" * (FILE_LIMIT + 1))], act="check").text
        own = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
        unasked = browser.post("/hand-in", files=[("files", ("x.xlsx", b"x"))], headers=own)
        assert unasked.status_code == 403
        assert submissions(bureau) == 0


def test_more_than_a_form_may_hold_is_refused(bureau: Bureau, address: str) -> None:
    with come_in(bureau, address, DRAFTER) as browser:
        part = b"0" * (MOST_BYTES // 3 + 1)
        assert send(browser, [("x.xlsx", part)] * 3, act="check").status_code == 413
