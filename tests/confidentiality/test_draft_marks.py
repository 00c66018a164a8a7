"""Protects that nothing goes out that was meant to be looked at again: words, signs, highlights that say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from disclosure.catalog import load_catalog
from disclosure.collection.narrative.reader import read_narrative
from disclosure.collection.workbook.ooxml.cells import Complaint, read_text
from disclosure.confidentiality.draft_marks import draft_fault, draft_marks, rules

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[1] / "data" / "faults"


@pytest.mark.parametrize("words", [words for mark in rules()["marks"] for words in mark["examples"]])
def test_every_example_is_a_mark_of_a_draft(words: str) -> None:
    assert draft_marks(words)
    assert "请核实" in draft_fault(words)


@pytest.mark.parametrize("words", [words for mark in rules()["marks"] for words in mark["fine"]])
def test_words_that_are_done_are_no_marks(words: str) -> None:
    assert draft_marks(words) == []


def test_a_document_with_a_highlight_is_refused() -> None:
    reading = read_narrative((DATA / "docx-highlight-draft.docx").read_bytes(), "文稿.docx", load_catalog("chuxiong"))
    assert any("荧光笔" in problem.sentence for problem in reading.problems)
    assert reading.sections == {}


def test_brackets_of_two_paragraphs_are_no_pair() -> None:
    assert draft_marks("甲（待遇\n乙）") == []
    assert draft_marks("（\n）") == []


@pytest.mark.parametrize("words", ["单位XX%，个人8%", "待核实", "单位16%，个人？？%"])
def test_a_cell_of_text_is_held_to_the_same(words: str) -> None:
    complaint = read_text(words)
    assert isinstance(complaint, Complaint)
    assert "没有定稿的记号" in complaint.found


def test_a_long_row_of_digits_holds_nobody_up() -> None:
    assert draft_marks("1" * 200_000) == []
    assert draft_marks("1" * 50 + "？万人") == ["1" * 50 + "？"]
