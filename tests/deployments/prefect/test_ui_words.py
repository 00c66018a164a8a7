"""Protects how Prefect's pages are said in Chinese: the list fits the Prefect that is installed."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from deployments.door.prefect.replies import give_words

pytestmark = pytest.mark.unit


@cache
def lists() -> dict[str, Any]:
    body = bytes(give_words(Request({"type": "http"})).body).decode()
    assert body.startswith("window.doorWords = ")
    found: dict[str, Any] = json.loads(body.removeprefix("window.doorWords = ").removesuffix(";"))
    return found


@cache
def scripts_of_prefect() -> str:
    spec = importlib.util.find_spec("prefect")
    assert spec is not None
    assert spec.origin is not None
    files = sorted((Path(spec.origin).parent / "server" / "ui" / "assets").glob("*.js"))
    return "".join(file.read_text(encoding="utf-8") for file in files)


def told(text: str) -> str:
    """What the script in the page makes of a text (``templates/door/prefect.js``)."""
    texts = {**lists()["texts"], **lists()["given"], **lists()["own"]}
    if text in texts:
        return str(texts[text])
    for one in lists()["patterns"]:
        found = re.search(one["said"], text)
        if found:

            def fill(place: re.Match[str], found: re.Match[str] = found) -> str:
                words = found[int(place[2])] or ""
                return told(words) if place[1] else words

            return re.sub(r"\$(t?)(\d)", fill, one["told"])
    return text


def test_every_text_of_the_list_is_one_of_the_prefect_that_is_installed() -> None:
    scripts = scripts_of_prefect()
    assert [text for text in lists()["texts"] if text not in scripts] == []


def test_everything_is_said_in_chinese_and_every_place_of_a_pattern_is_filled() -> None:
    texts = {**lists()["texts"], **lists()["given"], **lists()["own"]}
    assert [said for said, words in texts.items() if not re.search("[一-鿿]", words)] == []
    for one in lists()["patterns"]:
        places = {int(place) for place in re.findall(r"\$t?(\d)", one["told"])}
        assert places <= set(range(1, re.compile(one["said"]).groups + 1)), one


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("3 Task runs", "3 个步骤"),
        ("1 Flow run", "1 次运行"),
        ("(5 completed)", "（5 个已办完）"),
        ("Select all 4 flow runs", "选中全部 4 次运行"),
        ("You currently have 0 failed or crashed runs.", "现在有 0 次失败或中断的运行。"),
        ("about 3 hours ago", "3 小时前"),
        ("in 2 days", "2 天后"),
        ("less than a minute ago", "不到 1 分钟前"),
        ("Past week (default)", "过去一周（默认）"),
        ("Past 24 months 4 days", "过去 24 个月4 天"),
        ("At 08:20 every day", "每天 08:20"),
        ("2m 5s", "2 分 5 秒"),
        ("Are you sure you want to delete 2025年度披露?", "真要删除“2025年度披露”吗？"),
        ("Delete Flow Run", "删除运行"),
        ("Flow run completed", "运行已办完"),
        ("Deployment not ready", "部署未就绪"),
        ("Flow Run: 2025年度披露 · 等数据审核", "运行：2025年度披露 · 等数据审核"),
        ("Create Flow Run for Deployment: annual", "由部署发起运行：年度"),
        ("Edit Deployment: annual", "修改部署：年度"),
        ("year (Optional)", "年度（可不填）"),
        ("Property is required", "此项没有填"),
        ("cycle-12-findings", "数据检查发现的问题（第 12 个周期）"),
        ("take-over 接手周期-33c", "接手周期"),
        # What people named stays as it is.
        ("2025年度披露 · 等审核", "2025年度披露 · 等审核"),
        ("chuxiong", "chuxiong"),
        ("flows.cycle.disclosure_cycle", "flows.cycle.disclosure_cycle"),
    ],
)
def test_what_is_put_together_is_said_in_chinese(said: str, words: str) -> None:
    assert told(said) == words
