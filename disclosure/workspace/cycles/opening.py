"""Opening a special cycle by browser: its name, what it is about, its dates, by whoever holds the power.

The dated cycles open by themselves. The terminal's ``disclosure open`` is the machine's, and asks for no person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from disclosure.calendar.periods import Period
from disclosure.calendar.workdays import on_or_before
from disclosure.catalog import Catalog, Milestone
from disclosure.confidentiality.public_text import object_to_found, search_public_text
from disclosure.cycle import queries
from disclosure.cycle.queries import MILESTONES
from disclosure.platform.clock import format_day, shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Cycle
from disclosure.review.identify import Proof, authorise, explain_missing_power
from disclosure.review.refusals import Refusal

OPEN_SPECIAL = "/manage/open"
#: The fields of its form: one for each insurance, one for each date.
INSURANCE_FIELD, DATE_FIELD = "insurance-", "date-"


@dataclass(frozen=True)
class SpecialCycle:
    """What a special cycle is to be: ``only`` are patterns of indicators, none for all."""

    period: Period
    only: Sequence[str]
    dates: Mapping[Milestone, dt.date]


def has_specials(catalog: Catalog) -> bool:
    """Whether this bureau discloses specials at all."""
    return "special" in catalog.profile.cycles


def list_insurances(catalog: Catalog, year: int) -> list[tuple[str, str]]:
    """Return the insurances of which a special cycle may be opened, by id and name."""
    period = Period(year, "special", catalog.cycles["special"].name)
    asked = {indicator.insurance for indicator in catalog.indicators_for(period)}
    return [(one.id, one.name) for one in catalog.insurances.values() if one.id in asked]


def list_dates(catalog: Catalog) -> list[tuple[str, str]]:
    """Return the milestones that may be given a date, by id and name, in the order of the work."""
    return [(step, catalog.milestone_facts[step].name) for step in MILESTONES]


def read_special(form: Mapping[str, str]) -> SpecialCycle:
    """Read the form.

    Raises:
        DisclosureError: for what is no year, no name of a special cycle, or no day.
    """
    year, name = form.get("year", "").strip(), form.get("name", "").strip()
    if not (year.isascii() and year.isdecimal()):
        raise DisclosureError("没有写数据是哪一年的，应为四位数字，如 2026。")
    dates: dict[Milestone, dt.date] = {}
    for step in MILESTONES:
        if not (day := form.get(f"{DATE_FIELD}{step}", "").strip()):
            continue
        try:
            dates[step] = dt.date.fromisoformat(day)
        except ValueError:
            raise DisclosureError(f"看不懂日期“{day[:20]}”，请从日历里选。") from None
    chosen = sorted(field.removeprefix(INSURANCE_FIELD) for field in form if field.startswith(INSURANCE_FIELD))
    return SpecialCycle(Period(int(year[:6]), "special", name), [f"{insurance}.*" for insurance in chosen], dates)


def open_special(work: Work, wanted: SpecialCycle, proof: Proof) -> Cycle | Refusal:
    """Open the cycle, or return why this person does not; what stands against it is told before a code is used up.

    Raises:
        DisclosureError: for a cycle that cannot be opened so, whoever opens it.
    """
    if refusal := explain_missing_power(work, proof, "open_special"):
        return refusal
    _check(work, wanted, shanghai(proof.at).date())
    person = authorise(work, proof, "open_special")
    if isinstance(person, Refusal):
        return person
    try:
        cycle = queries.open_cycle(
            work.session, work.catalog, wanted.period, only=wanted.only, milestones=wanted.dates, actor=person.name
        )
    except IntegrityError as error:
        raise DisclosureError(f"{wanted.period.label}刚刚有人开启，请打开统筹看一看。") from error
    reason = proof.reason.strip()
    ledger.append(work.session, "cycle.asked_for", actor=person.name, cycle_id=cycle.id, reason=reason)
    return cycle


def check_name(catalog: Catalog, period: Period) -> None:
    """Refuse the name of a special cycle that tells of a person: it stands on every page of it.

    Raises:
        DisclosureError: saying what of a person it tells.
    """
    if told := object_to_found(catalog, "专项名称", search_public_text(catalog, [period.name])):
        raise DisclosureError(told)


def _check(work: Work, wanted: SpecialCycle, today: dt.date) -> None:
    period, catalog = wanted.period, work.catalog
    if period.year > today.year + 1:
        raise DisclosureError(f"{period.label}还早，现在不能开启，请核对年份。")
    check_name(catalog, period)
    if queries.find_cycle(work.session, catalog, period) is not None:
        raise DisclosureError(f"{period.label}已经开启过。内容不同的专项，请另取名称。")
    known = {id_ for id_, _ in list_insurances(catalog, period.year)}
    if any(pattern.removesuffix(".*") not in known for pattern in wanted.only):
        raise DisclosureError("所选的险种没有可以报送的指标，请重新选。")
    if "publish" not in wanted.dates:
        raise DisclosureError("请写发布的日期，才知道哪天该办完。")
    queries.check_milestones(period, wanted.dates)
    for step, day in wanted.dates.items():
        planned = on_or_before(day, catalog.holidays).binding()
        if planned < today:
            name = catalog.milestone_facts[step].name
            rest = f"是休息日，工作安排在 {format_day(planned)}，" if planned < day else ""
            raise DisclosureError(f"“{name}”的 {format_day(day)}{rest}已经过去，请另选日期。")
