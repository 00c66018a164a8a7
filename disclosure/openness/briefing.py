"""What people see before they answer about a change: its content, its clock, where it stands, why it came back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.clock import said, said_day, shanghai
from disclosure.collection.files import write_whole
from disclosure.openness.changes import gates_of, get_change, items_of, standing_versions
from disclosure.openness.confirming import asked_about, label_of
from disclosure.openness.contents import lines_of
from disclosure.openness.published import preview_pages
from disclosure.openness.review import returned_with, who_may_decide
from disclosure.records.openness_tables import OpennessChange, OpennessVersion
from disclosure.records.subjects import decisions_of
from disclosure.review import asks
from disclosure.review.asks import AskStep
from disclosure.templating import render_text
from disclosure.workdays import add_workdays, count_workdays
from disclosure.workplace import Workplace

_OUTCOME = {"approved": "通过", "returned": "退回"}


def of_office(place: Workplace, change_id: int, now: dt.datetime) -> str:
    """Markdown for the office that keeps the elements: does this content stand?"""
    with place.records.read() as session:
        change = get_change(session, change_id)
        return render_text(
            "review/openness_office.md.j2",
            returned=[
                {"gate": place.catalog.gates[d.gate].name, "name": d.person.name, "opinion": d.opinion}
                for d in returned_with(session, change)
            ],
            **_common(session, place, change, "office", now),
        )


def of_review(place: Workplace, change_id: int, now: dt.datetime) -> str:
    """Markdown for the reviewers."""
    catalog = place.catalog
    with place.records.read() as session:
        change = get_change(session, change_id)
        made = decisions_of(session, change, change.round)
        gates = []
        for gate in gates_of(catalog, standing_versions(session, change)):
            decision = made.get(gate)
            able = "、".join(person.name for person in who_may_decide(session, catalog, change, gate, now))
            gates.append(
                {
                    "name": catalog.gates[gate].name,
                    "office": catalog.gate_office(gate).name,
                    "question": catalog.gates[gate].question,
                    "is_open": decision is None,
                    "people": able,
                    "made": f"{decision.person.name} {_OUTCOME[decision.outcome]}（{said(decision.decided_at)}）"
                    if decision
                    else "",
                }
            )
        return render_text(
            "review/openness_review.md.j2",
            gates=gates,
            provided_by=change.person.name if change.person else "",
            **_common(session, place, change, "review", now),
        )


def of_confirmation(place: Workplace, change_id: int) -> str:
    """Markdown for the yearly confirmation."""
    with place.records.read() as session:
        change = get_change(session, change_id)
        rows = [
            {
                "label": label_of(place.catalog, asked.version),
                "what": asked.version.what,
                "url": f"{place.settings.desk_url}/site/openness/{asked.version.item}.html#{asked.version.element}",
            }
            for asked in asked_about(session, change)
        ]
        return render_text(
            "review/openness_confirmation.md.j2",
            refusal=asks.last_refusal(session, change, "confirmation"),
            title=change.title,
            rows=rows,
        )


def confirmation_labels(place: Workplace, change_id: int) -> list[str]:
    """What the form of a confirmation offers as changed."""
    with place.records.read() as session:
        return [
            label_of(place.catalog, asked.version) for asked in asked_about(session, get_change(session, change_id))
        ]


def _common(
    session: Session, place: Workplace, change: OpennessChange, step: AskStep, now: dt.datetime
) -> dict[str, Any]:
    catalog, settings = place.catalog, place.settings
    versions = standing_versions(session, change)
    folder = f"openness-{change.digest[:16]}"
    for path, content in preview_pages(session, catalog, change).items():
        write_whole(settings.releases / folder / path, content)
    return {
        "refusal": asks.last_refusal(session, change, step),
        "title": change.title,
        "round": change.round,
        "office": catalog.offices[change.office].name,
        "elements": [_element(catalog, version, now) for version in versions],
        "previews": [
            {
                "name": f"{int(i.number)} {i.name}",
                "url": f"{settings.desk_url}/preview/{folder}/openness/{i.number}.html",
            }
            for i in items_of(catalog, versions)
        ],
        "digest": change.digest,
    }


def _element(catalog: Catalog, version: OpennessVersion, now: dt.datetime) -> dict[str, Any]:
    item = catalog.openness_items[version.item]
    limit = add_workdays(version.changed_on, item.workdays, catalog.holidays)
    return {
        "name": label_of(catalog, version),
        "number": version.number,
        "what": version.what,
        "changed_on": said_day(version.changed_on),
        "limit": said_day(limit),
        "left": count_workdays(shanghai(now).date(), limit, catalog.holidays),
        "lines": [line for line in lines_of(catalog, item, version.element, version.content) if line.strip()],
    }
