"""The workspace in a real browser: handing in with slips, drafts that outlive a session; on a phone and on a desk."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from deployments.door.guard import cookie_name
from disclosure.access import sessions
from disclosure.collection.handout import hand_out
from disclosure.records.tables import Person
from disclosure.review.people import find_person
from tests.support.bureau import REVIEWERS, Bureau, bureau_at
from tests.support.suspicious_past import import_suspicious_past
from tests.support.visitors import open_door

pytestmark = [pytest.mark.browser, pytest.mark.full]

DRAFTER = "吴填表"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A round whose workbooks are out."""
    home = tmp_path_factory.mktemp("bureau")
    made = bureau_at(home, f"sqlite:///{home / 'records.db'}")
    made.enrol(DRAFTER, made.centres[0])
    hand_out(made.installation, made.cycle_id)
    yield made
    made.installation.records.engine.dispose()


@pytest.fixture(scope="module")
def address(bureau: Bureau) -> Iterator[str]:
    with open_door(bureau.installation.settings) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def come_in(bureau: Bureau, context: BrowserContext, address: str, name: str) -> int:
    """Let a browser be this person's; the session's id."""
    with bureau.installation.begin() as work:
        person = find_person(work.session, name)
        assert isinstance(person, Person)
        token = sessions.open_session(work, person, "127.0.0.1")
    with bureau.installation.read() as work:
        opened = sessions.find_session(work, token)
    assert opened is not None
    cookie = cookie_name(bureau.installation.settings, "session")
    context.add_cookies([{"name": cookie, "value": token, "url": address, "sameSite": "Strict"}])
    return opened.id


def check(page: Page, pictures: Path, name: str) -> None:
    """Nothing for axe to find, and nothing scrolls sideways, on a phone and on a desk."""
    for width in (360, 1400):
        page.set_viewport_size(ViewportSize(width=width, height=900))
        page.screenshot(path=pictures / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width, (name, width)
        found = Axe().run(page, options=OPTIONS).response["violations"]
        assert [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found] == [], name


def test_a_statistician_is_told_of_slips_and_then_it_is_right(
    page: Page, bureau: Bureau, address: str, tmp_path: Path
) -> None:
    come_in(bureau, page.context, address, DRAFTER)
    centre = bureau.centres[0]
    first = next(figure for figure in bureau.figures(centre) if figure.value is not None)
    wrong = bureau.workbook(centre, changed={first.indicator: None}, filler="")
    page.goto(address)
    page.get_by_role("link", name="去报送").click()
    check(page, tmp_path, "hand-in")
    page.get_by_label("填好的文件").set_input_files({"name": "错.xlsx", "mimeType": "", "buffer": wrong})
    before = dt.datetime.now(dt.UTC)
    page.get_by_role("button", name="只检查").click()
    expect(page.get_by_role("alert").first).to_contain_text("处须改正", timeout=15_000)
    expect(page.get_by_text(bureau.catalog.indicators[first.indicator].name).first).to_be_visible()
    expect(page.get_by_role("link", name="下载标出问题的报表")).to_be_visible()
    assert (dt.datetime.now(dt.UTC) - before).total_seconds() < 15
    check(page, tmp_path, "told")


def keeps_a_form_while_nobody_is_signed_in(page: Page, bureau: Bureau, address: str) -> None:
    """A small form that is sent after the session ended is neither sent nor lost; signed in again, it is taken."""
    page.context.clear_cookies()
    opened = come_in(bureau, page.context, address, REVIEWERS["finance"])
    page.reload()
    for field in ("现在的密码", "新密码", "再写一遍"):
        page.get_by_label(field).fill("西山晴雪三更有梦五更有雨")
    with bureau.installation.begin() as work:
        sessions.end_session(work, opened)
    page.get_by_role("button", name="更改", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("写的内容都还在这一页")
    expect(page.get_by_label("新密码")).to_have_value("西山晴雪三更有梦五更有雨")
    come_in(bureau, page.context, address, REVIEWERS["policy"])
    page.get_by_role("button", name="更改", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("已换人登录")
    come_in(bureau, page.context, address, REVIEWERS["finance"])
    page.get_by_role("button", name="更改", exact=True).click()
    # It was read, and answered by what it says: this is not their password.
    expect(page.get_by_role("alert")).not_to_contain_text("写的内容都还在这一页")
    expect(page.get_by_role("alert")).to_contain_text("密码")


def test_what_finance_wrote_outlives_its_session(page: Page, bureau: Bureau, address: str, tmp_path: Path) -> None:
    import_suspicious_past(bureau)
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.ask("review")
    opened = come_in(bureau, page.context, address, REVIEWERS["finance"])
    page.goto(address)
    check(page, tmp_path, "first")
    page.get_by_role("link", name="先看审核材料").click()
    box = page.locator("textarea[name^='draft-']").first
    box.fill("跨年结算")
    # Saved by itself, two seconds after the last key.
    expect(page.get_by_text("已自动保存")).to_be_visible()
    with bureau.installation.begin() as work:
        sessions.end_session(work, opened)
    page.reload()
    expect(page).to_have_url(f"{address}/sign-in?back=%2Freview%2F{bureau.period.id}")
    come_in(bureau, page.context, address, REVIEWERS["finance"])
    page.goto(f"{address}/review/{bureau.period.id}")
    expect(page.locator("textarea[name^='draft-']").first).to_have_value("跨年结算")
    expect(page.get_by_label("答复时把这一段复制到")).to_have_value("1：跨年结算")
    check(page, tmp_path, "review")
    page.goto(f"{address}/account")
    keeps_a_form_while_nobody_is_signed_in(page, bureau, address)
    check(page, tmp_path, "account")
    page.get_by_role("button", name="生成日历地址").click()
    expect(page.get_by_label("复制这个地址")).to_have_value(re.compile(r"/calendar/.+\.ics$"))
    check(page, tmp_path, "calendar")
