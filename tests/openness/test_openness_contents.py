"""What ships in the elements: guides of nine sections that cite only the catalogue's laws and invent nothing, computed
examples, statistics of known indicators; mistakes in the YAML or a guide are told with file and line.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from disclosure.catalog import load_catalog
from disclosure.catalog.models.openness import Calculation
from disclosure.openness.guides import SECTIONS, load_guides, markdown_html, parse_guide
from disclosure.platform.errors import DisclosureError

pytestmark = pytest.mark.unit

CHUXIONG = load_catalog("chuxiong")
ITEMS = CHUXIONG.openness_items
GUIDES = load_guides(CHUXIONG)

#: What a draft must never make up: telephone numbers, house numbers, addresses.
INVENTED = re.compile(r"\d{5,}|\d{3,4}-\d|\d+\s*号|https?:|www\.|@")


def test_every_item_has_a_service_guide_and_every_guide_an_item() -> None:
    assert all(item.elements["guide"].kind == "guide" for item in ITEMS.values())
    assert set(GUIDES) == set(ITEMS)


def test_a_guide_has_the_nine_sections_and_is_about_its_item() -> None:
    assert len(SECTIONS) == 9
    assert [number for number, guide in GUIDES.items() if tuple(guide.sections) != SECTIONS] == []
    told = {number: (guide.title, guide.sections["事项名称"]) for number, guide in GUIDES.items()}
    assert told == {number: (f"{item.name}服务指南", item.name) for number, item in ITEMS.items()}


def test_a_guide_cites_the_laws_of_its_item_and_no_other() -> None:
    for number, guide in GUIDES.items():
        assert re.findall(r"《(.*?)》", guide.sections["办理依据"]) == list(ITEMS[number].basis), number
        cited = {law for words in guide.sections.values() for law in re.findall(r"《(.*?)》", words)}
        assert cited == set(ITEMS[number].basis), number


def test_a_draft_is_marked_a_sample_and_leaves_to_the_office_what_only_it_knows() -> None:
    for number, guide in GUIDES.items():
        office = CHUXIONG.offices[ITEMS[number].owner].name
        assert guide.sample.startswith("示例："), number
        assert "不是办事依据" in guide.sample, number
        assert f"由{office}填写" in guide.sections["联系电话"], number
        assert f"由{office}填写" in guide.sections["办理地点"], number
        assert all(blank.startswith((f"由{office}", "由各县（市）经办机构")) for blank in guide.blanks), number
        assert [words for words in guide.sections.values() if INVENTED.search(words)] == [], number


def test_the_statistics_of_items_35_to_40_are_indicators_of_their_items() -> None:
    shown = {
        number: [i for element in item.elements.values() for i in element.indicators]
        for number, item in ITEMS.items()
        if any(element.indicators for element in item.elements.values())
    }
    assert list(shown) == ["35", "36", "37", "38", "39", "40"]
    for number, indicators in shown.items():
        assert {CHUXIONG.indicators[i].source for i in indicators} == {f"政务公开标准目录第{number}项"}
    every = [i.id for i in CHUXIONG.indicators.values() if i.source.startswith("政务公开标准目录")]
    assert sorted(indicator for indicators in shown.values() for indicator in indicators) == sorted(every)


def test_the_examples_of_the_calculation_methods_are_computed() -> None:
    project = CHUXIONG.openness_contents["04"]["calculation"]
    monthly = CHUXIONG.openness_contents["18"]["calculation"]
    assert isinstance(project, Calculation)
    assert isinstance(monthly, Calculation)
    assert project.results == {"due": Decimal("18518.52")}  # 12,345,678 × 0.0015 = 18,518.517
    base = Decimal("5432.10")
    fen = Decimal("0.01")
    # 869.136, 38.0247 and 10.8642; 434.568 and 16.2963
    employer = [(base * rate).quantize(fen) for rate in map(Decimal, ("0.16", "0.007", "0.002"))]
    employee = [(base * rate).quantize(fen) for rate in map(Decimal, ("0.08", "0.003"))]
    assert monthly.results["by_employer"] == sum(employer) == Decimal("918.02")
    assert monthly.results["by_employee"] == sum(employee) == Decimal("450.87")


def test_halves_are_rounded_up_as_money_is() -> None:
    written = {
        "method": "甲乘乙",
        "quantities": {
            "a": {"name": "甲", "value": "0.5", "unit": "元"},
            "b": {"name": "乙", "value": "5", "unit": "%"},
        },
        "steps": {"c": {"name": "积", "unit": "元", "decimals": 2, "product_of": ["a", "b"]}},
    }
    assert Calculation.model_validate(written).results["c"] == Decimal("0.03")


def test_contents_say_what_is_left_to_fill_in() -> None:
    rates = CHUXIONG.openness_contents["01"]["rates"]
    assert rates.blanks == ("由州社保中心填写现行比例、执行日期与文件", "由州就业中心填写现行费率与执行日期")
    assert CHUXIONG.openness_contents["05"]["cases"].blanks == ("由州社保中心填写",)
    assert CHUXIONG.openness_contents["18"]["calculation"].blanks == ()


def test_only_what_is_nobodys_sample_could_be_public() -> None:
    assert all(content.sample for contents in CHUXIONG.openness_contents.values() for content in contents.values())


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def profile(tmp_path: Path) -> Callable[..., str]:
    """``profile(file, text)`` writes a file over a copy of 楚雄's profile and returns what loading says."""
    folder = tmp_path / "profile"
    shutil.copytree(CHUXIONG.folder, folder)

    def complaint(name: str, text: str) -> str:
        (folder / name).write_text(text, encoding="utf-8")
        with pytest.raises(DisclosureError) as refused:
            load_guides(load_catalog(folder))
        return str(refused.value).replace(str(folder) + "/", "")

    return complaint


ITEM = 'openness_items:\n  "07":\n    %s\n'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("owner: nobody", "科室“nobody”不存在"),
        ("matter: nothing", "一级事项“nothing”不存在"),
        ("matter: cards", "排在第 08 项之前，与一级事项的顺序不符"),
        ("channels: []", "至少要有一项"),
        ("levels: [village]", "应为 'county' or 'township'"),
        ("workdays: 15", "time_limit 的文字与 workdays（15）不一致"),
        ("time_limit: 尽快公开", "time_limit 的文字与 workdays（20）不一致"),
        ("baisis: [社会保险法]", "baisis 不认识这一项"),
        ("elements: {extra: {name: 补充, kind: picture}}", "picture"),
        ("elements: {extra: {name: 补充, kind: statistic}}", "kind 为 statistic 的要素要写 indicators"),
        (
            "elements: {extra: {name: 补充, kind: statistic, indicators: [work_injury.none]}}",
            "指标“work_injury.none”不存在",
        ),
        ('inherited: {basis: "03", channels: "02"}', "channels 不能从第 02 项承继"),
    ],
)
def test_a_wrong_item_is_told_with_file_and_line(profile: Callable[..., str], line: str, told: str) -> None:
    said = profile("openness.yaml", ITEM % line)
    # The limit's words and its number may stand in two files: that mistake points to the item.
    where = r"\d+" if "time_limit" in told else "3"
    assert re.search(rf"openness\.yaml 第 {where} 行：", said), said
    assert told in said


def test_an_item_out_of_the_numbering_is_told(profile: Callable[..., str]) -> None:
    said = profile("openness.yaml", 'openness_items:\n  "07": null\n')
    assert "第 08 项的序号应为 07" in said


CONTENT = 'openness_contents:\n  "%s":\n    %s\n'


@pytest.mark.parametrize(
    ("number", "line", "told"),
    [
        ("51", "guide: {to_fill: 由甲填写}", "没有第 51 项"),
        ("07", "extra: {to_fill: 由甲填写}", "第 07 项没有可以填写的要素“extra”"),
        ("35", "treatment_amount: {to_fill: 由甲填写}", "第 35 项没有可以填写的要素“treatment_amount”"),
        ("05", 'cases: {text: ""}', "内容与 to_fill 应当正好写一样"),
        ("13", "minimum_base: {rows: [{name: 基数, unit: 元/月, value: 4000}]}", "要么写 value 和 effective"),
        ("13", "minimum_base: {rows: [{name: 基数, unit: 元/月, value: 四千}]}", "应为数字"),
        ("48", "places: {rows: [{name: 网点}]}", "address 缺少这一项"),
        (
            "04",
            "calculation: {method: 乘, steps: {x: {name: 积, unit: 元, decimals: 2, product_of: [a, b]}}}",
            "用到了前面没有的量：a、b",
        ),
    ],
)
def test_a_wrong_content_is_told_with_file_and_line(
    profile: Callable[..., str], number: str, line: str, told: str
) -> None:
    said = profile("openness/contents.yaml", CONTENT % (number, line))
    assert re.search(r"openness/contents\.yaml 第 [23] 行：", said), said
    assert told in said


def test_a_form_can_be_added_to_an_item_by_a_profile(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    shutil.copytree(CHUXIONG.folder, folder)
    added = ITEM % "elements: {form: {name: 参保登记表, kind: forms}}"
    content = CONTENT % ("07", "form: {rows: [{name: 参保登记表, copies: 原件一份, file: 参保登记表.docx}]}")
    (folder / "openness.yaml").write_text(added + content, encoding="utf-8")
    catalog = load_catalog(folder)
    assert list(catalog.openness_items["07"].elements) == ["guide", "form"]
    assert catalog.openness_contents["07"]["form"].blanks == ()


GOOD = "# 甲服务指南\n\n" + "".join(f"## {name}\n\n内容\n\n" for name in SECTIONS)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("# 甲服务指南\n", "", "第 1 行：应以一个“# 标题”开头"),
        ("## 收费标准\n\n内容\n", "", "缺少“收费标准”一节"),
        ("## 收费标准", "## 收费", "服务指南没有“收费”一节"),
        ("## 办理依据\n\n内容", "## 办理依据\n", "第 7 行：“办理依据”一节是空的"),
        ("## 收费标准", "## 办理依据", "“办理依据”写了两次"),
        ("## 收费标准\n\n内容\n", "## 收费标准\n", "“收费标准”一节是空的"),
    ],
)
def test_a_guide_that_is_not_whole_is_told_with_its_line(old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(DisclosureError) as refused:
        parse_guide(GOOD.replace(old, new, 1), "07-x.md")
    assert told in str(refused.value)
    assert "07-x.md" in str(refused.value)


def test_sections_out_of_order_are_told() -> None:
    swapped = GOOD.replace("收费标准", "〇").replace("联系电话", "收费标准").replace("〇", "联系电话")
    with pytest.raises(DisclosureError, match="各节的顺序应为"):
        parse_guide(swapped, "07-x.md")


def test_a_heading_inside_a_listing_is_no_section() -> None:
    guide = parse_guide(GOOD.replace("## 办理流程\n\n内容", "## 办理流程\n\n    ## 不是一节\n"), "07-x.md")
    assert "不是一节" in guide.sections["办理流程"]
    assert guide.sample == ""


@pytest.mark.parametrize("name", ["51-x.md", "guide.md"])
def test_a_guide_of_no_item_is_told(profile: Callable[..., str], name: str) -> None:
    assert f"openness/{name}：文件名应以目录中的两位序号" in profile(f"openness/{name}", GOOD)


def test_a_second_guide_of_an_item_is_told(profile: Callable[..., str]) -> None:
    assert "第 07 项已经有一份服务指南" in profile("openness/07-zzz.md", GOOD)


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[点这里](javascript:alert(1))",
        "[x](http://example.com)",
        "![x](http://example.com/x.png)",
        "<http://example.com>",
        "[x][y]\n\n[y]: javascript:alert(1)",
        "〔由<b onclick=alert(1)>填写〕",
        "|<b>a</b>|\n|-|\n|<i>|",
        "`<script>`",
        '```js"onload=x\n<script>\n```',
        "&lt;script&gt; &#60;script&#62;",
    ],
)
def test_markdown_can_carry_no_markup_of_its_own(attack: str) -> None:
    seen: list[tuple[str, str]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, " ".join(name for name, _ in attrs)))

    Reader().feed(str(markdown_html(attack)))
    harmless = {"p", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "mark", "em"}
    assert seen
    assert {tag for tag, _ in seen} <= harmless
    assert {attributes for _, attributes in seen} <= {"", "class"}
