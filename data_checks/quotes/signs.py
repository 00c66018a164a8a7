"""What stands right before and right behind a number, and what it makes of it: one grammar of signs and bounds.

A sign, 负 or a word such as 赤字 turns the number; 约, 近, 超 and 余 are told apart in ``precision``. Whatever else
touches a number must be a word of the grammar, or the number is not checked: a character that nobody understood may
have changed what it says.
"""

from __future__ import annotations

import re
from dataclasses import replace

from data_checks.quotes.precision import Side
from data_checks.quotes.words import (
    ABOUT,
    CHANGES,
    FILLERS,
    MINUS,
    OVER,
    SCALES,
    TIMES,
    UNDER,
    Number,
)
from disclosure.catalog import Indicator

#: Directly before a number: it is below nothing.
_NEGATIVE = re.compile(r"负的?\s*$")
#: The same in a word, which only says so of an amount that can be below nothing.
_SHORT_OF = re.compile(
    r"(?:出现|形成|产生)?(?:赤字|亏损|亏空|缺口|收不抵支|入不敷出|倒挂|超支|透支)(?:额|了|为|是|有|达到?|[：:\s]|约|近|超过?|逾)*$"
)
#: Words that may turn a number from farther off, before it or behind it: what they say of it is not understood.
_TURNED = re.compile(r"负(?![担责荷债面])|赤字|亏|缺口|收不抵支|入不敷出|倒挂|超支|透支|欠(?!费)|短缺|逆差|减收")
#: The same behind any number, in brackets of its own or as what it is of.
_TURNED_BEHIND = re.compile(
    rf"\s*[（(【〔\[]\s*(?:[{MINUS}－]|为?负|赤字|亏|减|降|下降)[^）)】〕\]]{{0,6}}[）)】〕\]]|\s*的?(?:负增长|赤字|亏损|亏空|缺口|逆差|降幅|跌幅)"
)
#: Before or behind a number of anything: it did not, or the number is a multiple or a part of what was named.
_NOT_SO = re.compile(
    r"(?:[未没]有?|不再|停止|并非|不是)(?:[净再有稳]?[增减上下提降回突超达])|[一二两三四五六七八九十百\d]倍|翻番|一半|减半|半数"
)
#: Before a number: it is of another time, of what is wished for, or of each and not of all.
_OF_ANOTHER = re.compile(
    r"目标|计划|规划|预[计期测]|将(?!近)|力争|争取|有望|拟|假[设如]|如果|曾|原[为是来有]|本[为是]|误[报写为填]|应[为是达]"
    r"|(?<!平)[日月年人户件笔]均"
)
_PART_BEHIND = re.compile(r"\s*的\s*(?:一?半|[\d.一二两三四五六七八九十百几]+\s*(?:倍|成|分之|%))")
#: A number that is one end of a range, the rest of another number, or grouped in a way that is not ours.
_BROKEN_BEFORE = re.compile(
    rf"\d[%‰人元万亿千百户次个家月]*\s*[{MINUS}—―~～至]$|\d\s*$|\d[.·'’，,、。]$|[\d%人元万亿]\s*[/／×*]$"
    rf"|[{MINUS}+±—―]\s*$|(?:不是|不为|不再是|并非|而非|绝非|没有|未)(?:达到?|到|有|约|近|超过?|[：:\s])*$"
)
_ENDS_BEFORE = tuple(
    re.compile(rf"(?:{pattern})$")
    for pattern in (FILLERS, ABOUT.pattern, OVER.pattern, UNDER.pattern, *(each.pattern for each in (*CHANGES, *TIMES)))
)
#: Behind it only words and marks of punctuation leave it what it is, and no other number.
_BROKEN_BEHIND = re.compile(
    rf"\s*[^\s\u4e00-\u9fff，,、：:；;（()）“”。.！？!?】〕》—{MINUS}～]|\s*[{MINUS}—―～至]\s*负?\d|[{MINUS}～]|[.'’,，]\d"
    rf"|\s*[)）]\s*(?:万|亿|人|元|%)"
    r"|\s*(?:[万亿元倍]|分(?![别布配组类项])|成(?![功为立员果本])|折(?![合算扣])|人(?![民员次均口数]))"
)
#: Behind a scale alone, 13万 of 13万8千 or 一亿三千万.
_BROKEN_BEHIND_SCALE = re.compile(r"\s*[零〇一二两三四五六七八九十百千]")
_MARKS_BETWEEN = " \t\u3000“”‘’\"'「」『』"
#: What may follow a ratio that is told without a unit.
_END_OF_RATIO = re.compile(r"\s*(?:$|[，,。；;、！？）)])")


def signed(number: Number, indicator: Indicator | None, before: str) -> Number | None:
    """Return the number with the sign that the words before it say; None where nobody can tell."""
    if found := _NEGATIVE.search(before):
        if number.value.is_signed() or before[: found.start()].endswith(("负", *MINUS)):
            return None
    elif found := _SHORT_OF.search(before):
        if number.value.is_signed() or indicator is None or not indicator.may_be_negative:
            return None
    else:
        return number
    return replace(number, value=number.value.copy_negate(), printed=before[found.start() :].lstrip() + number.printed)


def is_broken(number: Number, before: str, after: str) -> bool:
    """Whether the number is but a part of what is written."""
    is_scale = number.unit_text in SCALES
    # A sign or a letter stands before it though a quotation mark or a space is between: “-”141, minus 141.
    bare = before.rstrip(_MARKS_BETWEEN)
    return bool(
        _BROKEN_BEFORE.search(before)
        or _BROKEN_BEFORE.search(bare)
        or (bare[-1:].isascii() and bare[-1:].isalpha())
        or _BROKEN_BEHIND.match(after)
        or (is_scale and _BROKEN_BEHIND_SCALE.match(after))
    )


def is_bare_ratio(after: str) -> bool:
    """Whether a number without a unit ends here, as a ratio does: “抚养比2.50，比上年末降低0.01”."""
    return bool(_END_OF_RATIO.match(after))


def is_unread(gap: str) -> bool:
    """Whether what touches the number, at the end of the ``gap`` behind its name, is no word of the grammar."""
    gap = _SHORT_OF.sub("", _NEGATIVE.sub("", gap))
    return bool(gap) and not any(pattern.search(gap) for pattern in _ENDS_BEFORE)


def is_turned(gap: str, after: str, clause: str, indicator: Indicator) -> bool:
    """Whether a word farther off may turn the number: in the ``gap`` behind its name, right ``after`` the number, or in
    its ``clause`` up to the next name or number."""
    gap = _SHORT_OF.sub("", _NEGATIVE.sub("", gap))
    if _NOT_SO.search(gap) or _OF_ANOTHER.search(gap) or _TURNED_BEHIND.match(after) or _PART_BEHIND.match(after):
        return True
    return indicator.may_be_negative and bool(_TURNED.search(gap) or _TURNED.search(clause))


def side_of(before: str, after: str, *, is_many: bool) -> Side | None:
    """Return the side of its number that a word before or behind it puts the data on."""
    if is_many or OVER.search(before) or after.startswith("以上"):
        return "above"
    return "below" if UNDER.search(before) or after.startswith(("以下", "以内")) else None
