"""What was published can be read back: every channel gives back every figure, and one wrong digit is found in each.

Figures: the sample figures of 楚雄州; 高港区 2016 and 昆明市 2017 as their governments published them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from disclosure.platform.errors import DisclosureError
from disclosure.rendering import DisclosureDocument
from disclosure.rendering.document.document import Cell
from disclosure.rendering.print.sheet import LARGE, NOTICE, POSTER, Printed
from disclosure.rendering.read_numbers import (
    differences,
    figures_in_article,
    figures_in_csv,
    figures_in_fragment,
    figures_in_page,
    figures_in_pdf,
    figures_in_poster,
    figures_of,
    html_text,
    missing_texts,
    pdf_text,
)
from tests.support.rendered import example, rendered

pytestmark = [pytest.mark.unit, pytest.mark.slow]

PROFILES = [("chuxiong", "2025-annual"), ("gaogang-2016", "2016-annual"), ("kunming-2017", "2017-q3")]
GAOGANG = ("gaogang-2016", "2016-annual")


def numbers(document: DisclosureDocument) -> dict[str, str]:
    """Without the few figures that are texts, which are read as texts."""
    words = {seen.key for seen in document.observations if not seen.is_number and not seen.state}
    return {key: value for key, value in figures_of(document).items() if key not in words}


@pytest.mark.parametrize("which", PROFILES)
def test_page_gives_back_every_figure(which: tuple[str, str]) -> None:
    document = example(*which).document
    found = figures_in_page(rendered(*which).site["index.html"], document.period)
    assert differences(figures_of(document), found) == ()


@pytest.mark.parametrize("which", PROFILES)
@pytest.mark.parametrize("path", [NOTICE, LARGE])
def test_print_gives_back_every_figure_and_every_sentence(which: tuple[str, str], path: str) -> None:
    document, content = example(*which).document, rendered(*which).site[path]
    assert differences(numbers(document), figures_in_pdf(content, document)) == ()
    assert missing_texts(pdf_text(content), document) == ()


@pytest.mark.parametrize("which", PROFILES)
def test_poster_and_article_give_back_what_they_have_room_for(which: tuple[str, str]) -> None:
    document = example(*which).document
    heads = {line.cell.key for card in document.cards for line in (card.lead, *card.lines)}
    poster = figures_in_poster(rendered(*which).site[POSTER], document)
    assert set(poster) == heads
    assert differences(numbers(document), poster, whole=False) == ()
    content = rendered(*which).packages["wechat"]["article.html"].decode()
    found = figures_in_article(content, document)
    whole = {key for key in numbers(document) if key.startswith(f"{example(*which).catalog.prefecture.code}/")}
    assert set(found) == whole
    assert differences(numbers(document), found, whole=False) == ()
    assert missing_texts(html_text(content), document, tables=False) == ()


@pytest.mark.parametrize("which", PROFILES)
def test_handed_over_body_gives_back_every_figure(which: tuple[str, str]) -> None:
    document, content = example(*which).document, rendered(*which).packages["handover"]["content.html"]
    assert differences(numbers(document), figures_in_fragment(content, document)) == ()
    assert missing_texts(html_text(content.decode()), document) == ()


READ: dict[str, Callable[[bytes, DisclosureDocument], dict[str, str]]] = {
    "index.html": lambda content, document: figures_in_page(content, document.period),
    "figures.csv": lambda content, _: figures_in_csv(content),
    "packages/handover/content.html": figures_in_fragment,
    "packages/wechat/article.html": lambda content, document: figures_in_article(content.decode(), document),
}


@pytest.mark.parametrize("path", READ)
def test_one_wrong_digit_is_found(path: str) -> None:
    """The participants of one insurance, wherever they are printed: in each place the change is noticed."""
    document, content = example(*GAOGANG).document, rendered(*GAOGANG).files[path]
    key = document.cards[0].lead.cell.key
    value = figures_of(document)[key]
    printed = (value if path.endswith(".csv") else document.cards[0].lead.cell.text).encode()
    assert differences(figures_of(document), READ[path](content, document), whole=False) == ()
    places = content.count(printed)
    assert places >= 1
    noticed = 0
    for place in range(places):
        parts = content.split(printed)
        wrong = printed.join(parts[: place + 1]) + printed[:-1] + b"%d" % ((printed[-1] - 47) % 10)
        wrong += printed.join(parts[place + 1 :])
        told = differences(figures_of(document), READ[path](wrong, document), whole=False)
        noticed += any(key in line for line in told)
        if not told:
            # A sentence: figures there are held by the words around them.
            assert missing_texts(html_text(wrong.decode()), document, tables=False)
    assert noticed


def altered(document: DisclosureDocument, key: str, text: str) -> DisclosureDocument:
    """``document`` with another text printed for ``key`` in its tables and cards."""

    def cell(each: Cell) -> Cell:
        return replace(each, text=text) if each.key == key else each

    blocks = tuple(
        replace(
            block,
            tables=tuple(
                replace(
                    table,
                    groups=tuple(
                        replace(
                            group, rows=tuple(replace(row, cells=tuple(map(cell, row.cells))) for row in group.rows)
                        )
                        for group in table.groups
                    ),
                )
                for table in block.tables
            ),
        )
        for block in document.blocks
    )
    cards = tuple(replace(card, lead=replace(card.lead, cell=cell(card.lead.cell))) for card in document.cards)
    return replace(document, blocks=blocks, cards=cards, sections=())


def test_wrong_print_is_found() -> None:
    document, outlets = example(*GAOGANG).document, example(*GAOGANG).outlets
    key = document.cards[0].lead.cell.key
    wrong = Printed(
        altered(document, key, "1,234"), {block.chart.id: SVG for block in document.blocks if block.chart}, outlets
    )
    right = figures_of(document)[key]
    for found in (figures_in_pdf(wrong.notice(), document), figures_in_poster(wrong.poster(), document)):
        assert differences(numbers(document), found, whole=False) == (f"{key} 是 1234，应为 {right}。",)
    assert len(missing_texts(pdf_text(wrong.notice()), document)) == sum(len(s.paragraphs) for s in document.sections)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'


def test_figure_shown_with_two_values_equals_neither() -> None:
    page = b'<b data-figure="x/y/2016-annual">1,000</b><td data-figure="x/y/2016-annual">1,001</td>'
    assert figures_in_page(page, "2016-annual") == {"x/y/2016-annual": "1000、1001"}


def test_missing_and_surplus_figures_are_told() -> None:
    assert differences({"a": "1", "b": "2.50"}, {"b": "2.5", "c": "3"}) == (
        "缺少 a，应为 1。",
        "b 是 2.5，应为 2.50。",
        "多出 c（3）。",
    )
    assert differences({"b": "2.50"}, {"b": "2.5"}, printed=False) == ()


def test_broken_pdf_is_told() -> None:
    with pytest.raises(DisclosureError, match="读不了印刷版 PDF"):
        pdf_text(b"no pdf")
