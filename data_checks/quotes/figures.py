"""Figures quoted in official prose, held against the data: 每一个数都要对得上.

A sentence such as “截至2025年12月底，全州企业职工基本养老保险参保人数为38.52万人，比上年末增加1.2万人，增长3.2%”
is read from left to right. Names of the catalogue (the longest that fits), regions, periods and the words of a
change say what each number is about; the number is then compared in the precision it is quoted in. What cannot be
tied to an indicator is told as not checked, never passed over. Pure: figures in, findings out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from data_checks.quotes.context import QuotedData, QuotedFigure, ReadingContext, Reason, Saying, table_sentences
from data_checks.quotes.lists import Member, members_of
from data_checks.quotes.precision import (
    agrees,
    bound,
    exponent,
    in_precision,
    is_beside,
    rounded,
    same_base,
    to_exponent,
)
from data_checks.quotes.signs import is_bare_ratio, is_broken, is_turned, is_unread, side_of, signed
from data_checks.quotes.words import (
    ABOUT,
    CHANGED_BY,
    DIGITS,
    ENDS,
    FAMILIES,
    FILLING,
    LONGEST_GAP,
    SCALES,
    TURNING,
    Number,
    Token,
    without_words,
)
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator
from disclosure.figures.comparison import compared_with
from disclosure.figures.figures import Figure, rounding_half_unit
from disclosure.figures.narrative import TextBlock


def check_quotes(
    catalog: Catalog, period: Period, texts: Iterable[tuple[str, Sequence[TextBlock]]], figures: Iterable[Figure]
) -> tuple[QuotedFigure, ...]:
    """Every number in ``texts`` with what the data say of it.

    ``texts`` are (section id, its blocks); ``figures`` are this period's and all earlier ones at hand.
    """
    data = QuotedData(catalog, period, {figure.key: figure for figure in figures})
    return tuple(found for section, blocks in texts for found in _Reading(data, section).read_section(blocks))


@dataclass
class _Reading:
    data: QuotedData
    section: str
    heading_insurance: str = ""
    context: ReadingContext = field(default_factory=ReadingContext)

    def read_section(self, blocks: Sequence[TextBlock]) -> Iterator[QuotedFigure]:
        for block in blocks:
            if block.kind == "heading":
                # It says which insurance the paragraphs below it are about.
                known = self.data.vocabulary.insurances
                spellings = (found[0] for found in self.data.vocabulary.names.finditer(block.text))
                named = {known[spelling] for spelling in spellings if spelling in known}
                self.heading_insurance = named.pop() if len(named) == 1 else ""
            for paragraph in table_sentences(block) if block.kind == "table" else block.lines:
                yield from self._read_paragraph(paragraph.translate(DIGITS))

    def _read_paragraph(self, text: str) -> Iterator[QuotedFigure]:
        self.context = ReadingContext(
            insurance=self.heading_insurance, region=self.data.catalog.prefecture.code, period=self.data.period
        )
        start = 0
        for end in [*(found.end() for found in ENDS.finditer(text)), len(text)]:
            if sentence := text[start:end].strip():
                yield from self._read_sentence(sentence)
            start = end

    def _read_sentence(self, sentence: str) -> Iterator[QuotedFigure]:
        context = self.context
        context.indicator, context.turned, context.several_numbers = None, False, "分别" in sentence
        context.base, context.has_base, context.base_is_other, context.direction = None, False, False, 0
        context.main_quote, context.insurance_end = None, -1
        if context.region != self.data.catalog.prefecture.code:
            # Whether the county of the sentence before is still meant cannot be known.
            context.region, context.is_vague = self.data.catalog.prefecture.code, True
        tokens = list(self.data.vocabulary.tokens(sentence))
        members = members_of(sentence, tokens)
        for token in tokens:
            match token.kind:
                case "number":
                    assert isinstance(token.meaning, Number)  # noqa: S101 - what the tokens say
                    if token.start in members:
                        yield self._judge_member(sentence, token, token.meaning, members[token.start])
                        continue
                    yield self._judge(sentence, token, token.meaning)
                    context.direction = 0
                case "numeral":
                    yield self._unchecked(sentence, sentence[token.start : token.end], "numeral")
                case _:
                    self._learn(sentence, token)

    # What the words teach

    def _learn(self, sentence: str, token: Token) -> None:
        context = self.context
        before = sentence[: token.start]
        match token.kind:
            case "insurance":
                self._set_insurance(str(token.meaning), token, before)
            case "several":
                context.several, context.insurance, context.indicator = True, "", None
            case "indicator":
                self._set_indicator(str(token.meaning), token, before)
            case "region" | "other_region":
                context.region = str(token.meaning or "elsewhere")
                context.is_vague, context.has_base = False, False
                context.name_end = token.end
            case "period":
                self._set_period(token)
            case "this_time" | "other_time":
                context.period, context.is_vague = self.data.period if token.kind == "this_time" else None, False
            case "base":
                self._set_base(str(token.meaning))
            case _:
                # “增长3.2%” tells a change; “增长到38万人” and “稳步增长，达到38万人” an amount.
                changes = CHANGED_BY.match(sentence, token.end)
                context.direction = int(str(token.meaning)) if changes else 0

    def _set_insurance(self, insurance: str, token: Token, before: str) -> None:
        context = self.context
        # “失业保险和工伤保险参保人数” is of both together.
        context.several = context.insurance_end == token.start - 1 and before.endswith(("、", "和", "与", "及"))
        context.insurance, context.insurance_end, context.indicator = insurance, token.end, None
        if before.endswith(("参加", "参加了")):
            self._set_indicator("参保人数", token, before)

    def _set_indicator(self, spelling: str, token: Token, before: str) -> None:
        context = self.context
        context.indicator = None if context.several else self.data.vocabulary.indicator(context.insurance, spelling)
        context.name_end = token.end
        context.turned = bool(TURNING.search(before))
        context.base, context.has_base, context.base_is_other, context.direction = None, False, False, 0
        context.main_quote = None

    def _set_period(self, token: Token) -> None:
        context = self.context
        if token.meaning == "month":
            # “2025年7月起” is when something began, not what a figure is of; what follows is doubtful.
            context.is_vague = True
        elif token.meaning == "year":
            context.period, context.is_vague = self.data.period, True
        else:
            context.period = token.meaning if isinstance(token.meaning, Period) else None
            context.is_vague = False

    def _set_base(self, meaning: str) -> None:
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

    # Judging

    def _judge(self, sentence: str, token: Token, number: Number) -> QuotedFigure:
        context = self.context
        before, after = sentence[: token.start], sentence[token.end :]
        own_unit = context.indicator.unit if context.indicator is not None else ""
        if not number.unit_text and own_unit == ":1" and is_bare_ratio(after):
            number = replace(number, unit=self.data.catalog.units[":1"], unit_text=":1")
        if number.unit is None and number.unit_text and not number.is_points and context.indicator is not None:
            # “参保人数突破25万大关”: where people are counted, 万 alone is of people.
            own = self.data.catalog.units[context.indicator.unit]
            is_scale = number.unit_text in SCALES and own.factor == 1 and own.decimals == 0
            number = replace(number, unit=own) if is_scale else number
        reason = self._untied(sentence, token, number)
        read = signed(number, context.indicator, before)
        if reason or read is None or is_broken(number, before, after):
            return self._unchecked(sentence, number.printed, reason or "sign")
        number = read
        indicator = context.indicator
        assert indicator is not None  # noqa: S101 - _untied would have said so
        gap = sentence[context.name_end : token.start] if context.name_end <= token.start else ""
        is_bound = side_of(before.removesuffix("负"), after, is_many=False)
        clause = sentence[token.end : self.data.vocabulary.end_of_clause(sentence, token.end)]
        if is_turned(gap, after, clause, indicator):
            return self._unchecked(sentence, number.printed, "sign")
        if is_unread(gap) or (number.value.is_signed() and (context.direction < 0 or is_bound)):
            return self._unchecked(sentence, number.printed, "sign")
        is_borrowed = bool(context.insurance) and indicator.insurance != context.insurance
        is_certain = not (context.is_vague or is_borrowed) and bool(FILLING.match(without_words(gap)))
        if context.direction or (context.has_base and number.is_points):
            found = self._judge_change(sentence, number, indicator, is_certain)
        else:
            found = self._judge_amount(sentence, token, number, indicator, is_certain)
        context.name_end = token.end
        return found

    def _judge_member(self, sentence: str, token: Token, number: Number, member: Member) -> QuotedFigure:
        """Return a number of a list with 分别: about the name that has the same place among the names."""
        context = self.context
        self.context = replace(
            context,
            insurance=member.insurance or context.insurance,
            region=member.region or context.region,
            several=False,
            several_numbers=False,
            direction=0,
            has_base=False,
        )
        self.context.indicator = self.data.vocabulary.indicator(self.context.insurance, member.indicator)
        self.context.name_end = token.start
        found = self._judge(sentence, token, number)
        self.context = context
        return found

    def _untied(self, sentence: str, token: Token, number: Number) -> Reason:  # noqa: PLR0911 - one return a reason
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
        gap = without_words(sentence[context.name_end : token.start])
        return "gap" if len(gap) > LONGEST_GAP else ""

    def _judge_amount(
        self, sentence: str, token: Token, number: Number, indicator: Indicator, is_certain: bool
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
        made = self._made(sentence, number, "amount", about=(indicator, period), is_certain=is_certain)
        if context.has_base and period is None:
            return replace(made, verdict="not_checked", reason="no_base")
        if not same_base(unit, own):
            related = any({unit.base, own.base} <= family for family in FAMILIES)
            figure = self.data.figure(context.region, indicator.id, period)
            if not related or figure is None or figure.value is None:
                return replace(made, verdict="not_checked", reason="other_unit", indicator="", region="", period="")
            return replace(made, verdict="different", reason="other_unit", is_certain=False)
        figure = self.data.figure(context.region, indicator.id, period)
        if figure is None or figure.value is None:
            return replace(made, verdict="not_checked", reason="no_data")
        actual = self._in_base(figure)
        expected = in_precision(actual, number)
        before = sentence[: token.start]
        after = sentence[token.end : token.end + 3]
        about = bool(re.search(rf"{ABOUT.pattern}$", before)) or bool(ABOUT.match(after))
        is_many = number.is_many or bool(re.match(r"余|多", after))
        if side := side_of(before, after, is_many=is_many):
            expected = bound(actual, number, side)
            holds = is_beside(actual, number, side, roundly=is_many)
            # “超过10万” of 15万 is true and says little: to be asked about, not called wrong.
            about = about or (not holds and is_beside(actual, number, side, roundly=True))
        else:
            holds = number.value == expected or agrees(number, actual, self._half(figure))
        if not context.has_base:
            context.main_quote = Decimal(1).scaleb(exponent(number.value)) * number.factor
        return replace(
            made, expected=expected, verdict="equal" if holds else "different", is_certain=is_certain and not about
        )

    def _judge_change(self, sentence: str, number: Number, indicator: Indicator, is_certain: bool) -> QuotedFigure:
        context, data = self.context, self.data
        base_period, is_implied = self._base_of(indicator)
        saying: Saying = (
            "points" if number.is_points else "growth" if number.unit and number.unit.base == "%" else "difference"
        )
        made = self._made(
            sentence, number, saying, about=(indicator, context.period), is_certain=is_certain and not is_implied
        )
        now = data.figure(context.region, indicator.id, context.period)
        before = data.figure(context.region, indicator.id, base_period)
        if context.base_is_other or base_period is None:
            return replace(made, verdict="not_checked", reason="no_base")
        if now is None or before is None:
            return replace(made, verdict="not_checked", reason="no_data")
        own = data.catalog.units[indicator.unit]
        is_rate = own.is_rate
        direction = Decimal(context.direction or 1)
        if is_rate:
            # “提高0.5个百分点”, and in a ratio of :1 the bare number; a rate of a rate is not checked.
            if not (number.is_points or (number.unit is not None and same_base(number.unit, own))):
                return replace(made, verdict="not_checked", reason="other_unit")
            saying = "points"
        elif saying == "points" or (saying == "difference" and not (number.unit and same_base(number.unit, own))):
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
        """Return what a change is told against, and whether that was only implied."""
        context = self.context
        if context.has_base:
            return context.base, False
        if context.period is None:
            return None, True
        return compared_with(self.data.catalog, indicator, context.period), True

    def _changes(
        self, now: Figure, before: Figure, number: Number, *, is_rate: bool, growth: bool
    ) -> Iterator[Decimal]:
        """Yield the change in the quoted precision: from the data as they are, and from both amounts as rounded in the
        sentence (人 told in 万人 are subtracted as printed by some)."""
        pairs = [(self._in_base(now), self._in_base(before))]
        if self.context.main_quote:
            step = self.context.main_quote
            pairs.append((rounded(pairs[0][0], step), rounded(pairs[0][1], step)))
        coarser = max(self._step(now), self._step(before))
        for after, base in pairs:
            if growth:
                if base <= 0 or after < 0:
                    return
                yield to_exponent((after - base) * 100 / base, exponent(number.value))
            else:
                factor = Decimal(1) if is_rate else number.factor
                exact = (after - base) / factor
                yield to_exponent(exact, exponent(number.value))
                # Printed more finely than the data are known: the coarser place is all there is.
                if Decimal(1).scaleb(exponent(number.value)) * factor < coarser:
                    yield exact

    def _in_base(self, figure: Figure) -> Decimal:
        assert figure.value is not None  # noqa: S101 - only reported numbers are looked up
        return figure.value * self.data.catalog.units[figure.unit].factor

    def _step(self, figure: Figure) -> Decimal:
        assert figure.value is not None  # noqa: S101 - only reported numbers are looked up
        return Decimal(1).scaleb(exponent(figure.value)) * self.data.catalog.units[figure.unit].factor

    def _half(self, figure: Figure) -> Decimal:
        """Return the most the figure can be off by its own rounding, in base units; none where people are counted."""
        assert figure.value is not None  # noqa: S101 - only reported numbers are looked up
        unit = self.data.catalog.units[figure.unit]
        if unit.factor == 1 and unit.decimals == 0:
            return Decimal(0)
        return rounding_half_unit(figure.value) * unit.factor

    def _made(
        self, sentence: str, number: Number, saying: Saying, *, about: tuple[Indicator, Period | None], is_certain: bool
    ) -> QuotedFigure:
        indicator, period = about
        return replace(
            self._unchecked(sentence, number.printed, ""),
            saying=saying,
            indicator=indicator.id,
            region=self.context.region,
            period=period.id if period else "",
            unit=number.unit_text,
            value=number.value,
            is_certain=is_certain,
        )

    def _unchecked(self, sentence: str, printed: str, reason: Reason) -> QuotedFigure:
        return QuotedFigure(self.section, sentence, printed, reason=reason)
