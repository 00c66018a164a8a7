"""Who is named in a cell: one rule for second eyes, wherever people write their names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

#: What always stands between two people.
_BETWEEN = re.compile(r"[、,;/|&+\n\t]|以及")
#: What may stand between two people, and within one name: 张 三, 张和平.
_MAYBE_BETWEEN = r"\s和与及"
_BRACKETS = re.compile(r"[(\[【〔][^)\]】〕]*[)\]】〕]?")
#: Without knowing the people: a word between two names of at least two characters.
_WORD_BETWEEN = re.compile(r"(?<=\S\S)\s*[和与及]\s*(?=\S\S)")
#: What joins the rest of a text to a name found in it, and belongs to neither.
_JOINING = re.compile(rf"^[{_MAYBE_BETWEEN}]+(?=\S\S|$)|(?<=\S\S)[{_MAYBE_BETWEEN}]+$")


def spell(name: str) -> str:
    """Return ``name`` as names are compared: of one width and case, without spaces."""
    return "".join(_fold(name).split())


def people_named(written: str, enrolled: Collection[str] = ()) -> frozenset[str]:
    """Return the people named in ``written``, spelled as ``spell`` does.

    Several may stand in one cell, between commas or slashes, with spaces or 和 between them; what stands in brackets,
    such as （兼）, belongs to no name. Where a space or 和 may separate two people or stand within one name, the names
    of the ``enrolled`` decide. Whoever is not enrolled stays as written, but for spaces.
    """
    known = _pattern({spell(name) for name in enrolled} - {""})
    parts = _BETWEEN.split(_BRACKETS.sub(" ", _fold(written)))
    return frozenset(name for part in parts for name in _people_of_part(part, known))


def _fold(text: str) -> str:
    """Return ``text`` in plain width and lower case, without characters that nobody sees."""
    return "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf").casefold()


def _people_of_part(part: str, known: re.Pattern[str] | None) -> Iterator[str]:
    left = [part]
    if known is not None and (found := known.findall(part)):
        yield from map(spell, found)
        left = [_JOINING.sub("", rest) for rest in known.split(part)]
    for rest in left:
        yield from filter(None, map(spell, _WORD_BETWEEN.split(rest)))


def _pattern(names: Collection[str]) -> re.Pattern[str] | None:
    """Match one of ``names``, spaces within it allowed, from one possible end of a name to another."""
    if not names:
        return None
    spaced = (r"\s*".join(map(re.escape, name)) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![^{_MAYBE_BETWEEN}])(?:{'|'.join(spaced)})(?![^{_MAYBE_BETWEEN}])")
