"""Figures quoted in official prose, held against the data: 每一个数都要对得上.

A sentence such as “截至2025年12月底，全州企业职工基本养老保险参保人数为38.52万人，比上年末增加1.2万人，增长3.2%”
is read from left to right. Names of the catalogue (the longest that fits), regions, periods and the words of a
change say what each number is about; the number is then compared in the precision it is quoted in. What cannot be
tied to an indicator is told as not checked, never passed over. Pure: figures in, findings out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Literal

from disclosure.catalog import Catalog, Indicator, Unit
from disclosure.errors import DisclosureError
from disclosure.figures import Figure, rounding_half_unit
from disclosure.narrative import TextBlock
from disclosure.periods import CycleKind, Period, parse_period

#: What a number says: how much there is, by how much it changed, at what rate, by how many points.
Saying = Literal["amount", "difference", "growth", "points"]
Verdict = Literal["equal", "different", "not_checked"]
#: Why a number was not checked, or what is wrong with it; the words for people are with whoever reports it.
Reason = Literal[
    "", "no_indicator", "no_insurance", "no_unit", "no_data", "other_unit", "other_region", "other_period", "several",
    "numeral", "no_base", "gap",
]  # fmt: skip


@dataclass(frozen=True)
class QuotedFigure:
    """One number of a text.

    ``printed`` is the number with its unit as it stands in ``sentence``. ``indicator``, ``region`` and ``period``
    are catalogue ids, empty where the number could not be tied. ``value`` is in ``unit``; ``expected`` is what the
    data say, in the same unit and precision, None where there is nothing to compare. ``is_certain``: nothing
    unknown stands between the number and the name it was tied to.
    """

    section: str
    sentence: str
    printed: str
    saying: Saying
    indicator: str
    region: str
    period: str
    unit: str
    value: Decimal | None
    expected: Decimal | None
    verdict: Verdict
    is_certain: bool
    reason: Reason = ""


def check_quotes(
    catalog: Catalog, period: Period, texts: Iterable[tuple[str, Sequence[TextBlock]]], figures: Iterable[Figure]
) -> tuple[QuotedFigure, ...]:
    """Every number in ``texts`` with what the data say of it.

    ``texts`` are (section id, its blocks); ``figures`` are this period's and all earlier ones at hand.
    """
    data = _Data(catalog, period, {figure.key: figure for figure in figures})
    return tuple(found for section, blocks in texts for found in _Reading(data, section).read_section(blocks))


# What the words of a text can be

_DIGITS = str.maketrans("０１２３４５６７８９．％－＋", "0123456789.%-+")
_NUMBER = r"(?<![\d.])[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-−]?\d+(?:\.\d+)?"
_MANY = r"(?:余|多|来)?"
_CHINESE_NUMBER = "(?:百分之[零〇一二两三四五六七八九十百点]+|[一二两三四五六七八九十百千]*[十百千][一二两三四五六七八九十百千]*|[一二两三四五六七八九])"
#: Numbers that are names of things: dates, document numbers, items, telephone lines.
_NO_FIGURE = re.compile(
    r"〔\d{4}〕\s*\d+\s*号|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日|\d{1,2}月\d{1,2}日|\d{1,2}日"
    r"|第\d+[条款项章节号批次届期轮部季]|[（(]\d{1,2}[）)]|^\d{1,2}[.、．)）]|\d{4}-\d{4}年|\d+号|\d{1,2}[时点]\d{0,2}分?"
    r"|\d{3,4}-\d{7,8}|(?<!\d)12333(?!\d)|1[3-9]\d{9}"
)
_PERIODS = (
    re.compile(r"(?:截至|截止|至)?(?:到)?(?P<year>\d{4})年(?P<month>\d{1,2})月(?:底|末|份底|\d{1,2}日)"),
    re.compile(r"(?:截至|截止|至)?(?:到)?(?P<year>\d{4})年(?:年)?[底末]"),
    re.compile(
        r"(?P<year>\d{4})年(?P<flow>1\s*[-—–~～至]\s*\d{1,2}月|上半年|前[二三]季度|全年|度|1\s*[-—–~～至]\s*[234]季度)"
    ),
    re.compile(r"(?P<year>\d{4})年(?:第?[一1]季度)"),
    re.compile(r"(?P<year>\d{4})年(?P<month>\d{1,2})月"),
    re.compile(r"(?P<year>\d{4})年"),
)
_OTHER_TIMES = re.compile(r"(?:第?[二三四2-4]季度|当季|本季度|当月|本月|\d{1,2}月份?)")
_THIS_TIME = re.compile(r"截至目前|今年以来|本年度|本年|今年|本期|当年|期末")
_YEAR_END = re.compile(r"上年度?末|去年年?[底末]|上年底|上年年末|上年年底|年初|去年底")
_YEAR_BEFORE = re.compile(r"上年同期|去年同期|上一年同期|上年度|上年|去年|上一年")
_SAME_PERIOD = re.compile(r"同比")
_OTHER_BASE = re.compile(r"环比|上季度?末|上一季度末?|上季度?|上月末?|上期末?|前年|五年前|\d+年前|十年")
_COMPARING = re.compile(r"[比较与和同]$")
_UP = re.compile(r"净?增加了?|净?增长了?|上升了?|提高了?|净增|增幅[为达]?|增收|多了?|上涨了?|上调了?")
_DOWN = re.compile(r"减少了?|下降了?|降低了?|回落了?|降幅[为达]?|减收|少了?|下调了?|缩小了?")
#: What may stand between the verb and the number of a change.
_CHANGED_BY = re.compile(rf"(?:了|约|近|超过|超|逾|不足|幅度|为|达到?(?=[^，]{{0,9}}%)|[：:\s])*(?=[-−]?\d)")
#: Before a name they make it something else: 新增参保人数 is no 参保人数.
_TURNING = re.compile(r"(?:新增|净增|人均|月均|户均|日均|年均|平均|预计|计划|目标|预算|占|每)$")
_ABOUT, _OVER, _UNDER = (
    re.compile(r"(?:约|大约|大致|左右)"),
    re.compile(r"(?:超过|超|突破|逾|高于)$"),
    re.compile(r"(?:近|不足|不到|低于)$"),
)
#: May stand between a name and its number without making the tie doubtful.
_FILLING = re.compile(
    r"^(?:总数|总额|合计|共计|累计|总计|已|为|是|有|达|达到|共|的|约|大约|近|超过|超|突破|逾|不足|不到|高于|低于|实现|完成|增|至|到|其中|和|及"
    r"|分别|当期|本期|全年|期末|已经|均|人员|职工|人数|金额|则|也|又|从|由|由原来|原来|仍|[，,、：:；（）()“”\s])*$"
)
_LONGEST_GAP = 12
_OTHER_REGION = re.compile(
    r"全国|全省|外省|[\u4e00-\u9fff]{2,3}?(?:省|自治区|自治州|自治县)|(?![各全个分本州县市区城每两跨外地于在与和及])[\u4e00-\u9fff]{2}[县市](?!级|外|内|区|民)"
)
_SEVERAL = re.compile(r"(?:[两三四五六]项|各项|各|社会|基本)*(?:养老|医疗|社会)保险(?:基金)?|[两三四五六]险|各险种")
_ENDS = re.compile(r"[。！？；;\n]")
_FAMILIES = ({"人", "人次", "人月次"},)


@dataclass(frozen=True)
class _Token:
    """A piece of a sentence that means something; ``meaning`` depends on ``kind``."""

    kind: str
    start: int
    end: int
    meaning: object = None


@dataclass(frozen=True)
class _Number:
    value: Decimal
    unit: Unit | None
    factor: Decimal
    printed: str
    unit_text: str
    is_many: bool = False
    is_points: bool = False


@dataclass(frozen=True)
class _Data:
    """The figures, and every name of the catalogue as one pattern."""

    catalog: Catalog
    period: Period
    figures: Mapping[tuple[str, str, str], Figure]

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
        plain = {
            "元/人·月",
            "元/月",
            "人月次",
            "人次",
            "人",
            "户",
            "家",
            "个",
            "元",
            "个百分点",
            "百分点",
            "%",
            ":1",
            "：1",
        }
        plain |= {unit.id for unit in self.catalog.units.values()}
        words = "|".join(map(re.escape, sorted(plain, key=len, reverse=True)))
        return re.compile(rf"{_MANY}\s*(万亿|亿|万|百万|千万)?{_MANY}({words})?{_MANY}")

    def indicator(self, insurance: str, spelling: str) -> Indicator | None:
        """The indicator of this name in the insurance, or else in the only one that has it."""
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

    def figure(self, region: str, indicator: str, period: Period | None) -> Figure | None:
        """A reported number."""
        found = self.figures.get((region, indicator, period.id)) if period else None
        return found if found is not None and found.value is not None else None


@dataclass
class _Context:
    """What the words read so far say about the next number."""

    insurance: str = ""
    several: bool = False
    region: str = ""
    period: Period | None = None
    is_vague: bool = False
    indicator: Indicator | None = None
    name_end: int = 0
    turned: bool = False
    several_numbers: bool = False
    base: Period | None = None
    has_base: bool = False
    base_is_other: bool = False
    direction: int = 0
    compared_from: int = -1
    main_quote: Decimal | None = None
    joined: str = ""


@dataclass
class _Reading:
    data: _Data
    section: str
    heading_insurance: str = ""
    context: _Context = field(default_factory=_Context)

    def read_section(self, blocks: Sequence[TextBlock]) -> Iterator[QuotedFigure]:
        for block in blocks:
            if block.kind == "heading":
                # It says which insurance the paragraphs below it are about.
                spellings = (found[0] for found in self.data.names.finditer(block.text))
                named = {self.data.insurances[each] for each in spellings if each in self.data.insurances}
                self.heading_insurance = named.pop() if len(named) == 1 else ""
            for paragraph in _table_sentences(block) if block.kind == "table" else block.lines:
                yield from self._read_paragraph(paragraph.translate(_DIGITS))

    def _read_paragraph(self, text: str) -> Iterator[QuotedFigure]:
        self.context = _Context(
            insurance=self.heading_insurance, region=self.data.catalog.prefecture.code, period=self.data.period
        )
        start = 0
        for end in [*(found.end() for found in _ENDS.finditer(text)), len(text)]:
            if sentence := text[start:end].strip():
                yield from self._read_sentence(sentence)
            start = end

    def _read_sentence(self, sentence: str) -> Iterator[QuotedFigure]:
        context = self.context
        context.indicator, context.turned, context.several_numbers = None, False, "分别" in sentence
        context.base, context.has_base, context.base_is_other, context.direction = None, False, False, 0
        context.main_quote = None
        if context.region != self.data.catalog.prefecture.code:
            # Whether the county of the sentence before is still meant cannot be known.
            context.region, context.is_vague = self.data.catalog.prefecture.code, True
        for token in self._tokens(sentence):
            match token.kind:
                case "number":
                    assert isinstance(token.meaning, _Number)  # noqa: S101 - what the tokens say
                    yield self._judge(sentence, token, token.meaning)
                    context.direction = 0
                case "numeral":
                    yield self._unchecked(sentence, sentence[token.start : token.end], "numeral")
                case _:
                    self._learn(sentence, token)

    # Tokens

    def _tokens(self, sentence: str) -> Iterator[_Token]:
        place = 0
        while place < len(sentence):
            token = self._token_at(sentence, place)
            if token is None:
                place += 1
            else:
                if token.kind != "skip":
                    yield token
                place = max(token.end, place + 1)

    def _token_at(self, sentence: str, place: int) -> _Token | None:  # noqa: PLR0911 - one return a kind
        named = self.data.names.match(sentence, place)
        if named:
            return self._name(named)
        for pattern in _PERIODS:
            if found := pattern.match(sentence, place):
                return _Token("period", *found.span(), self._period_of(found))
        if found := _NO_FIGURE.match(sentence, place):
            return _Token("skip", *found.span())
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
                return _Token(kind, *found.span(), meaning)
        return self._number_at(sentence, place)

    def _name(self, found: re.Match[str]) -> _Token:
        if found[0] in self.data.regions:
            return _Token("region", *found.span(), self.data.regions[found[0]])
        if found[0] in self.data.indicators and found[0] not in self.data.insurances:
            return _Token("indicator", *found.span(), found[0])
        return _Token("insurance", *found.span(), self.data.insurances[found[0]])

    def _number_at(self, sentence: str, place: int) -> _Token | None:
        number = re.compile(_NUMBER).match(sentence, place)
        if number is None:
            written = re.compile(_CHINESE_NUMBER).match(sentence, place)
            if written is None or (place and re.match(r"[第每同这那]", sentence[place - 1])):
                return None
            unit = self.data.units.match(sentence, written.end())
            is_amount = bool(unit and (unit[1] or (unit[2] and unit[2] not in {"个", "家"} and len(written[0]) > 1)))
            is_rate = written[0].startswith("百分之")
            end = unit.end() if is_amount and unit else written.end()
            return _Token("numeral", place, end) if is_amount or is_rate else None
        unit = self.data.units.match(sentence, number.end())
        assert unit is not None  # noqa: S101 - matches the empty text
        scale, word = unit[1] or "", (unit[2] or "").replace("：", ":")
        value = Decimal(number[0].replace(",", "").replace("−", "-"))
        known = self._unit(scale, word)
        factor = {"": 1, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12}[scale]
        end = unit.end() if scale or word else number.end()
        told = _Number(
            value=value,
            unit=known,
            factor=Decimal(factor) * (known.factor if known else 1),
            printed=sentence[number.start() : end],
            unit_text=f"{scale}{word}",
            is_many=bool(re.search("[余多来]", sentence[number.end() : end])),
            is_points=word.endswith("百分点"),
        )
        return _Token("number", number.start(), end, told)

    def _unit(self, scale: str, word: str) -> Unit | None:
        """The unit that ``word`` is; ``scale`` is counted apart, so 万人 is 人 ten thousand times."""
        del scale
        same = {"家": "户", "个": "户", "元/人·月": "元/月"}.get(word, word)
        return self.data.catalog.find_unit(same) if same and not same.endswith("百分点") else None

    def _period_of(self, found: re.Match[str]) -> Period | str | None:
        """The period named; ``later`` where the year is this one's and the rest of the year is not over; None
        where it is no period of ours."""
        parts = found.groupdict()
        year = int(parts["year"])
        month, flow = parts.get("month"), parts.get("flow")
        kinds: dict[int, CycleKind] = {3: "q1", 6: "h1", 9: "q3", 12: "annual"}
        try:
            if found.re is _PERIODS[4]:
                return "month"
            if month:
                return Period(year, kinds[int(month)])
            if flow:
                flow = re.sub(r"\s", "", flow)
                named = {"上半年": "1-6月", "前二季度": "1-6月", "前三季度": "1-9月", "全年": "度"}.get(flow, flow)
                return parse_period(f"{year}年{named}")
            if found.re is _PERIODS[3]:
                return Period(year, "q1")
            if found.re is _PERIODS[5] and year == self.data.period.year and self.data.period.end_month < 12:
                return "year"
            return Period(year, "annual")
        except (DisclosureError, KeyError):
            return None

    # What the words teach

    def _learn(self, sentence: str, token: _Token) -> None:
        context = self.context
        before = sentence[: token.start]
        match token.kind:
            case "insurance":
                joins = bool(re.search(r"[、和与及]$", before)) and bool(context.joined) and context.indicator is None
                context.several = joins
                context.insurance = str(token.meaning)
                context.joined = context.insurance
                context.indicator = None
                if re.search(r"参加(?:了)?$", before):
                    self._set_indicator("参保人数", token, before)
            case "several":
                context.several, context.insurance, context.indicator = True, "", None
            case "indicator":
                context.joined = ""
                self._set_indicator(str(token.meaning), token, before)
            case "region":
                context.region, context.is_vague = str(token.meaning), False
                context.has_base = False
                if context.indicator is not None:
                    context.name_end = token.end
            case "other_region":
                context.region = "elsewhere"
            case "period":
                self._set_period(token)
            case "this_time":
                context.period, context.is_vague = self.data.period, False
            case "other_time":
                context.period = None
            case "base":
                self._set_base(str(token.meaning), before)
            case "up" | "down":
                # “增长3.2%” tells a change; “增长到38万人” and “稳步增长，达到38万人” an amount.
                changes = _CHANGED_BY.match(sentence, token.end)
                context.direction = int(str(token.meaning)) if changes else 0
            case _:
                raise AssertionError(token.kind)

    def _set_indicator(self, spelling: str, token: _Token, before: str) -> None:
        context = self.context
        context.indicator = None if context.several else self.data.indicator(context.insurance, spelling)
        context.name_end = token.end
        context.turned = bool(_TURNING.search(before))
        context.base, context.has_base, context.base_is_other, context.direction = None, False, False, 0
        context.main_quote = None
        if context.indicator is None and not context.insurance and not context.several:
            context.joined = ""

    def _set_period(self, token: _Token) -> None:
        context = self.context
        if token.meaning == "month":
            # “2025年7月起” is when something began, not what a figure is of; what follows is doubtful.
            context.is_vague = True
        elif token.meaning == "year":
            context.period, context.is_vague = self.data.period, True
        else:
            context.period = token.meaning if isinstance(token.meaning, Period) else None
            context.is_vague = False

    def _set_base(self, meaning: str, before: str) -> None:
        context = self.context
        period = context.period
        context.has_base = True
        context.base_is_other = meaning == "other"
        context.base = None
        if period is not None and meaning == "year_end":
            context.base = period.last_year_end()
        elif period is not None and meaning in {"year_before", "same"}:
            context.base = period.year_before()
        context.direction = 0
        context.compared_from = len(before) if _COMPARING.search(before) or meaning == "same" else -1

    # Judging

    def _judge(self, sentence: str, token: _Token, number: _Number) -> QuotedFigure:
        context = self.context
        if not number.unit_text and context.indicator is not None and context.indicator.unit == ":1":
            # A ratio is told without a unit: “抚养比2.50，比上年末降低0.01”.
            number = replace(number, unit=self.data.catalog.units[":1"], unit_text=":1")
        reason = self._untied(sentence, token, number)
        if reason:
            return self._unchecked(sentence, number.printed, reason)
        indicator = context.indicator
        assert indicator is not None  # noqa: S101 - _untied would have said so
        gap = sentence[context.name_end : token.start] if context.name_end <= token.start else ""
        is_borrowed = bool(context.insurance) and indicator.insurance != context.insurance
        is_certain = not (context.is_vague or is_borrowed) and bool(_FILLING.match(_without_words(gap)))
        if context.direction or (context.has_base and number.is_points):
            found = self._judge_change(sentence, number, indicator, is_certain)
        else:
            found = self._judge_amount(sentence, token, number, indicator, is_certain)
        context.name_end = token.end
        return found

    def _untied(self, sentence: str, token: _Token, number: _Number) -> Reason:  # noqa: PLR0911 - one return a reason
        context = self.context
        if not number.unit_text:
            return "no_unit"
        if context.several_numbers or context.several:
            return "several"
        if context.indicator is None:
            return "no_indicator" if context.insurance else "no_insurance"
        if context.turned:
            return "no_indicator"
        if context.region == "elsewhere":
            return "other_region"
        if context.period is None:
            return "other_period"
        if number.unit is None and not number.is_points:
            return "no_unit"
        gap = _without_words(sentence[context.name_end : token.start])
        return "gap" if len(gap) > _LONGEST_GAP else ""

    def _judge_amount(
        self, sentence: str, token: _Token, number: _Number, indicator: Indicator, is_certain: bool
    ) -> QuotedFigure:
        context = self.context
        unit = number.unit
        if unit is None:
            return self._unchecked(sentence, number.printed, "no_unit")
        own = self.data.catalog.units[indicator.unit]
        period = context.base if context.has_base else context.period
        if re.search(r"[由从](?:原来)?的?$", sentence[: token.start]):
            # “由37.33万人增加到38.52万人”: from what it was.
            period, is_certain = self._base_of(indicator)[0], False
        made = self._made(sentence, number, "amount", indicator, period, is_certain)
        if context.has_base and period is None:
            return replace(made, verdict="not_checked", reason="no_base")
        if not _same_base(unit, own):
            related = any({unit.base, own.base} <= family for family in _FAMILIES)
            figure = self.data.figure(context.region, indicator.id, period)
            if not related or figure is None or figure.value is None:
                return replace(made, verdict="not_checked", reason="other_unit", indicator="", region="", period="")
            return replace(made, verdict="different", reason="other_unit", is_certain=False)
        figure = self.data.figure(context.region, indicator.id, period)
        if figure is None or figure.value is None:
            return replace(made, verdict="not_checked", reason="no_data")
        actual = self._in_base(figure)
        expected = _in_precision(actual, number)
        before = sentence[: token.start]
        after = sentence[token.end : token.end + 3]
        quoted = number.value * number.factor
        if _OVER.search(before) or number.is_many or re.match(r"以上|余|多", after):
            holds = quoted <= actual < quoted * 2
        elif _UNDER.search(before):
            holds = quoted / 2 < actual <= quoted
        else:
            holds = number.value == expected or _agrees(number, actual, self._half(figure))
        about = bool(re.search(rf"{_ABOUT.pattern}$", before)) or bool(_ABOUT.match(after))
        if not context.has_base:
            context.main_quote = Decimal(1).scaleb(_exponent(number.value)) * number.factor
        return replace(
            made, expected=expected, verdict="equal" if holds else "different", is_certain=is_certain and not about
        )

    def _judge_change(self, sentence: str, number: _Number, indicator: Indicator, is_certain: bool) -> QuotedFigure:
        context, data = self.context, self.data
        base_period, is_implied = self._base_of(indicator)
        saying: Saying = (
            "points" if number.is_points else "growth" if number.unit and number.unit.base == "%" else "difference"
        )
        made = self._made(sentence, number, saying, indicator, context.period, is_certain and not is_implied)
        now = data.figure(context.region, indicator.id, context.period)
        before = data.figure(context.region, indicator.id, base_period)
        if context.base_is_other or base_period is None:
            return replace(made, verdict="not_checked", reason="no_base")
        if now is None or before is None:
            return replace(made, verdict="not_checked", reason="no_data")
        own = data.catalog.units[indicator.unit]
        is_rate = own.base in {"%", ":1"}
        direction = Decimal(context.direction or 1)
        if is_rate:
            # “提高0.5个百分点”, and in a ratio of :1 the bare number; a rate of a rate is not checked.
            if not (number.is_points or (number.unit is not None and _same_base(number.unit, own))):
                return replace(made, verdict="not_checked", reason="other_unit")
            saying = "points"
        elif saying == "points" or (saying == "difference" and not (number.unit and _same_base(number.unit, own))):
            return replace(made, verdict="not_checked", reason="other_unit")
        candidates = list(self._changes(now, before, number, is_rate=is_rate, growth=saying == "growth"))
        if not candidates:
            return replace(made, verdict="not_checked", reason="no_base")
        quoted = direction * number.value
        return replace(
            made,
            saying=saying,
            expected=direction * candidates[0],
            verdict="equal" if quoted in candidates else "different",
        )

    def _base_of(self, indicator: Indicator) -> tuple[Period | None, bool]:
        """What a change is told against, and whether that was only implied."""
        context = self.context
        if context.has_base:
            return context.base, False
        if context.period is None:
            return None, True
        at_end = indicator.kind in ("stock", "ratio")
        return (context.period.last_year_end() if at_end else context.period.year_before()), True

    def _changes(
        self, now: Figure, before: Figure, number: _Number, *, is_rate: bool, growth: bool
    ) -> Iterator[Decimal]:
        """The change in the quoted precision: from the data as they are, and from both amounts as rounded in the
        sentence (人 told in 万人 are subtracted as printed by some)."""
        pairs = [(self._in_base(now), self._in_base(before))]
        if self.context.main_quote:
            step = self.context.main_quote
            pairs.append((_rounded(pairs[0][0], step), _rounded(pairs[0][1], step)))
        coarser = max(self._step(now), self._step(before))
        for after, base in pairs:
            if growth:
                if base <= 0 or after < 0:
                    return
                yield _to_exponent((after - base) * 100 / base, _exponent(number.value))
            else:
                factor = Decimal(1) if is_rate else number.factor
                exact = (after - base) / factor
                yield _to_exponent(exact, _exponent(number.value))
                # Printed more finely than the data are known: the coarser place is all there is.
                if Decimal(1).scaleb(_exponent(number.value)) * factor < coarser:
                    yield exact

    def _in_base(self, figure: Figure) -> Decimal:
        assert figure.value is not None  # noqa: S101 - only reported numbers are looked up
        return figure.value * self.data.catalog.units[figure.unit].factor

    def _step(self, figure: Figure) -> Decimal:
        assert figure.value is not None  # noqa: S101 - only reported numbers are looked up
        return Decimal(1).scaleb(_exponent(figure.value)) * self.data.catalog.units[figure.unit].factor

    def _half(self, figure: Figure) -> Decimal:
        """The most the figure can be off by its own rounding, in base units; nothing where people are counted."""
        assert figure.value is not None  # noqa: S101 - only reported numbers are looked up
        unit = self.data.catalog.units[figure.unit]
        if unit.factor == 1 and unit.decimals == 0:
            return Decimal(0)
        return rounding_half_unit(figure.value) * unit.factor

    def _made(
        self,
        sentence: str,
        number: _Number,
        saying: Saying,
        indicator: Indicator,
        period: Period | None,
        is_certain: bool,
    ) -> QuotedFigure:
        return QuotedFigure(
            section=self.section,
            sentence=sentence,
            printed=number.printed,
            saying=saying,
            indicator=indicator.id,
            region=self.context.region,
            period=period.id if period else "",
            unit=number.unit_text,
            value=number.value,
            expected=None,
            verdict="not_checked",
            is_certain=is_certain,
        )

    def _unchecked(self, sentence: str, printed: str, reason: Reason) -> QuotedFigure:
        return QuotedFigure(
            section=self.section,
            sentence=sentence,
            printed=printed,
            saying="amount",
            indicator="",
            region="",
            period="",
            unit="",
            value=None,
            expected=None,
            verdict="not_checked",
            is_certain=False,
            reason=reason,
        )


def _table_sentences(table: TextBlock) -> Iterator[str]:
    """Each number of a table as a sentence: row head, column head, the number, and the unit in either's brackets."""
    in_brackets = re.compile(r"[（(]\s*(?:单位[：:])?([^（）()]{1,8})[）)]")
    head, *body = table.rows
    for row in body:
        for title, cell in zip(head[1:], row[1:], strict=False):
            unit = in_brackets.search(title) or in_brackets.search(row[0])
            bare = re.fullmatch(rf"(?:{_NUMBER})", cell.translate(_DIGITS).strip())
            about = "，".join(in_brackets.sub("", words) for words in (row[0], title))
            yield f"{about}：{cell}{unit[1] if bare and unit else ''}。"


def _without_words(gap: str) -> str:
    """A gap without what was understood in it: times, comparisons, directions."""
    for pattern in (*_PERIODS, _YEAR_END, _YEAR_BEFORE, _SAME_PERIOD, _THIS_TIME, _UP, _DOWN):
        gap = pattern.sub("", gap)
    return re.sub(r"[比较与同，,、：:（）()\s]", "", gap)


def _same_base(unit: Unit, own: Unit) -> bool:
    """Whether both measure the same; a standard in 元/月 is often quoted in 元."""
    return unit.base == own.base or (unit.base, own.base) == ("元", "元/月")


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _to_exponent(value: Decimal, exponent: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(exponent), rounding=ROUND_HALF_UP)


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step


def _in_precision(actual: Decimal, number: _Number) -> Decimal:
    """``actual`` (base units) in the quoted unit and number of decimals."""
    return _to_exponent(actual / number.factor, _exponent(number.value))


def _agrees(number: _Number, actual: Decimal, half: Decimal) -> bool:
    """A quote finer than the data agrees while it rounds to them."""
    step = Decimal(1).scaleb(_exponent(number.value)) * number.factor
    return step < 2 * half and abs(number.value * number.factor - actual) <= half
