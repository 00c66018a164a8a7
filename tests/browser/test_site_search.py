"""Protects the site's search: the fifty questions people most likely type, each with the right page first."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

pytestmark = [pytest.mark.browser, pytest.mark.full]

RELEASE = "releases/2025-annual/"
MEDICAL, PENSION, RESIDENT = "insurances/employee_medical", "insurances/employee_pension", "insurances/resident_pension"

QUESTIONS = [
    ("社保", RELEASE),
    ("社会保险", RELEASE),
    ("五险", RELEASE),
    ("2025年度", RELEASE),
    ("2025年度披露", RELEASE),
    ("2024", "insurances/"),
    ("2024年 失业保险", "insurances/unemployment"),
    ("医保", MEDICAL),
    ("医疗保险", MEDICAL),
    ("职工医保", MEDICAL),
    ("居民医保", "insurances/resident_medical"),
    ("新农合", "insurances/resident_medical"),
    ("养老保险", PENSION),
    ("企业养老", PENSION),
    ("机关养老", "insurances/institution_pension"),
    ("居民养老", RESIDENT),
    ("新农保", RESIDENT),
    ("失业", "insurances/unemployment"),
    ("失业保险", "insurances/unemployment"),
    ("工伤", "insurances/work_injury"),
    ("生育", "insurances/maternity"),
    ("生孩子", "insurances/maternity"),
    ("养老金", PENSION),
    ("退休金", PENSION),
    ("养老钱", PENSION),
    ("退休人数", PENSION),
    ("失业金", "insurances/unemployment"),
    ("基金结余", PENSION),
    ("医保 基金收入", MEDICAL),
    ("失业 基金收入", "insurances/unemployment"),
    ("工伤参保人数", "insurances/work_injury"),
    ("楚雄市", "counties/532301"),
    ("禄丰", "counties/532302"),
    ("楚雄市 失业", "counties/532301"),
    ("双柏县 居民养老 参保", "counties/532322"),
    ("双柏 医保", "counties/532322"),
    ("永仁县 工伤", "counties/532327"),
    ("缴费比例", "openness/01"),
    ("办社保卡", "openness/48"),
    ("社保卡", "openness/48"),
    ("社保卡丢了", "openness/49"),
    ("补卡", "openness/49"),
    ("社保卡密码", "openness/50"),
    ("参保证明", "openness/19"),
    ("缴费记录", "openness/20"),
    ("补缴", "openness/15"),
    ("新办企业", "openness/01"),
    ("换单位", "openness/06"),
    ("新公司", "openness/01"),
    ("开办企业", "openness/01"),
    ("新公司 要带什么材料", "openness/01"),
    ("丧葬费", "openness/23"),
    ("稳岗", "openness/46"),
    ("待遇资格认证", "openness/26"),
    ("工伤赔偿", "insurances/work_injury"),
    ("异地就医", "openness/36"),
    ("养老保险 注销", "openness/33"),
    ("下次发布", "schedule"),
    ("下一次什么时候发布", "schedule"),
    ("发布日程", "schedule"),
    ("口径", "glossary"),
]


def test_there_are_fifty_questions() -> None:
    assert len({asked for asked, _ in QUESTIONS}) >= 50


def test_each_question_has_the_right_page_first(watched: Page, address: str) -> None:
    watched.goto(f"{address}/search.html")
    field, first = watched.get_by_role("searchbox"), watched.locator("#results li a").first
    wrong = {}
    for asked, page in QUESTIONS:
        field.fill(asked)
        expect(watched.get_by_role("status")).to_have_text(re.compile("找到|没有"))
        found = (first.get_attribute("href") or "") if first.count() else "nothing"
        if not found.startswith(page):
            wrong[asked] = (found, page)
    assert wrong == {}


def test_what_is_opened_for_a_year_says_so(watched: Page, address: str) -> None:
    """The newest figure stands beside what is found; whoever asked of another year is told where the link leads."""
    watched.set_viewport_size(ViewportSize(width=360, height=740))
    watched.goto(f"{address}/search.html")
    field, first = watched.get_by_role("searchbox"), watched.locator("#results li").first
    field.fill("双柏县 失业金 2024")
    expect(first).to_contain_text("打开2024年度的数；最新：2025年度")
    expect(first.locator("a")).to_have_attribute("href", re.compile(r"/2024-annual$"))
    for asked in ("双柏县 失业金 2025", "双柏县 失业金"):
        field.fill(asked)
        expect(first).to_contain_text("2025年度")
        expect(first).not_to_contain_text("打开")
        expect(first.locator("a")).to_have_attribute("href", re.compile(r"/2025-annual$"))
