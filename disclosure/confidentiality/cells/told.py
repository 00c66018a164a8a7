"""Withheld figures that a written sentence tells all the same: by the number, or by a growth, share or difference."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from disclosure.catalog import Catalog
from disclosure.confidentiality.cells.structure import Place
from disclosure.figures.figures import Figure

_SENTENCE = re.compile(r"[。；;！？\n]")
_NUMERALS = dict(enumerate("零一二三四五六七八九十"))
#: What an indicator's name says of how it counts.
_COUNTED = re.compile(r"(?:总?支付)?(?:总金额|金额|人月次|人次|人数)$")
_NUMBER = r"[\d.一二两三四五六七八九十百千万]+"
#: A growth, a share, a multiple, a difference.
_CHANGE = re.compile(
    rf"{_NUMBER}(?:%|个百分点|倍|成)|百分之{_NUMBER}|{_NUMBER}分之{_NUMBER}|翻了?[一两]番|减半|持平|不变"
    rf"|(?:增加|减少|净增|净减|多|少|新增|下降|上升|增长)了?{_NUMBER}(?:人次|人|名|位|例|万?元)"
)
#: Words that stand for a unit behind a number in sentences.
_MEASURES: Mapping[str, str] = {"人": "人|名|位|例|个", "人次": "人次|人|次|例", "人月次": "人月次|人次|人"}


def find_told_figures(
    catalog: Catalog, texts: Iterable[str], withheld: Sequence[Figure]
) -> Iterator[tuple[Place, str]]:
    """Yield the place of each withheld figure that a sentence of ``texts`` tells, with the sentence.

    A figure of a part of the prefecture is told where the part is named too; what is counted must be named, by the
    indicator or its insurance. A growth, a share, a multiple or a difference of it tells it too, whatever the number:
    with what else is public the reader works it out.
    """
    for text in texts:
        for sentence in _SENTENCE.split(unicodedata.normalize("NFKC", text)):
            bare = re.sub(r"\s|(?<=\d),(?=\d{3})", "", sentence)
            for figure in withheld if bare else ():
                if not _is_named(catalog, bare, figure):
                    continue
                if _is_told(catalog, bare, figure) or _is_told_by_change(catalog, bare, figure):
                    yield (figure.region, figure.indicator), sentence.strip()


def _is_named(catalog: Catalog, sentence: str, figure: Figure) -> bool:
    indicator, region = catalog.indicators[figure.indicator], catalog.regions[figure.region]
    insurance = catalog.insurances[indicator.insurance]
    counted = (indicator.name, *indicator.aliases, insurance.name, insurance.short_name, *insurance.aliases)
    is_here = region.level == "prefecture" or any(name in sentence for name in (region.name, *region.aliases))
    return is_here and any(unicodedata.normalize("NFKC", name) in sentence for name in counted)


def _is_told(catalog: Catalog, sentence: str, figure: Figure) -> bool:
    value = figure.value
    if value is None:
        return False
    forms = [f"{value:f}", *_in_words(value)]
    unit = catalog.units[figure.unit]
    measures = _MEASURES.get(unit.id, re.escape(unit.id))
    numbers = "|".join(map(re.escape, forms))
    return re.search(rf"(?<![\d.一二三四五六七八九十百千万])(?:{numbers})(?:{measures})", sentence) is not None


def _is_told_by_change(catalog: Catalog, sentence: str, figure: Figure) -> bool:
    """Whether ``sentence`` sets the very figure in proportion to another number."""
    indicator = catalog.indicators[figure.indicator]
    insurance = catalog.insurances[indicator.insurance]
    heads = {unicodedata.normalize("NFKC", _COUNTED.sub("", name)) for name in (indicator.name, *indicator.aliases)}
    shared = sum(_COUNTED.sub("", each.name) in heads for each in catalog.indicators.values()) > 1
    is_insured = any(name in sentence for name in (insurance.name, insurance.short_name, *insurance.aliases))
    is_meant = any(head and head in sentence for head in heads) and (is_insured or not shared)
    return is_meant and _CHANGE.search(sentence) is not None


def _in_words(value: Decimal) -> Iterator[str]:
    """Yield a small number as it is written in Chinese."""
    if value == value.to_integral_value() and int(value) in _NUMERALS:
        yield _NUMERALS[int(value)]
        if value == 2:
            yield "两"
