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

from disclosure.collection.narrative.numerals import format_number

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_LEVELS = 9
#: Marks of a list without numbers; others say something (√, ×, 注：), and are kept as words.
_DOTS = frozenset("·•●○■□◆◇▪▫▸►➢➤§–—-*o∙⚫⚪❖✧ØüÜnluqvq")
_TICKS = {
    **dict.fromkeys("√✓✔☑☒✗✘×☐", "勾叉或方框"),
    **dict.fromkeys("\uf0fc\uf0fb\uf0fd\uf0fe\uf0a8", "勾叉或方框"),
}
_HEADING = re.compile(r"(?:heading|标题) [1-6]", re.IGNORECASE)
_NO_NUMBER = "0"


def _w(name: str) -> str:
    return f"{{{_WORD}}}{name}"


def _value(element: Element | None, default: str = "") -> str:
    return default if element is None else element.get(_w("val"), default)


@dataclass(frozen=True)
class _Level:
    """How one level of a list counts and writes."""

    start: int = 1
    number_format: str = "decimal"
    text: str = ""
    restart: int | None = None
    is_legal: bool = False
    is_hidden: bool = False
    follow: str = "tab"
    style: str = ""


@dataclass(frozen=True)
class _Place:
    """Which list and level a paragraph belongs to."""

    number: str
    level: int


@dataclass
class _Numbering:
    """``numbering.xml`` with the styles that name its lists."""

    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    abstract_of: dict[str, str] = field(default_factory=dict)
    starts: dict[str, dict[int, int]] = field(default_factory=dict)
    of_styles: dict[str, tuple[str | None, int | None]] = field(default_factory=dict)
    headings: set[str] = field(default_factory=set)
    default_style: str = ""

    def place_of(self, paragraph: Element) -> _Place | None:
        """Return where a paragraph is numbered; None where it is not."""
        properties = paragraph.find(_w("pPr"))
        own = None if properties is None else properties.find(_w("numPr"))
        style = self.style_of(paragraph)
        number, level = self.of_styles.get(style, (None, None))
        if own is not None:
            said = _value(own.find(_w("numId"))) or None
            given = _value(own.find(_w("ilvl")))
            number = said or number
            level = int(given) if given.isdecimal() else (0 if said else level)
        if number is None or number == _NO_NUMBER or number not in self.abstract_of:
            return None
        if level is None:
            linked = (place for place, each in self.of(number).items() if each.style == style)
            level = next(linked, 0)
        return _Place(number, min(level, _LEVELS - 1))

    def style_of(self, paragraph: Element) -> str:
        """Return the id of a paragraph's style."""
        properties = paragraph.find(_w("pPr"))
        return _value(None if properties is None else properties.find(_w("pStyle")), self.default_style)

    def of(self, number: str) -> dict[int, _Level]:
        """Return the levels of a list."""
        return self.levels.get(self.abstract_of.get(number, ""), {})


@dataclass(frozen=True)
class _Numbered:
    """A numbered paragraph: what Word shows before it (None: a plain mark)."""

    paragraph: Element
    place: _Place
    label: str | None
    is_heading: bool
    is_tight: bool = False


@dataclass
class WrittenNumbers:
    """A document whose numbers are written out, and what Word shows that nobody here knows."""

    document: bytes
    problems: tuple[str, ...] = ()


def write_numbers(document: bytes, numbering: bytes, styles: bytes) -> WrittenNumbers:
    """Return the main part with the numbers of its paragraphs as words, where a list of ours would show others."""
    root = ElementTree.fromstring(document)  # noqa: S314 - it was looked through for a document type before
    known = _read(numbering, styles)
    counting = _Counting(known)
    body = root.find(_w("body"))
    if body is None or not known.abstract_of:
        return WrittenNumbers(document)
    for container in _containers(body):
        for run in _runs(container, counting):
            _settle(run)
    # Names of spaces are kept as they were: what is ignored is named by its prefix.
    return WrittenNumbers(ElementTree.tostring(root, encoding="UTF-8"), tuple(dict.fromkeys(counting.problems)))


def _containers(body: Element) -> Iterator[Element]:
    yield body
    yield from body.iter(_w("tc"))


def _paragraphs(container: Element) -> Iterator[Element | None]:
    """Yield the paragraphs of a container in their order, and None for whatever else stands between."""
    for child in container:
        yield child if child.tag == _w("p") else None


def _runs(container: Element, counting: _Counting) -> Iterator[list[_Numbered]]:
    """Yield numbered paragraphs that follow each other, which become one list."""
    run: list[_Numbered] = []
    for paragraph in _paragraphs(container):
        numbered = counting.count(paragraph) if paragraph is not None else None
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
            _number(each.paragraph, _Place(each.place.number, each.place.level - least))
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


def _number(paragraph: Element, place: _Place) -> None:
    """Say in the paragraph itself where it is numbered, whatever its style says."""
    properties = _properties(paragraph)
    for old in properties.findall(_w("numPr")):
        properties.remove(old)
    numbering = ElementTree.SubElement(properties, _w("numPr"))
    ElementTree.SubElement(numbering, _w("ilvl")).set(_w("val"), str(place.level))
    ElementTree.SubElement(numbering, _w("numId")).set(_w("val"), place.number)


def _write(numbered: _Numbered) -> None:
    """Put the number before the words, and take the paragraph out of its list."""
    properties = _properties(numbered.paragraph)
    for old in properties.findall(_w("numPr")):
        properties.remove(old)
    if not numbered.is_heading:
        for old in properties.findall(_w("pStyle")):
            properties.remove(old)
    if numbered.label:
        run = Element(_w("r"))
        is_tight = numbered.is_tight or numbered.label[-1] in "、）］】。．：，"
        ElementTree.SubElement(run, _w("t")).text = numbered.label + ("" if is_tight else " ")
        run[0].set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        numbered.paragraph.insert(list(numbered.paragraph).index(properties) + 1, run)


def _properties(paragraph: Element) -> Element:
    found = paragraph.find(_w("pPr"))
    if found is None:
        found = Element(_w("pPr"))
        paragraph.insert(0, found)
    return found


@dataclass
class _Counting:
    """The counters of all lists while the paragraphs are walked."""

    known: _Numbering
    counters: dict[str, dict[int, int]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def count(self, paragraph: Element) -> _Numbered | None:
        """Return a paragraph with its number; None for one without."""
        place = self.known.place_of(paragraph)
        levels = self.known.of(place.number) if place else {}
        if place is None or place.level not in levels:
            return None
        if not _has_words(paragraph):
            # Word numbers an empty paragraph too; nobody publishes it, but the next one is counted on.
            self._step(place, levels)
            return None
        own, counts = levels[place.level], self._step(place, levels)
        is_heading = self.known.style_of(paragraph) in self.known.headings
        is_tight = own.follow == "nothing"
        if own.is_hidden:
            return _Numbered(paragraph, place, "", is_heading)
        if own.number_format == "bullet":
            return _Numbered(paragraph, place, "" if is_heading else self._mark(own.text), is_heading)
        return _Numbered(paragraph, place, self._label(own, levels, counts), is_heading, is_tight)

    def _step(self, place: _Place, levels: dict[int, _Level]) -> dict[int, int]:
        """Count on; lists that share their definition count together, until one says where it starts."""
        counts = self.counters.setdefault(self.known.abstract_of[place.number], {})
        starts = self.known.starts.get(place.number, {})
        if place.number not in self.seen:
            self.seen.add(place.number)
            for level, start in starts.items():
                counts.pop(level, None)
                levels[level] = replace(levels.get(level, _Level()), start=start)
        for level in range(place.level):
            counts.setdefault(level, levels.get(level, _Level()).start)
        start = levels[place.level].start
        counts[place.level] = counts[place.level] + 1 if place.level in counts else start
        for deeper in [level for level in counts if level > place.level]:
            restart = levels.get(deeper, _Level()).restart
            # 0: it never starts again; n: only after a paragraph of level n or above.
            if restart is None or (restart > 0 and place.level < restart):
                counts.pop(deeper)
        return counts

    def _label(self, own: _Level, levels: dict[int, _Level], counts: dict[int, int]) -> str:
        def number(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            of = levels.get(place, _Level())
            name = "decimal" if own.is_legal else of.number_format
            said = format_number(counts.get(place, of.start), "none" if name == "bullet" else name)
            if said is None:
                self.problems.append(
                    f"正文里有自动编号，编号的样式（{name}）不能照样刊登，请选中这些段落，"
                    "按 Ctrl+Shift+N 取消编号后把编号写成文字再交"
                )
            return said or ""

        return re.sub(r"%([1-9])", number, own.text).strip()

    def _mark(self, text: str) -> str | None:
        """Return the words of a mark that says something; None for a plain one."""
        bare = text.strip()
        if not bare:
            return ""
        if bare[0] in _TICKS:
            self.problems.append(
                f"正文里有用{_TICKS[bare[0]]}作项目符号的列表，符号本身有意思、刊登时会变成圆点，请改写成文字后再交"
            )
            return ""
        is_private = "\ue000" <= bare[0] <= "\uf8ff"
        return None if is_private or (len(bare) == 1 and not bare.isalnum()) or bare in _DOTS else bare


def _has_words(paragraph: Element) -> bool:
    return any((text.text or "").strip() for text in paragraph.iter(_w("t")))


def _read(numbering: bytes, styles: bytes) -> _Numbering:
    known = _Numbering()
    if styles:
        _read_styles(known, ElementTree.fromstring(styles))  # noqa: S314 - looked through before
    if not numbering:
        return known
    root = ElementTree.fromstring(numbering)  # noqa: S314 - looked through before
    links: dict[str, str] = {}
    owners: dict[str, str] = {}
    for abstract in root.findall(_w("abstractNum")):
        id_ = abstract.get(_w("abstractNumId"), "")
        known.levels[id_] = {int(lvl.get(_w("ilvl"), "0")): _level(lvl) for lvl in abstract.findall(_w("lvl"))}
        if link := _value(abstract.find(_w("numStyleLink"))):
            links[id_] = link
        if owner := _value(abstract.find(_w("styleLink"))):
            owners[owner] = id_
    for num in root.findall(_w("num")):
        id_, abstract_id = num.get(_w("numId"), ""), _value(num.find(_w("abstractNumId")))
        abstract_id = owners.get(links.get(abstract_id, ""), abstract_id)
        known.abstract_of[id_] = abstract_id
        _read_overrides(known, num, id_, abstract_id)
    return known


def _read_overrides(known: _Numbering, num: Element, id_: str, abstract_id: str) -> None:
    own: dict[int, _Level] = {}
    for override in num.findall(_w("lvlOverride")):
        level = int(override.get(_w("ilvl"), "0"))
        if (lvl := override.find(_w("lvl"))) is not None:
            own[level] = _level(lvl)
        if (start := _value(override.find(_w("startOverride")))).isdecimal():
            known.starts.setdefault(id_, {})[level] = int(start)
    if own or id_ in known.starts:
        # A list of its own looks, which counts for itself once it says where it starts.
        known.abstract_of[id_] = f"{abstract_id}/{id_}"
        known.levels[f"{abstract_id}/{id_}"] = {**known.levels.get(abstract_id, {}), **own}


def _level(lvl: Element) -> _Level:
    start, restart = _value(lvl.find(_w("start")), "1"), _value(lvl.find(_w("lvlRestart")))
    number_format = lvl.find(_w("numFmt"))
    name = _value(number_format, "decimal")
    if name == "custom" and number_format is not None:
        name = f"custom {number_format.get(_w('format'), '')}"
    legal, vanish = lvl.find(_w("isLgl")), lvl.find(f"{_w('rPr')}/{_w('vanish')}")
    return _Level(
        start=int(start) if start.isdecimal() else 1,
        number_format=name,
        text=_value(lvl.find(_w("lvlText"))),
        restart=int(restart) if restart.isdecimal() else None,
        is_legal=legal is not None and _value(legal, "true") not in ("0", "false"),
        is_hidden=vanish is not None and _value(vanish, "true") not in ("0", "false"),
        follow=_value(lvl.find(_w("suff")), "tab"),
        style=_value(lvl.find(_w("pStyle"))),
    )


def _read_styles(known: _Numbering, root: Element) -> None:
    based: dict[str, str] = {}
    own: dict[str, tuple[str | None, int | None]] = {}
    for style in root.findall(_w("style")):
        id_ = style.get(_w("styleId"), "")
        based[id_] = _value(style.find(_w("basedOn")))
        if style.get(_w("type")) == "paragraph" and style.get(_w("default")) in ("1", "true"):
            known.default_style = id_
        if _HEADING.fullmatch(_value(style.find(_w("name")))):
            known.headings.add(id_)
        if (numbering := style.find(f"{_w('pPr')}/{_w('numPr')}")) is not None:
            written = _value(numbering.find(_w("ilvl")))
            own[id_] = (_value(numbering.find(_w("numId"))) or None, int(written) if written.isdecimal() else None)
    for id_ in based:
        number: str | None = None
        level: int | None = None
        at, seen = id_, set[str]()
        while at and at not in seen:
            seen.add(at)
            said = own.get(at, (None, None))
            number, level, at = number or said[0], said[1] if level is None else level, based.get(at, "")
        if number is not None:
            known.of_styles[id_] = (number, level)
