"""The lists that a .docx defines: how each level counts, writes and looks, and which styles bring them.

ECMA-376 part 1, 17.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from disclosure.collection.narrative.looks import Property

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_LEVELS = 9
_HEADING = re.compile(r"(?:heading|标题) [1-6]", re.IGNORECASE)
_NO_NUMBER = "0"


def tag_of(name: str) -> str:
    """Return the name of an element of WordprocessingML as the parser says it."""
    return f"{{{_WORD}}}{name}"


def value_of(element: Element | None, default: str = "") -> str:
    """Return what the element says; ``default`` where it is not there, or says nothing."""
    return default if element is None else element.get(tag_of("val"), default)


def properties_in(element: Element | None) -> tuple[Property, ...]:
    """Return the properties that stand in an ``rPr``."""
    if element is None:
        return ()
    return tuple(
        (child.tag.rpartition("}")[2], {name.rpartition("}")[2]: said for name, said in child.attrib.items()})
        for child in element
    )


def shading_in(properties: Element | None) -> dict[str, str]:
    """Return what the properties of a cell or a paragraph say of its shading; empty where they say nothing."""
    shading = None if properties is None else properties.find(tag_of("shd"))
    return {} if shading is None else {name.rpartition("}")[2]: said for name, said in shading.attrib.items()}


@dataclass(frozen=True)
class ListLevel:
    """How one level of a list counts, writes and looks."""

    start: int = 1
    number_format: str = "decimal"
    text: str = ""
    restart: int | None = None
    is_legal: bool = False
    follow: str = "tab"
    style: str = ""
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True)
class ListPlace:
    """Which list and level a paragraph belongs to."""

    number: str
    level: int


@dataclass
class ListDefinitions:
    """``numbering.xml`` with the styles that name its lists."""

    levels: dict[str, dict[int, ListLevel]] = field(default_factory=dict)
    abstract_of: dict[str, str] = field(default_factory=dict)
    starts: dict[str, dict[int, int]] = field(default_factory=dict)
    of_styles: dict[str, tuple[str | None, int | None]] = field(default_factory=dict)
    headings: set[str] = field(default_factory=set)
    default_style: str = ""

    def place_of(self, paragraph: Element) -> ListPlace | None:
        """Return where a paragraph is numbered; None where it is not."""
        properties = paragraph.find(tag_of("pPr"))
        own = None if properties is None else properties.find(tag_of("numPr"))
        style = self.style_of(paragraph)
        number, level = self.of_styles.get(style, (None, None))
        if own is not None:
            said = value_of(own.find(tag_of("numId"))) or None
            given = value_of(own.find(tag_of("ilvl")))
            number = said or number
            level = int(given) if given.isdecimal() else (0 if said else level)
        if number is None or number == _NO_NUMBER or number not in self.abstract_of:
            return None
        if level is None:
            linked = (place for place, each in self.of(number).items() if each.style == style)
            level = next(linked, 0)
        return ListPlace(number, min(level, _LEVELS - 1))

    def style_of(self, paragraph: Element) -> str:
        """Return the id of a paragraph's style."""
        properties = paragraph.find(tag_of("pPr"))
        return value_of(None if properties is None else properties.find(tag_of("pStyle")), self.default_style)

    def of(self, number: str) -> dict[int, ListLevel]:
        """Return the levels of a list."""
        return self.levels.get(self.abstract_of.get(number, ""), {})


def read_list_definitions(numbering: bytes, styles: bytes) -> ListDefinitions:
    """Return the lists of a document, from its two parts."""
    known = ListDefinitions()
    if styles:
        _read_styles(known, ElementTree.fromstring(styles))  # noqa: S314 - looked through before
    if not numbering:
        return known
    root = ElementTree.fromstring(numbering)  # noqa: S314 - looked through before
    links: dict[str, str] = {}
    owners: dict[str, str] = {}
    for abstract in root.findall(tag_of("abstractNum")):
        id_ = abstract.get(tag_of("abstractNumId"), "")
        known.levels[id_] = {int(lvl.get(tag_of("ilvl"), "0")): _level(lvl) for lvl in abstract.findall(tag_of("lvl"))}
        if link := value_of(abstract.find(tag_of("numStyleLink"))):
            links[id_] = link
        if owner := value_of(abstract.find(tag_of("styleLink"))):
            owners[owner] = id_
    for num in root.findall(tag_of("num")):
        id_, abstract_id = num.get(tag_of("numId"), ""), value_of(num.find(tag_of("abstractNumId")))
        abstract_id = owners.get(links.get(abstract_id, ""), abstract_id)
        known.abstract_of[id_] = abstract_id
        _read_overrides(known, num, id_, abstract_id)
    return known


def _read_overrides(known: ListDefinitions, num: Element, id_: str, abstract_id: str) -> None:
    own: dict[int, ListLevel] = {}
    for override in num.findall(tag_of("lvlOverride")):
        level = int(override.get(tag_of("ilvl"), "0"))
        if (lvl := override.find(tag_of("lvl"))) is not None:
            own[level] = _level(lvl)
        if (start := value_of(override.find(tag_of("startOverride")))).isdecimal():
            known.starts.setdefault(id_, {})[level] = int(start)
    if own or id_ in known.starts:
        # A list of its own looks, which counts for itself once it says where it starts.
        known.abstract_of[id_] = f"{abstract_id}/{id_}"
        known.levels[f"{abstract_id}/{id_}"] = {**known.levels.get(abstract_id, {}), **own}


def _level(lvl: Element) -> ListLevel:
    start, restart = value_of(lvl.find(tag_of("start")), "0"), value_of(lvl.find(tag_of("lvlRestart")))
    number_format = lvl.find(tag_of("numFmt"))
    name = value_of(number_format, "decimal")
    if name == "custom" and number_format is not None:
        name = f"custom {number_format.get(tag_of('format'), '')}"
    legal = lvl.find(tag_of("isLgl"))
    return ListLevel(
        start=int(start) if start.isdecimal() else 0,
        number_format=name,
        text=value_of(lvl.find(tag_of("lvlText"))),
        restart=int(restart) if restart.isdecimal() else None,
        is_legal=legal is not None and value_of(legal, "true") not in ("0", "false"),
        follow=value_of(lvl.find(tag_of("suff")), "tab"),
        style=value_of(lvl.find(tag_of("pStyle"))),
        properties=properties_in(lvl.find(tag_of("rPr"))),
    )


def _read_styles(known: ListDefinitions, root: Element) -> None:
    based: dict[str, str] = {}
    own: dict[str, tuple[str | None, int | None]] = {}
    for style in root.findall(tag_of("style")):
        id_ = style.get(tag_of("styleId"), "")
        based[id_] = value_of(style.find(tag_of("basedOn")))
        if style.get(tag_of("type")) == "paragraph" and style.get(tag_of("default")) in ("1", "true"):
            known.default_style = id_
        if _HEADING.fullmatch(value_of(style.find(tag_of("name")))):
            known.headings.add(id_)
        if (numbering := style.find(f"{tag_of('pPr')}/{tag_of('numPr')}")) is not None:
            written = value_of(numbering.find(tag_of("ilvl")))
            own[id_] = (
                value_of(numbering.find(tag_of("numId"))) or None,
                int(written) if written.isdecimal() else None,
            )
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
