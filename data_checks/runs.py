"""Each rule run over the tables: what it compared, what it found, in words, or why it could not run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from data_checks import causes, changes, copies, identities, ratios, rules
from data_checks.checking import CHECKS, Checked, Violation
from data_checks.findings import Finding, messages
from data_checks.identities import WideChecked, check_identity
from data_checks.ratios import check_ratio
from data_checks.tables import Tables
from data_checks.texts import TEXT_CHECK
from disclosure.catalog import Catalog, Identity, Ratio, Rule
from disclosure.figures import Figure, Source

#: The modules whose checks rules may name.
CHECKING = (rules, changes, copies)

FactT = TypeVar("FactT", Identity, Ratio)


@dataclass
class Run:
    """One rule over the tables; ``columns`` are the wide ones of an identity or ratio."""

    rule: Rule | Identity | Ratio
    done: Checked | WideChecked
    error: str = ""
    columns: Sequence[str] = ()
    places: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def wrong_rows(self) -> int:
        """Rows (or the table) that our own check found wrong; one row may be wrong for several reasons."""
        if isinstance(self.done, WideChecked):
            return len(self.done.violations)
        return len({violation.row.index if violation.row else None for violation in self.done.violations})

    @property
    def looked_at(self) -> list[tuple[str, str, Decimal]]:
        """(region, indicator or wide column, by how much it is wrong) of every figure that the check looked at."""
        if isinstance(self.done, WideChecked):
            return [(region, name, off) for name, of in self.done.measures.items() for region, off in of.items()]
        if self.done.measures:
            return [(*self.places.get(index, ("", "")), off) for index, off in self.done.measures.items()]
        wrong = {v.row.index if v.row else None: v.row for v in self.done.violations}
        return [(row.region if row else "", row.indicator_id if row else "", Decimal(1)) for row in wrong.values()]

    @property
    def measured(self) -> int:
        """Values of its own that it handed Great Expectations."""
        if isinstance(self.done, WideChecked):
            return sum(len(of_column) for of_column in self.done.measures.values())
        return len(self.done.measures)


def run_all(tables: Tables) -> list[Run]:
    """Every rule, identity and ratio over all of ``tables``."""
    catalog = tables.catalog
    return [
        *(run_rule(tables, rule) for rule in ruled(catalog)),
        *(run_identity(tables, identity) for identity in catalog.identities.values()),
        *(run_ratio(tables, ratio) for ratio in catalog.ratios.values()),
    ]


def ruled(catalog: Catalog) -> list[Rule]:
    """The rules that are checked on figures: text is compared beside them."""
    return [rule for rule in catalog.rules.values() if rule.check != TEXT_CHECK]


def run_rule(tables: Tables, rule: Rule) -> Run:
    """The check that ``rule`` names."""
    if rule.check not in CHECKS:
        return Run(rule, Checked(), error=not_run("unknown_check", check=rule.check))
    try:
        run = Run(rule, CHECKS[rule.check](tables, rule))
        run.findings = [_finding(tables, rule, violation) for violation in run.done.violations]
    except Exception as error:
        return Run(rule, Checked(), error=not_run("check", error=describe(error)))
    return run


def run_identity(tables: Tables, identity: Identity) -> Run:
    """``identity`` in all its insurances and regions."""
    return _run_wide(tables, identity, check_identity, identities.columns(tables, identity))


def run_ratio(tables: Tables, ratio: Ratio) -> Run:
    """``ratio`` in all its insurances and regions."""
    return _run_wide(tables, ratio, check_ratio, ratios.columns(tables, ratio))


def _run_wide(
    tables: Tables, fact: FactT, check: Callable[[Tables, FactT], WideChecked], columns: Sequence[str]
) -> Run:
    try:
        run = Run(fact, check(tables, fact), columns=columns)
        run.findings = [_finding(tables, fact, violation) for violation in run.done.violations]
    except Exception as error:
        return Run(fact, WideChecked(), error=not_run("check", error=describe(error)))
    return run


def _finding(tables: Tables, rule: Rule | Identity | Ratio, violation: Violation) -> Finding:
    catalog, row = tables.catalog, violation.row
    wording = messages()
    words = wording["checks"][violation.words_key]
    figure = row.figure if row else None
    source = figure.source if figure else Source()
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
    return Finding(
        rule=rule.id,
        rule_name=rule.name,
        severity=violation.severity or rule.severity,
        region=row.region if row else "",
        indicator=row.indicator_id if row else "",
        period=tables.period.id,
        centre=tables.centre(row) if row else "",
        value=value,
        expected=words["expected"].format(**filled),
        difference=violation.difference,
        message=subject + words["sentence"].format(**filled),
        cause=violation.cause or words["cause"].format(**filled),
        source=source,
        involved=violation.involved,
        read_off=bool(violation.cause) or violation.kind == "copy",
        band=violation.band,
    )


def _printed(figure: Figure) -> str:
    return causes.with_unit(figure.printed, figure.unit) if figure.value is not None else figure.printed


def not_run(kind: str, **words: object) -> str:
    """Why a rule could not run, in words."""
    return str(messages()["errors"][kind]).format(**words)


def describe(error: Exception) -> str:
    """The kind and text of an error."""
    return f"{type(error).__name__}: {error}"
