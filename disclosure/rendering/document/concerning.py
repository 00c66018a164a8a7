"""The part of a document that concerns some insurances: what one centre shows in its halls."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from disclosure.rendering.document.document import DisclosureDocument, Section


def concerning(document: DisclosureDocument, insurances: Set[str]) -> DisclosureDocument:
    """``document`` with only the paragraphs, cards, tables and figures of ``insurances`` (ids).

    Notes and what the offices wrote stay; sections left empty go and the others are numbered anew. Nothing is
    computed or worded: every text is one of the whole document.
    """
    sections: list[Section] = []
    for section in document.sections:
        paragraphs = tuple(each for each in section.paragraphs if each.insurance in insurances)
        if paragraphs or section.text:
            number = document.sections[len(sections)].number
            sections.append(replace(section, number=number, paragraphs=paragraphs))
    blocks = tuple(block for block in document.blocks if block.id in insurances)
    rows = (row for block in blocks for table in block.tables for group in table.groups for row in group.rows)
    keys = {cell.key for row in rows for cell in row.cells}
    return replace(
        document,
        cards=tuple(card for card in document.cards if card.insurance in insurances),
        sections=tuple(sections),
        blocks=blocks,
        observations=tuple(seen for seen in document.observations if seen.key in keys),
    )
