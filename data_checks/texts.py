"""The rule about text: every figure the sections quote is held against the data, and told as a finding.

The comparison itself is ``data_checks.quotes.figures``. It has no column that Great Expectations could judge, so it
runs beside the suites; when it cannot run, that is critical like any other check that could not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from itertools import groupby

from data_checks.findings import AuditFinding, AuditResult, RuleOutcome, messages
from data_checks.measures.arguments import TEXT_CHECK
from data_checks.quotes.context import QuotedFigure
from data_checks.quotes.figures import check_quotes
from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog, Rule, Severity
from disclosure.cycle.compilation import CompiledContent
from disclosure.figures.figures import Figure, FigureSource
from disclosure.figures.narrative import NarrativeText

_LONGEST_SENTENCE = 80


def with_texts(
    catalog: Catalog, content: CompiledContent, history: Sequence[Figure], result: AuditResult
) -> AuditResult:
    """Return ``result``, made ``without_texts``, with what the texts of ``content`` quote."""
    rules = _rules(catalog)
    if not content.narratives or not rules:
        return result
    findings = list(result.findings)
    outcomes = [outcome for outcome in result.rules if outcome.rule not in {rule.id for rule in rules}]
    for rule in rules:
        try:
            found, outcome = _check(catalog, rule, content, history)
        except Exception as error:
            # Fail closed: a check that could not run blocks.
            found, outcome = [], RuleOutcome.of(rule, error=f"{type(error).__name__}: {error}")
        findings += found
        outcomes.append(outcome)
    order = ("critical", "warning", "info")
    return replace(
        result, findings=tuple(sorted(findings, key=lambda f: order.index(f.severity))), rules=tuple(outcomes)
    )


def without_texts(catalog: Catalog) -> tuple[RuleOutcome, ...]:
    """Return the outcome of the rules about text where there is none: nothing was compared."""
    return tuple(RuleOutcome.of(rule) for rule in _rules(catalog))


def _rules(catalog: Catalog) -> list[Rule]:
    return [rule for rule in catalog.rules.values() if rule.check == TEXT_CHECK]


def _check(
    catalog: Catalog, rule: Rule, content: CompiledContent, history: Sequence[Figure]
) -> tuple[list[AuditFinding], RuleOutcome]:
    figures = (*history, *content.figures)
    data = {figure.key: figure for figure in figures}
    findings: list[AuditFinding] = []
    checked = skipped = 0
    for narrative in content.narratives:
        quotes = check_quotes(catalog, content.period, narrative.blocks.items(), figures)
        checked += sum(quote.verdict != "not_checked" for quote in quotes)
        skipped += sum(quote.verdict == "not_checked" for quote in quotes)
        for quote in quotes:
            if quote.verdict == "different":
                severe = quote.is_certain and quote.period == content.period.id
                finding = _different(catalog, quote, data.get((quote.region, quote.indicator, quote.period)))
                findings.append(_of(rule, narrative, content, finding, "critical" if severe else "warning"))
        findings += [_of(rule, narrative, content, finding, "info") for finding in _not_checked(catalog, rule, quotes)]
    return findings, RuleOutcome.of(rule, checked=checked, failed=len(findings), skipped=skipped)


def _blank(rule_id: str) -> AuditFinding:
    return AuditFinding(
        rule=rule_id,
        rule_name="",
        severity="info",
        region="",
        indicator="",
        period="",
        centre="",
        value="",
        expected="",
        difference="",
        message="",
        cause="",
        source=FigureSource(),
    )


def _of(
    rule: Rule, narrative: NarrativeText, content: CompiledContent, finding: AuditFinding, severity: Severity
) -> AuditFinding:
    return replace(
        finding,
        rule=rule.id,
        rule_name=rule.name,
        severity=severity,
        centre=narrative.office,
        period=content.period.id,
        cause_group=f"{rule.id} {finding.message}",
        source=FigureSource(document=narrative.document, file_name=narrative.file_name),
    )


def _different(catalog: Catalog, quote: QuotedFigure, figure: Figure | None) -> AuditFinding:
    words = messages()["quotes"]
    indicator = catalog.indicators[quote.indicator]
    if quote.expected is None:
        key, expected = "unit", f"{figure.printed}{figure.unit}" if figure else ""
    else:
        key, expected = "different" if quote.is_certain else "doubtful", f"{quote.expected:,f}{quote.unit}"
    said = words[key].format(
        value=quote.printed,
        expected=expected,
        region=catalog.regions[quote.region].name,
        insurance=catalog.insurances[indicator.insurance].short_name,
        indicator=indicator.name,
        period=parse_period(quote.period).label,
        saying=words["saying"][quote.saying],
    )
    off = quote.value - quote.expected if quote.value is not None and quote.expected is not None else None
    return replace(
        _blank(""),
        region=quote.region,
        indicator=quote.indicator,
        value=quote.printed,
        expected=expected,
        difference="" if off is None else f"{off:,f}{quote.unit}",
        message=_subject(catalog, quote) + said,
        cause=_cause(catalog, quote, figure).format(value=quote.printed, expected=expected),
    )


def _cause(catalog: Catalog, quote: QuotedFigure, figure: Figure | None) -> str:
    """Cut off instead of rounded, where the number says so; else that one of the two is wrong."""
    words = messages()["quotes"]
    if quote.saying == "amount" and quote.value is not None and quote.expected is not None and figure is not None:
        scale = {"万": 10**4, "亿": 10**8}.get(quote.unit[:1], 1)
        actual = (figure.value or Decimal(0)) * catalog.units[figure.unit].factor / scale
        step = Decimal(1).scaleb(int(quote.value.as_tuple().exponent))
        if quote.value in {actual.quantize(step, rounding=how) for how in (ROUND_DOWN, ROUND_UP)}:
            return str(words["rounding"])
    return str(words["cause"] if quote.is_certain else words["cause_doubtful"])


def _not_checked(catalog: Catalog, rule: Rule, quotes: Sequence[QuotedFigure]) -> Iterator[AuditFinding]:
    """One finding for each sentence with numbers that could not be tied, so that people look at them."""
    words = messages()["quotes"]
    untied = [quote for quote in quotes if quote.verdict == "not_checked"]
    for _, same in groupby(untied, key=lambda quote: (quote.section, quote.sentence, quote.reason)):
        members = list(same)
        values = words["between"].join(quote.printed for quote in members)
        reason = words["reasons"][members[0].reason]
        yield replace(
            _blank(rule.id),
            value=values,
            message=_subject(catalog, members[0]) + words["not_checked"].format(values=values, reason=reason),
            cause=words["not_checked_cause"].format(values=values),
        )


def _subject(catalog: Catalog, quote: QuotedFigure) -> str:
    sentence = quote.sentence
    if len(sentence) > _LONGEST_SENTENCE:
        place = max(0, sentence.find(quote.printed) - _LONGEST_SENTENCE // 2)
        cut = sentence[place : place + _LONGEST_SENTENCE]
        sentence = f"{'…' if place else ''}{cut}{'…' if place + _LONGEST_SENTENCE < len(quote.sentence) else ''}"
    return str(messages()["quotes"]["subject"].format(section=catalog.sections[quote.section].name, sentence=sentence))
