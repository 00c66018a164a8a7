"""Protects that every element of a Word text has a fate: it is published, it is layout, or it is refused by name."""

from __future__ import annotations

from itertools import chain

import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from disclosure.catalog import load_catalog
from disclosure.collection.narrative.docx import elements
from disclosure.collection.narrative.reader import read_narrative
from tests.collection.test_narrative_numbering import numbered

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
REFUSED = {tag: kind for kind, tags in elements()["refused"].items() for tag in tags}
SWITCHED = {tag: kind for kind, tags in elements()["switched"].items() for tag in tags}


def told(inner: str) -> list[str]:
    """What is said of a document with this in a run of its text."""
    import io  # noqa: PLC0415 - only here

    import docx  # noqa: PLC0415 - only here

    opened = docx.Document(io.BytesIO(numbered("", ((None, "参保人数稳步增长。"),))))
    paragraph = next(each for each in opened.paragraphs if each.text == "参保人数稳步增长。")
    paragraph._p.append(parse_xml(f"<w:r {nsdecls('w')}>{inner}<w:t>甲</w:t></w:r>"))
    made = io.BytesIO()
    opened.save(made)
    return [problem.sentence for problem in read_narrative(made.getvalue(), "文稿.docx", CATALOG).problems]


def test_no_element_has_two_fates() -> None:
    said = elements()
    tags = [*said["shown"], *said["layout"], *chain(*said["refused"].values()), *chain(*said["switched"].values())]
    assert sorted(tags) == sorted(set(tags))
    assert len(tags) > 270


@pytest.mark.parametrize("kind", sorted(elements()["refused"]))
def test_what_is_refused_is_refused_by_name(kind: str) -> None:
    tag = next(tag for tag in elements()["refused"][kind])
    assert told(f"<w:{tag}/>")[0].startswith(elements()["sentences"][kind])


@pytest.mark.parametrize("tag", sorted(SWITCHED))
def test_what_is_switched_on_is_refused_and_off_is_nothing(tag: str) -> None:
    value = "yellow" if tag == "highlight" else "1"
    assert told(f'<w:rPr><w:{tag} w:val="{value}"/></w:rPr>') == [f"{elements()['sentences'][SWITCHED[tag]]}。"]
    off = "none" if tag == "highlight" else "0"
    assert told(f'<w:rPr><w:{tag} w:val="{off}"/></w:rPr>') == []


def test_an_element_that_nobody_knows_is_refused_by_its_name() -> None:
    (sentence,) = told("<w:unheardOf/>")
    assert "unheardOf" in sentence


def test_letters_in_a_font_of_signs_are_refused() -> None:
    (sentence,) = told('<w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>')
    assert "符号字体" in sentence


def test_properties_of_layout_are_let_be() -> None:
    assert told('<w:rPr><w:b/><w:color w:val="FF0000"/><w:u w:val="single"/><w:em w:val="dot"/></w:rPr>') == []
