"""The numbers that Word puts before paragraphs by itself, written out as the words that people see.

A list counted ``1. 2. 3.`` from one on, and one with plain dots, is published as a list; whatever else Word shows
(a list that starts at 3 or goes on after a sentence, （一）, 第一条, 2026年) becomes part of the text.
ECMA-376 part 1, 17.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from disclosure.collection.narrative.list_definitions import (
    ListDefinitions,
    ListLevel,
    ListPlace,
    properties_in,
    read_list_definitions,
    shading_in,
    tag_of,
)
from disclosure.collection.narrative.looks import LetterLook, StyleLooks, elements, is_on, with_properties
from disclosure.collection.narrative.numerals import format_number

#: Marks of a list without numbers; others say something (√, ×, 注：), and are kept as words.
_DOTS = frozenset("·•●○■□◆◇▪▫▸►➢➤§–—-*o∙⚫⚪❖✧")
#: Letters that are plain marks in fonts of signs, where the font is not told.
_DOTS_OF_SIGNS = frozenset("ØüÜnluqvq")
_TICKS = frozenset("√✓✔☑☒✗✘×☐")
#: Signs that say something, in the fonts that have them: ticks, crosses and boxes, and numbers in circles.
_SAYING = {
    "wingdings": frozenset((0xA8, *range(0x80, 0x96), *range(0xFB, 0xFF))),
    "wingdings 2": frozenset((*range(0x4F, 0x57), *range(0x69, 0x7F), 0xA3)),
    "webdings": frozenset((0x61, 0x72)),
}
_PRIVATE = 0xF000
_FRAMES = frozenset(map(tag_of, ("tbl", "tr", "sdt", "sdtContent")))


@dataclass(frozen=True)
class _Numbered:
    """A numbered paragraph: what Word shows before it (None: a plain mark)."""

    paragraph: Element
    place: ListPlace
    label: str | None
    is_heading: bool
    is_tight: bool = False


@dataclass
class WrittenNumbers:
    """A document whose numbers are written out, and what Word shows that nobody here knows."""

    document: bytes
    problems: tuple[str, ...] = ()


def write_numbers(document: bytes, numbering: bytes, styles: bytes, looks: StyleLooks) -> WrittenNumbers:
    """Return the main part with the numbers of its paragraphs as words, where a list of ours would show others."""
    root = ElementTree.fromstring(document)  # noqa: S314 - it was looked through for a document type before
    known = read_list_definitions(numbering, styles)
    counting = _Counting(known, looks)
    body = root.find(tag_of("body"))
    if body is None or not known.abstract_of:
        return WrittenNumbers(document)
    for run in _runs(body, counting):
        _settle(run)
    # Names of spaces are kept as they were: what is ignored is named by its prefix.
    return WrittenNumbers(
        ElementTree.tostring(root, encoding="UTF-8"), (*dict.fromkeys(counting.problems), *counting.lost.values())
    )


def _paragraphs(container: Element, behind: LetterLook) -> Iterator[tuple[Element, LetterLook] | None]:
    """Yield the paragraphs in the order of the document, with what is behind their letters; None where a cell begins
    or ends. Whoever counts sees through the frame of a content control."""
    for child in container:
        if child.tag == tag_of("p"):
            yield child, behind
        elif child.tag == tag_of("tc"):
            yield None
            yield from _paragraphs(child, behind.on(shading_in(child.find(tag_of("tcPr")))))
            yield None
        elif child.tag in _FRAMES:
            yield from _paragraphs(child, behind)


def _runs(body: Element, counting: _Counting) -> Iterator[list[_Numbered]]:
    """Yield numbered paragraphs that follow each other, which become one list."""
    run: list[_Numbered] = []
    for found in _paragraphs(body, LetterLook()):
        numbered = counting.count(*found) if found is not None else None
        if numbered is None or numbered.is_heading:
            if run:
                yield run
            run = []
            if numbered is not None:
                yield [numbered]
        else:
            run.append(numbered)
    if run:
        yield run


def _settle(run: list[_Numbered]) -> None:
    """Leave a run as a list where it would show the same, or write out its numbers."""
    if not run[0].is_heading and _is_plain(run):
        for each in run:
            _number(each.paragraph, each.place)
        return
    least = min((each.place.level for each in run if each.label is None), default=0)
    for each in run:
        if each.label is None:
            _number(each.paragraph, ListPlace(each.place.number, each.place.level - least))
        else:
            _write(each)


def _is_plain(run: list[_Numbered]) -> bool:
    """Whether a list of ours shows just these numbers: 1. 2. 3. in every list, and no level is left out."""
    counts: list[tuple[bool, int]] = []
    for each in run:
        level, is_counted = each.place.level, each.label is not None
        if level > len(counts):
            return all(other.label is None for other in run)
        before = counts[level] if level < len(counts) else None
        number = before[1] + 1 if before and before[0] == is_counted else 1
        counts[level:] = [(is_counted, number)]
        if is_counted and each.label != f"{number}.":
            return False
    return True


def _number(paragraph: Element, place: ListPlace) -> None:
    """Say in the paragraph itself where it is numbered, whatever its style says."""
    properties = _properties(paragraph)
    for old in properties.findall(tag_of("numPr")):
        properties.remove(old)
    numbering = ElementTree.SubElement(properties, tag_of("numPr"))
    ElementTree.SubElement(numbering, tag_of("ilvl")).set(tag_of("val"), str(place.level))
    ElementTree.SubElement(numbering, tag_of("numId")).set(tag_of("val"), place.number)


def _write(numbered: _Numbered) -> None:
    """Put the number before the words, and take the paragraph out of its list."""
    properties = _properties(numbered.paragraph)
    for old in properties.findall(tag_of("numPr")):
        properties.remove(old)
    if not numbered.is_heading:
        for old in properties.findall(tag_of("pStyle")):
            properties.remove(old)
    if numbered.label:
        run = Element(tag_of("r"))
        is_tight = numbered.is_tight or numbered.label[-1] in "、）］】。．：，"
        ElementTree.SubElement(run, tag_of("t")).text = numbered.label + ("" if is_tight else " ")
        run[0].set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        numbered.paragraph.insert(list(numbered.paragraph).index(properties) + 1, run)


def _properties(paragraph: Element) -> Element:
    found = paragraph.find(tag_of("pPr"))
    if found is None:
        found = Element(tag_of("pPr"))
        paragraph.insert(0, found)
    return found


@dataclass
class _Counting:
    """The counters of all lists while the paragraphs are walked."""

    known: ListDefinitions
    looks: StyleLooks
    counters: dict[str, dict[int, int]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)

    def count(self, paragraph: Element, behind: LetterLook) -> _Numbered | None:
        """Return a paragraph with its number; None for one without."""
        place = self.known.place_of(paragraph)
        levels = self.known.of(place.number) if place else {}
        if place is None or place.level not in levels:
            return None
        own, counts = levels[place.level], self._step(place, levels)
        look = self._look(paragraph, own, behind)
        is_hidden = any(tag == "vanish" and is_on(attributes) for tag, attributes in own.properties)
        is_bullet = own.number_format == "bullet"
        if not _has_words(paragraph):
            if not (is_bullet or is_hidden):
                self.empty.add(self.known.abstract_of[place.number])
            return None
        is_heading = self.known.style_of(paragraph) in self.known.headings
        if is_hidden or (is_bullet and "unseen" in look.faults):
            return _Numbered(paragraph, place, "", is_heading)
        if is_bullet:
            return _Numbered(paragraph, place, "" if is_heading else self._mark(own.text, look), is_heading)
        label = self._shown(self._label(own, levels, counts), look)
        if label and self.known.abstract_of[place.number] in self.empty:
            # Word shows the number of a paragraph without words too, and so does whoever counts by it.
            self.problems.append(_said("empty"))
        return _Numbered(paragraph, place, label, is_heading, own.follow == "nothing")

    def _look(self, paragraph: Element, own: ListLevel, behind: LetterLook) -> LetterLook:
        """Return how its number looks: as the mark of its paragraph does, unless the list says otherwise."""
        properties = paragraph.find(tag_of("pPr"))
        look = self.looks.of_paragraph(self.known.style_of(paragraph), behind)
        mark = properties_in(None if properties is None else properties.find(tag_of("rPr")))
        for tag, attributes in mark:
            if tag == "rStyle":
                look = self.looks.over(look, attributes.get("val", ""))
        return with_properties(look.on(shading_in(properties)), (*mark, *own.properties))

    def _shown(self, label: str, look: LetterLook) -> str:
        """Return a number as its letters are shown; one whose look says more than its letters is told."""
        kinds = look.faults - {"capitals"} if label.strip() else frozenset[str]()
        for kind in sorted(kinds):
            self.lost.setdefault(kind, _said("look").format(number=label, look=elements()["numbers"]["looks"][kind]))
        return label.upper() if "capitals" in look.faults else label

    def _step(self, place: ListPlace, levels: dict[int, ListLevel]) -> dict[int, int]:
        """Count on; lists that share their definition count together, until one says where it starts."""
        counts = self.counters.setdefault(self.known.abstract_of[place.number], {})
        starts = self.known.starts.get(place.number, {})
        if place.number not in self.seen:
            self.seen.add(place.number)
            for level, start in starts.items():
                counts.pop(level, None)
                levels[level] = replace(levels.get(level, ListLevel()), start=start)
        for level in range(place.level):
            counts.setdefault(level, levels.get(level, ListLevel()).start)
        start = levels[place.level].start
        counts[place.level] = counts[place.level] + 1 if place.level in counts else start
        for deeper in [level for level in counts if level > place.level]:
            restart = levels.get(deeper, ListLevel()).restart
            # 0: it never starts again; n: only after a paragraph of level n or above.
            if restart is None or (restart > 0 and place.level < restart):
                counts.pop(deeper)
        return counts

    def _label(self, own: ListLevel, levels: dict[int, ListLevel], counts: dict[int, int]) -> str:
        def number(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            of = levels.get(place, ListLevel())
            name = "decimal" if own.is_legal else of.number_format
            said = format_number(counts.get(place, of.start), "none" if name == "bullet" else name)
            if said is None:
                self.problems.append(_said("format").format(name=name))
            return said or ""

        return re.sub(r"%([1-9])", number, own.text).strip()

    def _mark(self, text: str, look: LetterLook) -> str | None:
        """Return the words of a mark that says something; None for a plain one."""
        bare = text.strip()
        if not bare:
            return ""
        is_private = _PRIVATE <= ord(bare[0]) <= _PRIVATE + 0xFF
        is_sign = "symbol" in look.faults or is_private
        says = _SAYING.get(look.font if "symbol" in look.switched else "wingdings", frozenset[int]())
        if bare[0] in _TICKS or (is_sign and ord(bare[0]) - (_PRIVATE if is_private else 0) in says):
            self.problems.append(_said("mark"))
            return ""
        self._shown(bare, replace(look, switched=look.switched - {"symbol"}))
        is_dot = bare in _DOTS or (bare in _DOTS_OF_SIGNS and not look.font)
        is_plain = len(bare) == 1 and not bare.isalnum()
        return None if is_sign or is_dot or is_plain or "\ue000" <= bare[0] <= "\uf8ff" else bare


def _said(kind: str) -> str:
    return str(elements()["numbers"][kind])


def _has_words(paragraph: Element) -> bool:
    return any((text.text or "").strip() for text in paragraph.iter(tag_of("t")))
