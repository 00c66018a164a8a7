"""An office at its openness items, and those who look after cycles and people, in a real browser: phone and desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from disclosure.access import sessions
from disclosure.openness.guides import SECTIONS
from disclosure.records.tables import OpennessChange
from disclosure.review.personal.holding import search_and_hold
from tests.browser.test_workspace_pages import check, come_in
from tests.support.bureau import Bureau, bureau_at
from tests.support.openness_staff import KEEPERS
from tests.support.visitors import code_of, open_door

pytestmark = [pytest.mark.browser, pytest.mark.full]

KEEPER, COLLEAGUE = KEEPERS["social_insurance_centre"], "马社保"
OPERATOR, SUPERVISOR, COMPILER, REVIEWER = "运维一号", "刘督办", "周宣传", "孙保密"


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """楚雄州, with two people of the office that keeps most items."""
    home = tmp_path_factory.mktemp("bureau")
    chosen = {"profile": "chuxiong", "period": "2025-special-工伤", "only": ("work_injury.*",)}
    made = bureau_at(home, f"sqlite:///{home / 'records.db'}", **chosen)  # type: ignore[arg-type]
    made.enrol_all({KEEPER: "social_insurance_centre", COLLEAGUE: "social_insurance_centre"})
    yield made
    made.installation.records.engine.dispose()


@pytest.fixture(scope="module")
def address(bureau: Bureau) -> Iterator[str]:
    with open_door(bureau.installation.settings) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def managed(tmp_path: Path) -> Iterator[tuple[Bureau, str]]:
    """高港区 with a cycle that is late, a supervisor and an operator; the door's address."""
    made = bureau_at(tmp_path, f"sqlite:///{tmp_path / 'records.db'}")
    made.enrol(OPERATOR, "general_office", "operator")
    made.enrol(SUPERVISOR, "general_office", "supervisor")
    with open_door(made.installation.settings) as address:
        yield made, address
    made.installation.records.engine.dispose()


def test_an_office_changes_a_guide(page: Page, bureau: Bureau, address: str, tmp_path: Path) -> None:
    opened = come_in(bureau, page.context, address, KEEPER)
    page.goto(address)
    page.get_by_role("link", name="公开事项").click()
    check(page, tmp_path, "openness")
    # What only readers of the page hear stands apart from the link's own text.
    page.get_by_role("link", name="服务指南 ：第 1 项", exact=True).first.click()
    expect(page.get_by_label("联系电话")).to_have_value(re.compile("由州社保中心填写"))
    for head in SECTIONS:
        page.get_by_label(head).fill(f"{head}：照办")
    page.get_by_label("联系电话").fill("咨询：0878-0000000")
    # Saved by itself, two seconds after the last key; a session that ends loses nothing.
    expect(page.get_by_text("已自动保存")).to_be_visible()
    with bureau.installation.begin() as work:
        sessions.end_session(work, opened)
    page.reload()
    expect(page).to_have_url(f"{address}/sign-in?back=%2Fopenness%2F01%2Fguide")
    come_in(bureau, page.context, address, KEEPER)
    page.goto(f"{address}/openness/01/guide")
    expect(page.get_by_label("联系电话")).to_have_value("咨询：0878-0000000")
    page.get_by_label("变更内容").fill("首次公开")
    check(page, tmp_path, "form")
    with page.context.expect_page() as preview:
        page.get_by_role("button", name="预览公开的页面").click()
    expect(preview.value.get_by_text("0878-0000000").first).to_be_visible()
    expect(preview.value.get_by_role("heading", level=1)).to_be_visible()
    preview.value.close()
    # By keyboard alone: the code is the last box, its button the next stop.
    page.get_by_label("一次性口令").fill(code_of(bureau, KEEPER))
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="送审", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("第 1 项“服务指南”第 1 版已送审")
    check(page, tmp_path, "handed-in")
    with bureau.installation.read() as work:
        assert work.session.query(OpennessChange).count() == 1


def test_a_colleague_is_told_who_was_quicker(page: Page, bureau: Bureau, address: str, tmp_path: Path) -> None:
    come_in(bureau, page.context, address, COLLEAGUE)
    page.goto(f"{address}/openness/09/changeable")
    page.get_by_label("正文").fill("联系电话、地址。")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("status").first).to_contain_text("草稿已保存")
    other = page.context.browser
    assert other is not None
    context = other.new_context(locale="zh-CN")
    come_in(bureau, context, address, KEEPER)
    theirs = context.new_page()
    theirs.goto(f"{address}/openness/09/changeable")
    expect(theirs.get_by_text(f"{COLLEAGUE}也在写这一项")).to_be_visible()
    context.close()
    check(page, tmp_path, "text")
    page.goto(f"{address}/openness/01/rates")
    expect(page.get_by_role("group", name="标准第 2 行").get_by_label("数值")).to_be_visible()
    check(page, tmp_path, "rates")


def test_who_looks_after_cycles_and_people(page: Page, managed: tuple[Bureau, str], tmp_path: Path) -> None:
    bureau, address = managed
    come_in(bureau, page.context, address, SUPERVISOR)
    page.goto(f"{address}/manage")
    check(page, tmp_path, "manage")
    page.get_by_role("link", name="改期").first.click()
    check(page, tmp_path, "deadline")
    page.context.clear_cookies()
    come_in(bureau, page.context, address, OPERATOR)
    page.goto(f"{address}/channels?look=1")
    check(page, tmp_path, "channels")
    page.goto(f"{address}/people")
    check(page, tmp_path, "people")
    page.get_by_label("姓名").fill("新来的")
    page.get_by_label("科室", exact=True).select_option("policy_section")
    page.get_by_label("一次性口令").fill(code_of(bureau, OPERATOR))
    page.get_by_role("button", name="登记并发邀请").click()
    link = page.get_by_label("复制这个地址").input_value()
    check(page, tmp_path, "invited")
    page.goto(f"{address}/people/1")
    check(page, tmp_path, "person")
    page.context.clear_cookies()
    page.goto(address + link[link.index("/invitation/") :])
    expect(page.get_by_role("img", name="验证器要扫的二维码")).to_be_visible()
    check(page, tmp_path, "invitation")


def test_who_opens_a_special_cycle_is_told_what_is_missing(
    page: Page, bureau: Bureau, address: str, tmp_path: Path
) -> None:
    bureau.enrol(COMPILER, "publicity_section")
    come_in(bureau, page.context, address, COMPILER)
    page.goto(f"{address}/manage")
    page.get_by_role("link", name="开启专项").click()
    check(page, tmp_path, "open_special")
    page.get_by_label("专项名称").fill("工伤预防")
    page.get_by_label("工伤保险").check()
    page.get_by_label("发布", exact=True).fill("2020-01-02")
    page.get_by_label("为什么开").fill("省厅要求公布工伤预防情况。")
    page.get_by_label("一次性口令").fill("000000")
    page.get_by_role("button", name="开启").click()
    # The day is told before a code is looked at, and nothing that was typed is lost.
    expect(page.get_by_text("已经过去，请另选日期")).to_be_visible()
    expect(page.get_by_label("工伤保险")).to_be_checked()
    check(page, tmp_path, "open_special_refused")


def test_a_datum_that_is_no_secret_is_accepted_by_name(page: Page, managed: tuple[Bureau, str], tmp_path: Path) -> None:
    bureau, address = managed
    with bureau.installation.begin() as work:
        search_and_hold(work, ["请拨13812345678。"], door="reason", place="理由或意见", by=COMPILER)
    come_in(bureau, page.context, address, REVIEWER)
    page.goto(address)
    page.get_by_role("main").get_by_role("link", name="个人信息").click()
    check(page, tmp_path, "personal")
    expect(page.get_by_text("138****5678").first).to_be_visible()
    page.get_by_label("为什么可以公开").fill("这是单位公布的值班电话。")
    page.get_by_label("你的一次性口令").fill(code_of(bureau, REVIEWER))
    page.get_by_role("button", name="同意公开").click()
    expect(page.get_by_role("status")).to_contain_text("已同意公开，记入台账")
    expect(page.get_by_role("button", name="收回同意")).to_be_visible()
    check(page, tmp_path, "personal-accepted")
