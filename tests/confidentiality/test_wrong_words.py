"""Protects the words of public text: wrong names and outdated ones are found with the right form, and no others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from disclosure.catalog import load_catalog
from disclosure.catalog.catalog import PROFILES
from disclosure.confidentiality.wrong_words import find_wrong_words, object_to_wrong_words

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")


@pytest.mark.parametrize("wrong", list(CATALOG.wrong_words))
def test_every_word_is_found_and_its_right_form_is_not(wrong: str) -> None:
    word = CATALOG.wrong_words[wrong]
    assert word in [hit.word for hit in find_wrong_words(CATALOG, f"据{wrong}统计")]
    assert not find_wrong_words(CATALOG, f"据{word.right}统计")
    for fine in word.except_:
        assert word not in [hit.word for hit in find_wrong_words(CATALOG, f"由{fine}移交")]


def test_a_hit_tells_its_place_and_what_is_right() -> None:
    (hit,) = find_wrong_words(CATALOG, "2025年末，禄 丰 县参保人数为十二万人，其中职工五万人。")
    assert str(hit) == "“禄丰县”应为“禄丰市”（2021年撤县设市）"
    assert hit.context == "2025年末,禄 丰 县参保人数为十二万"


def test_only_what_blocks_is_objected_to() -> None:
    assert object_to_wrong_words(CATALOG, ["禄丰县", "个人帐户"]) == "“禄丰县”应为“禄丰市”（2021年撤县设市），请改正"
    assert object_to_wrong_words(CATALOG, ["个人帐户", "原禄丰县"]) == ""


def test_another_bureau_has_its_own(tmp_path: Path) -> None:
    assert not find_wrong_words(load_catalog("kunming-2017"), "禄丰县")
    shutil.copytree(PROFILES / "kunming-2017", tmp_path / "own")
    (tmp_path / "own" / "wrong_words.yaml").write_text(
        "wrong_words:\n  昆明县: {right: 昆明市, kind: office, level: blocks, why: 地名}\n  其它: null\n",
        encoding="utf-8",
    )
    catalog = load_catalog(str(tmp_path / "own"))
    assert [hit.word.right for hit in find_wrong_words(catalog, "昆明县和其它")] == ["昆明市"]
