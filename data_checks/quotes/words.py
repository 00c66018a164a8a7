"""The words of official prose: what a piece of a sentence can be, and a sentence as such pieces.

The grammar of these notices is fixed: a time, a region, an insurance, an indicator, a number with its unit, and how
it changed. Names come from the catalogue; the rest is the small closed set of words below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from data_checks.quotes.phrases import PHRASES, read_phrase
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator, Unit

DIGITS = str.maketrans("０１２３４５６７８９．％－＋", "0123456789.%-+")
#: Every sign that people and their programs write for minus; a long dash is a mark of punctuation and none of them.
MINUS = "\\-−‐‑–﹣⁻"
NUMBER = rf"(?<![\d.])[{MINUS}+]?\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|[{MINUS}+]?\d+(?:\.\d+)?"
_MANY = r"(?:余|多|来)?"
_DIGIT = re.compile(r"\d")
_NUMERAL = "零〇一二两三四五六七八九十百千壹贰貳叁叄肆伍陆陸柒捌玖拾佰仟"
#: In words, also such as say only how large about: 上万, 数千, 几十万.
_CHINESE_NUMBER = (
    rf"(?:百分之[{_NUMERAL}点]+|[{_NUMERAL}]+倍|翻[一两]?番|(?<![以网])[上数几成]+[十百千万亿]+|[{_NUMERAL}]*[十百千拾佰仟][{_NUMERAL}]*(?:点[{_NUMERAL}]+)?"
    rf"|[{_NUMERAL}]+点[{_NUMERAL}]+|[{_NUMERAL[1:]}])"
)
#: Numbers that are names of things: dates, document numbers, items, telephone lines.
_NO_FIGURE = re.compile(
    r"〔\d{4}〕\s*\d+\s*号|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日|\d{1,2}月\d{1,2}日|\d{1,2}日"
    r"|第\d+[条款项章节号批次届期轮部季]|[（(]\d{1,2}[）)]|^\d{1,2}[.、．)）]|\d{4}-\d{4}年|\d+号|\d{1,2}[时点]\d{0,2}分?"
    r"|\d{3,4}-\d{7,8}|(?<!\d)12333(?!\d)|1[3-9]\d{9}"
)
_OTHER_TIMES = re.compile(r"(?:第?[二三四2-4]季度|当季|本季度|当月|本月|\d{1,2}月份?)")
_THIS_TIME = re.compile(r"截至目前|今年以来|本年度|本年|今年|本期|当年|期末")
_YEAR_END = re.compile(r"上年度?末|去年年?[底末]|上年底|上年年末|上年年底|年初|去年底")
_YEAR_BEFORE = re.compile(r"上年同期|去年同期|上一年同期|上年度|上年|去年|上一年")
_SAME_PERIOD = re.compile(r"同比")
_OTHER_BASE = re.compile(r"环比|上季度?末|上一季度末?|上季度?|上月末?|上期末?|前年|五年前|\d+年前|十年")
_UP = re.compile(r"净?增加了?|净?增长了?|上升了?|提高了?|净增|增幅[为达]?|增收|(?<![至最不])多了?|上涨了?|上调了?")
_DOWN = re.compile(r"负增长了?|减少了?|下降了?|降低了?|回落了?|降幅[为达]?|减收|(?<![至最不])少了?|下调了?|缩小了?")
#: What may stand between the verb and the number of a change.
CHANGED_BY = re.compile(
    r"(?:了|约|近|超过|超|逾|不足|幅度|为|达到?(?=[^，]{0,9}%)|[：:\s])*(?=(?:负的?)?[-−‐‑–﹣⁻+]?\d)"
)
#: Before a name they make it something else: 新增参保人数 is no 参保人数.
TURNING = re.compile(r"(?:新增|新|净增|人均|月均|户均|日均|年均|平均|预计|计划|目标|预算|占|每)$")
ABOUT, OVER, UNDER = (
    re.compile(r"(?:约|大约|大致|左右)"),
    re.compile(r"(?:(?<!不)(?:超过|超|突破|逾|高于)|不低于|不少于|至少|最少)$"),
    re.compile(r"(?:近|不足|不到|(?<!不)低于|不超过|不高于|不多于|至多|最多)$"),
)
#: May stand between a name and its number without making the tie doubtful.
FILLERS = (
    r"总数|总额|合计|共计|累计|总计|已|为|是|有|达|达到|共|的|约|大约|近|超过|超|突破|逾|不足|不到|高于|低于|实现|完成|增|至|到|其中|和|及"
    r"|分别|当期|本期|全年|期末|已经|均|人员|职工|人数|金额|则|也|又|从|由|由原来|原来|仍|[，,、：:；（）()“”\s]"
)
FILLING = re.compile(rf"^(?:{FILLERS})*$")
#: Words of a time or of a change, which may touch a number.
TIMES = (*PHRASES.values(), _YEAR_END, _YEAR_BEFORE, _SAME_PERIOD, _OTHER_BASE, _THIS_TIME, _OTHER_TIMES)
CHANGES = (_UP, _DOWN, re.compile(r"幅度[为达]?|超|大约|增长率[为达]?|增速[为达]?"))
LONGEST_GAP = 12
SCALES = {"万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12}
#: Short for “参保人数” and “享受待遇人数” only right before their number: “失业保险参保15.94万人”.
_SHORT = re.compile(r"(?P<name>参保|享受待遇)(?=(?:已|共|共计|达|达到|约|近|超|超过|突破|逾|不足)*\s*\d)")
_OTHER_REGION = re.compile(
    r"全国|全省|外省|[\u4e00-\u9fff]{2,3}?(?:省|自治区|自治州|自治县)"
    r"|(?![各全个分本州县市区城每两跨外地于在与和及])[\u4e00-\u9fff]{2}[县市](?!级|外|内|区|民)"
)
_SEVERAL = re.compile(r"(?:[两三四五六]项|各项|各|社会|基本)*(?:养老|医疗|社会)保险(?:基金)?|[两三四五六]险|各险种")
ENDS = re.compile(r"[。！？；;\n]")
FAMILIES = ({"人", "人次", "人月次"},)


@dataclass(frozen=True)
class Token:
    """A piece of a sentence that means something; ``meaning`` depends on ``kind``."""

    kind: str
    start: int
    end: int
    meaning: object = None


@dataclass(frozen=True)
class Number:
    """A number as quoted: ``value`` times ``factor`` are base units of ``unit``.

    ``is_many``: 38万余人; ``is_points``: 个百分点.
    """

    value: Decimal
    unit: Unit | None
    factor: Decimal
    printed: str
    unit_text: str
    is_many: bool = False
    is_points: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """Every name of the catalogue, and the sentences of one period's texts as tokens."""

    catalog: Catalog
    period: Period

    @cached_property
    def insurances(self) -> dict[str, str]:
        """Spelling -> insurance id."""
        return {
            spelling: insurance.id
            for insurance in self.catalog.insurances.values()
            for spelling in (insurance.name, insurance.short_name, *insurance.aliases)
        }

    @cached_property
    def regions(self) -> dict[str, str]:
        """Spelling -> region code."""
        return {
            spelling: region.code
            for region in self.catalog.regions.values()
            for spelling in (region.name, *region.aliases)
        }

    @cached_property
    def indicators(self) -> frozenset[str]:
        """Spellings of numeric indicators, of whatever insurance."""
        return frozenset(
            spelling.removeprefix("其中:").removeprefix("其中：")
            for indicator in self.catalog.indicators.values()
            if indicator.kind != "text"
            for spelling in (indicator.name, *indicator.aliases)
        )

    @cached_property
    def names(self) -> re.Pattern[str]:
        """All spellings, the longest first."""
        spellings = {*self.insurances, *self.regions, *self.indicators}
        return re.compile("|".join(map(re.escape, sorted(spellings, key=len, reverse=True))))

    @cached_property
    def units(self) -> re.Pattern[str]:
        """A unit behind a number: a catalogue's name, or a plain unit with 万 or 亿 before it."""
        plain = {"人", "人次", "人月次", "户", "家", "个", "元", "元/月", "元/人·月", "%"}
        plain |= {"百分点", "个百分点", ":1", "：1"}
        plain |= {unit.id for unit in self.catalog.units.values()}
        words = "|".join(map(re.escape, sorted(plain, key=len, reverse=True)))
        return re.compile(rf"{_MANY}\s*(万亿|亿|万|百万|千万)?{_MANY}({words})?{_MANY}")

    def indicator(self, insurance: str, spelling: str) -> Indicator | None:
        """Return the indicator of this name (or short form) in the insurance, or else in the only one that has it."""
        if _SHORT.match(f"{spelling}0"):
            short = (self.catalog.find_indicator(insurance, f"{spelling}{of}") for of in ("人数", "人次"))
            return next(filter(None, short), None) if insurance else None
        if insurance:
            found = self.catalog.find_indicator(insurance, spelling) or self.catalog.find_indicator(
                insurance, f"其中:{spelling}"
            )
            if found is not None:
                return found
        every = {
            found.id: found
            for each in self.catalog.insurances
            if (found := self.catalog.find_indicator(each, spelling))
        }
        return next(iter(every.values())) if len(every) == 1 else None

    def end_of_clause(self, sentence: str, place: int) -> int:
        """Return where the next name or number begins behind ``place``: what stands until there is of the last."""
        following = (
            found.start() for found in (self.names.search(sentence, place), _DIGIT.search(sentence, place)) if found
        )
        return min(following, default=len(sentence))

    def tokens(self, sentence: str) -> Iterator[Token]:
        """Yield what ``sentence`` says, from left to right; words that mean nothing here are left out."""
        place = 0
        while place < len(sentence):
            token = self._token_at(sentence, place)
            if token is None:
                place += 1
            else:
                if token.kind != "skip":
                    yield token
                place = max(token.end, place + 1)

    def _token_at(self, sentence: str, place: int) -> Token | None:
        named = self.names.match(sentence, place)
        if named:
            return self._name(named)
        if phrase := read_phrase(sentence, place, self.period):
            return Token("period", place, phrase.end, phrase.meaning)
        if found := _SHORT.match(sentence, place):
            return Token("indicator", *found.span(), found["name"])
        if found := _NO_FIGURE.match(sentence, place):
            return Token("skip", *found.span())
        words: tuple[tuple[str, re.Pattern[str], object], ...] = (
            ("base", _YEAR_END, "year_end"),
            ("base", _YEAR_BEFORE, "year_before"),
            ("base", _SAME_PERIOD, "same"),
            ("base", _OTHER_BASE, "other"),
            ("this_time", _THIS_TIME, None),
            ("up", _UP, 1),
            ("down", _DOWN, -1),
            ("other_time", _OTHER_TIMES, None),
            ("several", _SEVERAL, None),
            ("other_region", _OTHER_REGION, None),
        )
        for kind, pattern, meaning in words:
            if found := pattern.match(sentence, place):
                return Token(kind, *found.span(), meaning)
        return self._number_at(sentence, place)

    def _name(self, found: re.Match[str]) -> Token:
        if found[0] in self.regions:
            return Token("region", *found.span(), self.regions[found[0]])
        if found[0] in self.indicators and found[0] not in self.insurances:
            return Token("indicator", *found.span(), found[0])
        return Token("insurance", *found.span(), self.insurances[found[0]])

    def _number_at(self, sentence: str, place: int) -> Token | None:
        number = re.compile(NUMBER).match(sentence, place)
        if number is None:
            written = re.compile(_CHINESE_NUMBER).match(sentence, place)
            if written is None or (place and re.match(r"[第每同这那]", sentence[place - 1])):
                return None
            unit = self.units.match(sentence, written.end())
            is_amount = bool(unit and (unit[1] or (unit[2] and unit[2] not in {"个", "家"} and len(written[0]) > 1)))
            is_rate = written[0].startswith(("百分之", "翻")) or written[0].endswith("倍")
            end = unit.end() if is_amount and unit else written.end()
            return Token("numeral", place, end) if is_amount or is_rate else None
        unit = self.units.match(sentence, number.end())
        assert unit is not None  # noqa: S101 - matches the empty text
        scale, word = unit[1] or "", (unit[2] or "").replace("：", ":")
        value = Decimal(re.sub(f"[{MINUS}]", "-", number[0].replace(",", "")))
        known = self._unit(word)
        factor = SCALES.get(scale, 1)
        end = unit.end() if scale or word else number.end()
        told = Number(
            value=value,
            unit=known,
            factor=Decimal(factor) * (known.factor if known else 1),
            printed=sentence[number.start() : end],
            unit_text=f"{scale}{word}",
            is_many=bool(re.search("[余多来]", sentence[number.end() : end])),
            is_points=word.endswith("百分点"),
        )
        return Token("number", number.start(), end, told)

    def _unit(self, word: str) -> Unit | None:
        same = {"家": "户", "个": "户", "元/人·月": "元/月"}.get(word, word)
        return self.catalog.find_unit(same) if same and not same.endswith("百分点") else None


def without_words(gap: str) -> str:
    """Return a gap without what was understood in it: times, comparisons, directions."""
    for pattern in (*PHRASES.values(), _YEAR_END, _YEAR_BEFORE, _SAME_PERIOD, _THIS_TIME, _UP, _DOWN):
        gap = pattern.sub("", gap)
    return re.sub(r"[比较与同，,、：:（）()\s]", "", gap)
