"""Protects the form of the openness catalogue: what is typed becomes what a file would, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest

from disclosure.catalog import Catalog, OpennessItem, load_catalog
from disclosure.catalog.models.openness import CONTENT_OF_KIND, Text
from disclosure.openness.contents import Filled, canonical_content, restore
from disclosure.openness.guides import SECTIONS, load_guides
from disclosure.openness.writing.editing import (
    SPARE_ROWS,
    blanks_of_content,
    fields_of_content,
    make_form,
    read_finished_form,
    read_form,
    tidy_fields,
)
from disclosure.platform.errors import DisclosureError
from tests.support.openness_staff import finished

pytestmark = pytest.mark.unit


@cache
def catalog() -> Catalog:
    return load_catalog("chuxiong")


def _element_of(kind: str) -> tuple[OpennessItem, str]:
    return next(
        (item, name)
        for item in catalog().openness_items.values()
        for name, element in item.elements.items()
        if element.kind == kind
    )


def _typed_in(form_fields: dict[str, str]) -> dict[str, str]:
    """What a browser would send of a form: every line end its own."""
    return tidy_fields({name: value.replace("\n", "\r\n") for name, value in form_fields.items()})


def _contents() -> Iterator[tuple[OpennessItem, str, str]]:
    """Every finished content that the profile has, and one of each kind of table."""
    for number, contents in catalog().openness_contents.items():
        item = catalog().openness_items[number]
        for name, content in contents.items():
            if not content.blanks:
                yield item, name, canonical_content(content.model_copy(update={"sample": False}))
    for kind, row in {
        "forms": {"name": "登记表", "copies": "原件1份", "note": "盖章"},
        "contacts": {"office": "州社保中心", "phone": "0878-0000000"},
        "places": {"name": "城南网点", "address": "某路1号", "hours": "工作日"},
        "website": {"name": "网上大厅", "address": "示例网址"},
        "documents": {"title": "某办法", "number": "某发〔2025〕1号"},
        "rates": {"name": "单位", "value": "16.0", "unit": "%", "effective": "2019-05-01"},
    }.items():
        item, name = _element_of(kind)
        element = item.elements[name]
        content = CONTENT_OF_KIND[element.kind].model_validate({"rows": [row, row], "note": "以窗口为准"})
        yield item, name, canonical_content(content)
    item, name = _element_of("text")
    yield item, name, canonical_content(Text(text="可以变更：\n\n- 名称；\n- 地址。\n"))


def test_every_kind_goes_through_the_form_and_comes_back_the_same() -> None:
    seen = set()
    for item, name, text in _contents():
        element = item.elements[name]
        typed = _typed_in(fields_of_content(element, restore(item, name, text)))
        again = read_finished_form(item, name, typed)
        assert json.loads(again) == json.loads(text), (item.number, name)
        assert read_finished_form(item, name, typed, text) == text
        # Every box that was filled is one that the form shows.
        form = make_form(element, typed, {})
        shown = [*form.fields, *form.last, *(box for table in form.tables for row in table.rows for box in row)]
        assert {box.name: box.value for box in shown if box.value} == typed
        assert all(table.rows[-SPARE_ROWS:] for table in form.tables)
        seen.add(element.kind)
    assert seen == set(CONTENT_OF_KIND)


@pytest.mark.parametrize("number", ["01", "25", "50"])
def test_a_guide_goes_through_the_form_and_comes_back_the_same(number: str) -> None:
    item = catalog().openness_items[number]
    path = next((catalog().folder / "openness").glob(f"{number}-*.md"))
    text = finished(path.read_text(encoding="utf-8"), "0878-0000000")
    element = item.elements["guide"]
    typed = _typed_in(fields_of_content(element, restore(item, "guide", text)))
    assert set(typed) == {"title", *(f"section-{place}" for place in range(len(SECTIONS)))}
    # Laid out otherwise, the same words are the same content.
    assert read_finished_form(item, "guide", typed, text) == text
    again = restore(item, "guide", read_finished_form(item, "guide", typed)).guide
    was = restore(item, "guide", text).guide
    assert again is not None
    assert was is not None
    assert (again.title, again.sections) == (was.title, was.sections)


def test_a_sample_s_blanks_keep_it_from_being_handed_in() -> None:
    item = catalog().openness_items["01"]
    guide = load_guides(catalog())["01"]
    typed = tidy_fields(fields_of_content(item.elements["guide"], Filled(guide=guide)))
    assert read_form(item.elements["guide"], typed).startswith("# ")
    with pytest.raises(DisclosureError, match=r"还有没填的地方：.*咨询电话"):
        read_finished_form(item, "guide", typed)
    rates = catalog().openness_contents["01"]["rates"]
    blanks = blanks_of_content(Filled(content=rates))
    assert "现行比例" in blanks["rows-1-value"]
    typed = tidy_fields(fields_of_content(item.elements["rates"], Filled(content=rates)))
    form = make_form(item.elements["rates"], typed, blanks)
    assert next(box for row in form.tables[0].rows for box in row if box.name == "rows-1-value").hint
    with pytest.raises(DisclosureError, match="第 2 行没有写“数值”"):
        read_finished_form(item, "rates", typed)


def test_mistakes_are_told_all_at_once_by_the_names_that_the_form_shows() -> None:
    item, name = _element_of("rates")
    row = {"rows-0-name": "单位", "rows-0-value": "一十六", "rows-0-unit": "%", "rows-0-effective": "去年"}
    with pytest.raises(DisclosureError) as told:
        read_form(item.elements[name], {**row, "rows-4-name": "个人"})
    assert str(told.value).splitlines() == [
        "“标准”第 5 行没有写“单位”。",
        "“标准”第 5 行没有写“数值”。",
        "“标准”第 5 行没有写“执行日期”。",
    ]
    with pytest.raises(DisclosureError) as told:
        read_form(item.elements[name], row)
    lines = str(told.value).splitlines()
    assert lines[0] == "“标准”第 1 行“数值”应为数字。"
    assert lines[1].startswith("“标准”第 1 行“执行日期”应为")
    assert all(line.isascii() is False and "rows" not in line for line in lines)
    text, element = _element_of("text")
    with pytest.raises(DisclosureError, match="“正文”是空的"):
        read_form(text.elements[element], {})


def test_a_guide_cannot_smuggle_a_section_in() -> None:
    element = catalog().openness_items["01"].elements["guide"]
    typed = {"title": "指南", **{f"section-{place}": "有" for place in range(len(SECTIONS))}}
    assert read_form(element, typed)
    for bad in ("有\n## 收费标准\n\n一百元", "有\n---", "# 大"):
        with pytest.raises(DisclosureError, match="“办理依据”里有一行"):
            read_form(element, {**typed, "section-1": bad})
    with pytest.raises(DisclosureError, match="“办理时限”是空的"):
        read_form(element, {name: value for name, value in typed.items() if name != "section-5"})


def test_a_calculation_is_written_with_names_and_kept_with_ids() -> None:
    item, name = _element_of("calculation")
    element = item.elements[name]
    typed = {
        "method": "基数乘比例",
        "quantities-0-name": "基数",
        "quantities-0-value": "5,432.10",
        "quantities-0-unit": "元",
        "quantities-2-name": "比例",
        "quantities-2-value": "16",
        "quantities-2-unit": "%",
        "steps-0-name": "应缴",
        "steps-0-way": "连乘",
        "steps-0-parts": "基数、比例",
        "steps-0-decimals": "2",
        "steps-0-unit": "元",
    }
    content = restore(item, name, read_finished_form(item, name, typed)).content
    assert {str(value) for value in content.results.values()} == {"869.14"}  # type: ignore[union-attr]
    with pytest.raises(DisclosureError, match="第 1 行用到了前面没有的“基金”"):
        read_form(element, {**typed, "steps-0-parts": "基数、基金"})
    # Boxes of choices in empty rows say nothing.
    assert tidy_fields({**typed, "steps-3-way": "连乘"}) == tidy_fields(typed)
    with pytest.raises(DisclosureError, match="至少要用到两项"):
        read_form(element, {**typed, "steps-0-parts": "基数"})
    with pytest.raises(DisclosureError, match="“小数位数”"):
        read_form(element, {**typed, "steps-0-decimals": "9"})
