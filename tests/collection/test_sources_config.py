"""Protects ``sources.yaml``: every mistake names its line, and no secret can be written there or is ever shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from disclosure.catalog import load_catalog
from disclosure.collection import sources
from disclosure.collection.sources import Source, kinds, load_sources, offices_with_inboxes
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secret, from_environment

pytestmark = pytest.mark.unit

SQL = """sources:
  ledger:
    centre: medical_centre
    kind: sql
    url: postgresql://reader@10.1.2.3/ybzx
    secrets: {password: {env: YB_PASSWORD}}
    query: SELECT region, indicator, unit, value FROM v WHERE year = :year AND months <= :months ORDER BY 1, 2
    filler: 李填
    checker: 王核
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], tuple[Source, ...]]:
    """The sources of a copy of 高港区's profile with this ``sources.yaml``."""
    folder = tmp_path / "profile"
    shutil.copytree(load_catalog("gaogang-2016").folder, folder)
    catalog = replace(load_catalog("gaogang-2016"), layers=(folder,))

    def load(text: str) -> tuple[Source, ...]:
        (folder / "sources.yaml").write_text(text, encoding="utf-8")
        return load_sources(catalog)

    return load


def test_a_new_kind_is_one_file() -> None:
    assert set(kinds()) >= {"csv", "inbox", "sql"}
    files = {file.stem for file in Path(sources.__file__).parent.glob("*.py")} - {"__init__", "base", "store"}
    assert sorted(kind.__module__.rpartition(".")[2] for kind in kinds().values()) == sorted(files)


@pytest.mark.parametrize("profile", ["chuxiong", "gaogang-2016", "kunming-2017"])
def test_every_office_that_hands_in_has_a_local_inbox_in_each_shipped_profile(profile: str) -> None:
    catalog = load_catalog(profile)
    found = load_sources(catalog)
    assert [(s.kind, s.centre) for s in found] == [("inbox", office.id) for office in offices_with_inboxes(catalog)]
    assert [s.where for s in found] == [f"收件夹 inbox/{office.id}" for office in offices_with_inboxes(catalog)]


def test_what_is_written_is_loaded(load: Callable[[str], tuple[Source, ...]]) -> None:
    ledger, *inboxes = load(SQL)
    assert (ledger.id, ledger.centre, ledger.where) == ("ledger", "medical_centre", "数据库 10.1.2.3/ybzx")
    assert {source.centre for source in inboxes} == {"medical_centre", "social_insurance_centre"}
    theirs = "sources:\n  theirs: {kind: inbox, centre: medical_centre, url: '{home}/in'}\n"
    assert [source.id for source in load(theirs)] == ["theirs", "inbox.social_insurance_centre"]
    asleep = SQL.replace("kind: sql", "kind: sql\n    active: false")
    assert [source.kind for source in load(asleep)] == ["inbox", "inbox"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("secrets: {password: {env: YB_PASSWORD}}", "secrets: {password: g3heim}"),
        ("secrets: {password: {env: YB_PASSWORD}}", "secrets: g3heim"),
        ("secrets: {password: {env: YB_PASSWORD}}", "password: g3heim"),
        ("secrets: {password: {env: YB_PASSWORD}}", "options: {passwd: g3heim}"),
        ("reader@", "reader:g3heim@"),
        ("/ybzx", "/ybzx?password=g3heim"),
        ("/ybzx", "/ybzx?sslkey=x&sslpassword=g3heim"),
    ],
)
def test_a_secret_written_out_is_refused_and_not_shown(
    load: Callable[[str], tuple[Source, ...]], old: str, new: str
) -> None:
    assert old in SQL
    with pytest.raises(DisclosureError) as refused:
        load(SQL.replace(old, new))
    told = str(refused.value)
    assert "口令不能写在配置文件里" in told
    assert "sources.yaml 第 2 行：来源“ledger”的" in told
    assert "g3heim" not in told


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("kind: sql", "kind: pigeon", 2, f"kind 应为 {'、'.join(sorted(kinds()))} 之一"),
        ("medical_centre", "leader", 3, "centre 应为 social_insurance_centre、medical_centre 之一"),
        ("postgresql://reader@10.1.2.3/ybzx", "oracle://x@y/z", 5, "应为 postgresql://用户@主机/库名"),
        ("postgresql://reader@10.1.2.3/ybzx", "somewhere", 5, "应为 postgresql://用户@主机/库名"),
        ("env: YB_PASSWORD", "env: DISCLOSURE_X", 6, "不以 DISCLOSURE_、PREFECT_ 开头"),
        ("env: YB_PASSWORD", "env: 'a b'", 6, "环境变量名只用字母、数字和下划线"),
        ("env: YB_PASSWORD", "env: A, block: b", 6, "应写且只写一个"),
        ("env: YB_PASSWORD", "block: Big_Block", 6, "Secret 块名只用小写字母"),
        ("SELECT region", "DELETE region", 7, "应为一条以 SELECT 或 WITH 开头的查询语句"),
        ("ORDER BY 1, 2", "ORDER BY 1; DROP TABLE v", 7, "应为一条以 SELECT 或 WITH 开头的查询语句"),
        (" ORDER BY 1, 2", "", 7, "查询语句要有 ORDER BY"),
        (":months", ":month", 7, "参数 :month 不认识，可用 :period、:kind、:year、:months"),
        ("    filler: 李填\n", "", 2, "filler 缺少这一项"),
        ("filler: 李填", "filer: 李填", 8, "不认识这一项，请检查拼写。"),
        ("checker: 王核", "checker: 王核\n    max_rows: 0", 10, "max_rows"),
        ("sources:\n", "source: {}\nsources:\n", 1, "不认识的“source”"),
    ],
)
def test_a_mistake_names_its_line(
    load: Callable[[str], tuple[Source, ...]], old: str, new: str, line: int, sentence: str
) -> None:
    assert old in SQL
    with pytest.raises(DisclosureError) as refused:
        load(SQL.replace(old, new))
    told = [said for said in str(refused.value).splitlines() if sentence in said]
    assert len(told) == 1, refused.value
    assert f"sources.yaml 第 {line} 行" in told[0]
    assert "Value error" not in told[0]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{kind: csv, centre: medical_centre, url: /x/all.csv, filler: 李, checker: 王}", "url 要用 {period}"),
        ("{kind: csv, centre: medical_centre, url: '/x/{month}.csv', filler: 李, checker: 王}", "不认识 {month}"),
        ("{kind: csv, centre: medical_centre, url: '/x/{period}.csv', filler: 李, checker: 李}", "两个人的姓名"),
        ("{kind: csv, centre: medical_centre, url: '/x/{period}.csv', filler: '123', checker: 李}", "两个人的姓名"),
        (
            "{kind: csv, centre: social_insurance_section, url: '/x/{period}.csv', filler: 李, checker: 王}",
            "centre 应为",
        ),
        ("{kind: inbox, centre: medical_centre, url: '/x/{year}'}", "不认识 {year}，可用 {home}"),
        ("[]", "应为“键: 值”的映射"),
    ],
)
def test_a_source_that_cannot_be_is_refused_in_words(
    load: Callable[[str], tuple[Source, ...]], source: str, sentence: str
) -> None:
    with pytest.raises(DisclosureError) as refused:
        load(f"sources:\n  theirs: {source}\n")
    assert sentence in str(refused.value)


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DisclosureError, match="环境变量 YB_PASSWORD 没有设置"):
        from_environment(Secret(env="YB_PASSWORD"))
    monkeypatch.setenv("YB_PASSWORD", "g3heim")
    assert from_environment(Secret(env="YB_PASSWORD")) == "g3heim"
    with pytest.raises(DisclosureError, match="Secret 块“yb”"):
        from_environment(Secret(block="yb"))
