"""Protects the form people really use: Resume in Prefect's own UI, in Chinese, with nothing fetched from outside."""

from __future__ import annotations

import pytest
from office import Office
from playwright.sync_api import Page, expect
from prefect_ui import field, open_form, submit

pytestmark = pytest.mark.browser


def test_a_reviewer_is_refused_then_decides_and_the_leader_publishes(office: Office, prefect_page: Page) -> None:
    page = prefect_page
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()

    open_form(page, case)
    for label in ("审核环节", "结论", "姓名", "一次性口令", "意见", "退回给"):
        expect(field(page, label)).to_be_visible()
    expect(page.get_by_text("2016年度 · 第 1 轮审核")).to_be_visible()
    expect(page.get_by_text("打开数据质量报告")).to_be_visible()
    reviewer = office.reviewer("policy")
    submit(page, "政策审核", reviewer, code=reviewer.wrong_code())

    case.next_form()
    open_form(page, case)
    expect(page.get_by_text("上一次的答复没有被接受：口令不对或已过期")).to_be_visible()
    assert case.decisions() == []
    submit(page, "政策审核", reviewer)

    assert case.next_form().gates == ["数据审核", "保密性审核"]
    assert case.decisions() == [(1, "policy", "approved")]
    case.answer("finance")
    case.next_form()
    case.answer("confidentiality")
    case.next_form()

    open_form(page, case)
    submit(page, "局领导审核", office.reviewer("leader"))
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=30_000)
    assert case.finish() == "Completed"
    case.assert_published_once()

    # What was signed opens from the run: the preview link leads to the page the public now reads.
    page.goto(f"{office.settings.desk_url}/site/releases/{case.period.id}/index.html")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2016年度")
