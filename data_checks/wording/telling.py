"""One place that was found wrong as a finding: subject, sentence, what would be right, and a likely cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Imported for the words they register.
from data_checks.findings import AuditFinding, messages
from data_checks.measures.evidence import Found
from data_checks.tables import Tables
from data_checks.wording import balances, causes, past, peers, shares, single  # noqa: F401
from data_checks.wording.violations import WORDINGS, Violation
from disclosure.catalog import Identity, Ratio, Rule
from disclosure.figures.figures import Figure, FigureSource


def tell(
    tables: Tables, rule: Rule | Identity | Ratio, arguments: Mapping[str, Any], found: Found
) -> tuple[Violation, AuditFinding]:
    """Return what ``rule`` found at one place, and the finding in words."""
    check = "identity" if isinstance(rule, Identity) else "ratio" if isinstance(rule, Ratio) else rule.check
    violation = WORDINGS[check](tables, arguments, found) if check in WORDINGS else _plainly(tables, rule, found)
    return violation, _finding(tables, rule, violation)


def _plainly(tables: Tables, rule: Rule | Identity | Ratio, found: Found) -> Violation:
    """Return what an expectation that we have no words for says: its own description."""
    words = {"name": rule.name, "description": rule.description.rstrip("。"), "period": tables.period.label}
    if found["row"] is None:
        return Violation("expectation.table", None, {**words, "observed": found["observed"]})
    return Violation("expectation", tables.at(found["row"]), words, kind="form")


def _finding(tables: Tables, rule: Rule | Identity | Ratio, violation: Violation) -> AuditFinding:
    catalog, row = tables.catalog, violation.row
    wording = messages()
    words = wording["checks"][violation.words_key]
    figure = row.figure if row else None
    source = figure.source if figure else FigureSource()
    value = violation.value or (_printed(figure) if figure else wording["nothing"] if row else "")
    filled: dict[str, object] = {"value": value, "difference": violation.difference, **violation.words}
    subject = ""
    if row is not None:
        region = catalog.regions.get(row.region)
        where = source.label
        of_subject = {
            "region": region.name if region else row.region,
            "period": tables.period.label,
            "where": wording["subject_where"].format(where=where) if where else "",
        }
        if row.indicator is not None:
            insurance = catalog.insurances[row.indicator.insurance].short_name
            subject = wording["subject"].format(insurance=insurance, indicator=row.indicator.name, **of_subject)
        else:
            subject = wording["subject_unknown"].format(indicator=row.indicator_id, **of_subject)
    return AuditFinding(
        rule=rule.id,
        rule_name=rule.name,
        severity=violation.severity or rule.severity,
        region=row.region if row else "",
        indicator=row.indicator_id if row else "",
        period=tables.period.id,
        centre=tables.centre(row) if row else "",
        value=value,
        expected=words.get("expected", "").format(**filled),
        compared=words.get("compared", "").format(**filled),
        difference=violation.difference,
        message=subject + words["sentence"].format(**filled),
        cause=violation.cause or words["cause"].format(**filled),
        source=source,
        involved=violation.involved,
        read_off=bool(violation.cause) or violation.kind == "copy",
        band=violation.band,
        doubted=violation.doubted,
    )


def _printed(figure: Figure) -> str:
    return causes.with_unit(figure.printed, figure.unit) if figure.value is not None else figure.printed
