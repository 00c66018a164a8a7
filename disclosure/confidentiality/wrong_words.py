"""Wrong and outdated words in a text that is to be published, with the right form: what 三审三校 looks for.

The words are the catalogue's; a bureau adds its own in YAML.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from disclosure.catalog import Catalog
from disclosure.catalog.models.confidentiality import WrongWord

#: So many letters are shown to either side of a hit.
_AROUND = 8


@dataclass(frozen=True)
class WordHit:
    """A wrong word where it stands; ``context`` is the words around it."""

    word: WrongWord
    context: str

    def __str__(self) -> str:
        """``“禄丰县”应为“禄丰市”（2021年撤县设市）``."""
        return f"“{self.word.wrong}”应为“{self.word.right}”（{self.word.why}）"


def find_wrong_words(catalog: Catalog, text: str) -> list[WordHit]:
    """Find every wrong word of ``text`` in the order of the words, however it is spaced; each place once."""
    plain = unicodedata.normalize("NFKC", text)
    return [hit for word in catalog.wrong_words.values() for hit in _hits(word, plain)]


def object_to_wrong_words(catalog: Catalog, texts: Iterable[str]) -> str:
    """Say which words must be put right before the text is taken; empty when none."""
    hits = (hit for text in texts for hit in find_wrong_words(catalog, text) if hit.word.level == "blocks")
    told = list(dict.fromkeys(map(str, hits)))
    return f"{'、'.join(told[:5])}，请改正" if told else ""


def _hits(word: WrongWord, plain: str) -> Iterator[WordHit]:
    fine = [match.span() for each in word.except_ for match in _spaced(each).finditer(plain)]
    for match in _spaced(word.wrong).finditer(plain):
        if any(start <= match.start() and match.end() <= end for start, end in fine):
            continue
        context = plain[max(0, match.start() - _AROUND) : match.end() + _AROUND]
        yield WordHit(word, " ".join(context.split()))


def _spaced(words: str) -> re.Pattern[str]:
    return re.compile(r"\s*".join(map(re.escape, unicodedata.normalize("NFKC", words))))
