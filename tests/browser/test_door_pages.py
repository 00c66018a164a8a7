"""The door in a real browser: invitation, password, signing in, looking, signing out; on a phone, without scripts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from disclosure.access import invitations
from disclosure.review import people
from tests.support.bureau import Bureau, bureau_at
from tests.support.visitors import open_door

pytestmark = [pytest.mark.browser, pytest.mark.full]

COMPILER = "周宣传"
PASSWORD = "four unrelated 词 lantern"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A round that waits for its reviewers, and a compiler who was invited."""
    home = tmp_path_factory.mktemp("bureau")
    made = bureau_at(home, f"sqlite:///{home / 'records.db'}")
    made.enrol(COMPILER, "publicity_section")
    made.hand_in_all()
    made.compile()
    made.audit()
    made.ask("review")
    yield made
    made.installation.records.engine.dispose()


@pytest.fixture(scope="module")
def address(bureau: Bureau) -> Iterator[str]:
    with open_door(bureau.installation.settings) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose browser runs no script of any site; axe is put in from outside."""
    context = browser.new_context(locale="zh-CN", bypass_csp=False)
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def present_code(bureau: Bureau) -> str:
    """The code on the compiler's phone, a fresh one."""
    step = int(time.time()) // people.STEP_SECONDS
    while step in bureau.used_steps.setdefault(COMPILER, set()):
        time.sleep(0.5)
        step = int(time.time()) // people.STEP_SECONDS
    bureau.used_steps[COMPILER].add(step)
    return bureau._code_of(COMPILER, step)


def check(page: Page, pictures: Path, name: str) -> None:
    """Nothing for axe to find, and nothing scrolls sideways, on a phone and on a desk, by day and by night."""
    for width in (360, 1400):
        page.set_viewport_size(ViewportSize(width=width, height=900))
        assert page.evaluate("document.documentElement.scrollWidth") == width, (name, width)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)
            found = Axe().run(page, options=OPTIONS).response["violations"]
            shown = [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found]
            assert (name, scheme, shown) == (name, scheme, [])


@pytest.mark.parametrize("chapter", ["", "/centre", "/operator"])
def test_the_manual_reads_well_before_signing_in(page: Page, address: str, tmp_path: Path, chapter: str) -> None:
    page.goto(f"{address}/manual{chapter}")
    expect(page.get_by_role("article")).to_be_visible()
    check(page, tmp_path, f"manual{chapter.replace('/', '-')}")
    page.get_by_role("link", name="使用手册").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("使用手册")


def test_from_the_invitation_to_signing_out(page: Page, address: str, bureau: Bureau, tmp_path: Path) -> None:
    with bureau.installation.begin() as work:
        token = invitations.invite(work, COMPILER)
    page.goto(f"{address}/invitation/{token}")
    check(page, tmp_path, "invitation")
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再写一遍").fill(PASSWORD + "x")
    page.get_by_label("一次性口令").fill("000000")
    page.get_by_role("button", name="设置并登录").click()
    expect(page.get_by_role("alert")).to_contain_text("两遍写的密码不一样")
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再写一遍").fill(PASSWORD)
    page.get_by_label("一次性口令").fill(present_code(bureau))
    page.get_by_role("button", name="设置并登录").click()
    expect(page.get_by_role("heading", name=f"{COMPILER}，你好")).to_be_visible()
    check(page, tmp_path, "first")
    page.get_by_role("link", name="第 1 轮").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("数据质量报告")
    page.goto(f"{address}/looks")
    expect(page.get_by_role("cell", name="数据质量报告").first).to_be_visible()
    check(page, tmp_path, "looks")
    page.get_by_role("link", name=COMPILER).click()
    check(page, tmp_path, "account")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_text("已退出。")).to_be_visible()
    page.goto(f"{address}/looks")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    check(page, tmp_path, "sign-in")
    page.get_by_label("姓名").fill(COMPILER)
    page.get_by_label("密码").fill("not the password 7")
    page.get_by_label("一次性口令").fill("123456")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("不对")
    check(page, tmp_path, "refused")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("一次性口令").fill(present_code(bureau))
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="查看记录")).to_be_visible()
    assert all(cookie.get("httpOnly") and cookie.get("sameSite") == "Strict" for cookie in page.context.cookies())


def test_everything_works_without_scripts(browser: Browser, address: str, bureau: Bureau) -> None:
    context = browser.new_context(locale="zh-CN", java_script_enabled=False)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"{address}/board")
    page.get_by_label("姓名").fill(COMPILER)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("一次性口令").fill(present_code(bureau))
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="进度", exact=False).first).to_be_visible()
    context.close()
