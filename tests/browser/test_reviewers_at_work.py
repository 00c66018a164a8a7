"""Protects a review as people do it in Prefect's own UI: Chinese forms, any order, refusals, a return, a signature.

Nothing is fetched from outside meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.support.office import Office
from tests.support.prefect_ui import english_words, field, open_form, submit
from tests.support.signed_in import sign_browser_in

pytestmark = pytest.mark.browser

NOT_THEMSELVES = "请填自己的姓名，或退出后由本人登录办理"
WORDS = "职工医疗缴费人数与缴费申报差 1 人，请核对后重报。"


def test_three_reviewers_in_an_unusual_order_a_second_round_and_the_leader(office: Office, prefect_page: Page) -> None:
    page = prefect_page
    case = office.new_cycle()
    # Somebody of the finance section has filled in the figures this time.
    drafter = office.newcomer("finance_section", "吴代填")
    # One for each round: a code counts once, and nobody here waits for the next.
    first_finance, second_finance = (office.newcomer("finance_section", name) for name in ("钱一", "钱二"))
    reviewer = office.reviewer("policy")
    secrecy = office.reviewer("confidentiality")
    case.hand_in(filler=drafter)
    case.start()
    case.next_form()

    # What hangs on the run: who decided and who is awaited, the changes, the findings.
    sign_browser_in(office, page.context, reviewer)
    page.goto(office.settings.run_url(case.run_id))
    page.get_by_text("材料", exact=True).last.click()
    for title in ("送审摘要", "与上期、上年同期比较", "数据检查发现的问题"):
        expect(page.get_by_text(title).first).to_be_visible()
    page.get_by_role("link", name=f"送审摘要（第 {case.cycle_id} 个周期）").last.click()
    expect(page.get_by_role("cell", name="政策审核")).to_be_visible()
    expect(page.get_by_role("cell", name=reviewer)).to_be_visible()
    expect(page.get_by_role("link", name="打开数据质量报告")).to_be_visible()

    open_form(page, case, secrecy)
    for label in ("审核环节", "结论", "姓名", "一次性口令", "意见", "退回给"):
        expect(field(page, label)).to_be_visible()
    expect(page.get_by_text(f"{case.period.label} · 第 1 轮审核")).to_be_visible()
    submit(page, "保密性审核", secrecy, code=office.code(secrecy))
    assert case.next_form().gates == ["政策审核", "数据审核"]

    open_form(page, case, reviewer)
    submit(page, "政策审核", reviewer, code=office.wrong_code(reviewer), refused="口令不对")
    open_form(page, case, reviewer)
    submit(page, "政策审核", secrecy, code="000000", refused=NOT_THEMSELVES)
    sign_browser_in(office, page.context, drafter)
    page.goto(office.settings.answer_url(case.run_id))
    own = "“吴代填”参与了本轮的填报或汇总，不能审核自己经手的数据"
    expect(page.get_by_text(own).first).to_be_visible()
    expect(field(page, "审核环节")).to_have_count(0)
    assert case.decisions() == [(1, "confidentiality", "approved")]
    open_form(page, case, first_finance)
    submit(
        page,
        "数据审核",
        first_finance,
        code=office.code(first_finance),
        outcome="退回",
        opinion=WORDS,
        returned_to="区医保中心",
    )

    # The centre's workbook comes back; the corrected one opens the second round.
    assert case.next_form().is_about_submissions
    mended = [
        replace(figure, value=Decimal(62050)) if figure.indicator == "employee_medical.contributors" else figure
        for figure in office.figures(case.period, "medical_centre")
    ]
    workbook = office.filled_workbook(case.period, "medical_centre", round_number=2, figures=mended)
    assert "报表已到齐，流程继续。" in office.cli("submit", workbook).stdout
    assert case.next_form().gates == ["政策审核", "数据审核"]

    open_form(page, case, second_finance)
    expect(page.get_by_text("第 2 轮审核")).to_be_visible()
    expect(page.get_by_text("沿用首次审核结论")).to_be_visible()
    submit(page, "数据审核", second_finance, code=office.code(second_finance))
    assert case.next_form().gates == ["政策审核"]
    open_form(page, case, reviewer)
    submit(page, "政策审核", reviewer, code=office.code(reviewer))
    assert case.next_form().gates == ["局领导审核"]

    leader = office.reviewer("leader")
    open_form(page, case, leader)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="预览网页").first.click(modifiers=["Control"])
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text(case.period.label)
    opened.value.close()
    submit(page, "局领导审核", leader, code=office.code(leader))
    assert case.finish() == "Completed"
    case.assert_published_once()
    assert "62050" in case.page().replace(",", "")
    assert [(gate, outcome) for _, gate, outcome in case.decisions()] == [
        ("confidentiality", "approved"),
        ("finance", "returned"),
        ("confidentiality", "approved"),
        ("finance", "approved"),
        ("policy", "approved"),
        ("leader", "approved"),
    ]


def test_what_is_not_theirs_is_not_offered_and_everything_is_chinese(office: Office, prefect_page: Page) -> None:
    page = prefect_page
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()
    reviewer = office.reviewer("policy")
    sign_browser_in(office, page.context, reviewer)
    page.goto(f"{office.settings.server_url}/prefect/")
    expect(page.get_by_text("各次运行").first).to_be_visible()
    assert page.get_by_text("V2").count() == 0
    assert page.get_by_text("Upgrade").count() == 0
    page.goto(office.settings.run_url(case.run_id))
    expect(page.get_by_role("button", name="答复").first).to_be_visible()
    expect(page.get_by_text("等答复").first).to_be_visible()
    for absent in ("Cancel", "取消运行", "Resume"):
        expect(page.get_by_role("button", name=absent)).to_have_count(0)
    for absent in ("部署", "工作池", "自动化"):
        expect(page.get_by_text(absent, exact=True).first).to_be_hidden()
    # Only what waits is behind the bookmark, and no word of English is left on the pages a reviewer opens.
    page.goto(f"{office.settings.server_url}/waiting")
    expect(page.get_by_role("link", name=f"{case.period.label}披露").first).to_be_visible()
    assert english_words(page) == []
    page.goto(office.settings.run_url(case.run_id))
    for tab in ("材料", "详情", "步骤"):
        page.get_by_text(tab, exact=True).last.click()
        page.wait_for_timeout(700)
        assert english_words(page) == [], tab
    # What is left out is told in Chinese beside its box; the form came up by itself, on a phone as well.
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(office.settings.answer_url(case.run_id))
    expect(field(page, "姓名").locator("textarea")).to_have_value(reviewer)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("没有填").first).to_be_visible()
    assert page.get_by_text("required property").count() == 0
    assert case.state() == "Suspended"


def test_whoever_is_not_signed_in_comes_back_to_the_run_afterwards(office: Office, page: Page) -> None:
    page.goto(office.settings.run_url("0193d7a2-5b1c-7000-8000-0123456789ab"))
    assert "/sign-in?back=%2Fprefect%2Fruns%2Fflow-run%2F" in page.url
