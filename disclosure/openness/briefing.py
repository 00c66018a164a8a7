"""What people see before they answer about a change: its content, its clock, where it stands, why it came back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from disclosure.calendar.time_left import time_left
from disclosure.calendar.workdays import add_workdays
from disclosure.catalog import Catalog
from disclosure.openness.changes import gates_of, get_change, items_of, standing_versions
from disclosure.openness.confirming import asked_about, label_of
from disclosure.openness.contents import lines_of
from disclosure.openness.published import preview_pages
from disclosure.openness.review import returned_with, who_may_decide
from disclosure.platform.clock import format_day, format_moment, shanghai
from disclosure.platform.templating import render_text
from disclosure.records.file_store import write_whole
from disclosure.records.installation import Installation
from disclosure.records.states import AskStep
from disclosure.records.subjects import decisions_of
from disclosure.records.tables import OpennessChange, OpennessVersion
from disclosure.review import asks
from disclosure.review.forms import OUTCOME_NAMES


def of_office(installation: Installation, change_id: int, now: dt.datetime) -> str:
    """Return the Markdown for the office that keeps the elements: does this content stand?"""
    with installation.records.read() as session:
        change = get_change(session, change_id)
        return render_text(
            "review/openness_office.md.j2",
            returned=[
                {"gate": installation.catalog.gates[d.gate].name, "name": d.person.name, "opinion": d.opinion}
                for d in returned_with(session, change)
            ],
            **_common(session, installation, change, "office", now),
        )


def of_review(installation: Installation, change_id: int, now: dt.datetime) -> str:
    """Return the Markdown for the reviewers."""
    catalog = installation.catalog
    with installation.records.read() as session:
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
                    "made": f"{decision.person.name} {OUTCOME_NAMES[decision.outcome]}"
                    f"（{format_moment(decision.decided_at)}）"
                    if decision
                    else "",
                }
            )
        return render_text(
            "review/openness_review.md.j2",
            gates=gates,
            provided_by=change.person.name if change.person else "",
            **_common(session, installation, change, "review", now),
        )


def of_confirmation(installation: Installation, change_id: int) -> str:
    """Return the Markdown for the yearly confirmation."""
    with installation.records.read() as session:
        change = get_change(session, change_id)
        rows = [
            {
                "label": label_of(installation.catalog, asked.version),
                "what": asked.version.what,
                "url": f"{installation.settings.server_url}/site/openness/"
                f"{asked.version.item}.html#{asked.version.element}",
            }
            for asked in asked_about(session, change)
        ]
        return render_text(
            "review/openness_confirmation.md.j2",
            refusal=asks.last_refusal(session, change, "confirmation"),
            title=change.title,
            rows=rows,
        )


def confirmation_labels(installation: Installation, change_id: int) -> list[str]:
    """Return what the form of a confirmation offers as changed."""
    with installation.records.read() as session:
        return [
            label_of(installation.catalog, asked.version)
            for asked in asked_about(session, get_change(session, change_id))
        ]


def _common(
    session: Session, installation: Installation, change: OpennessChange, step: AskStep, now: dt.datetime
) -> dict[str, Any]:
    catalog, settings = installation.catalog, installation.settings
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
                "url": f"{settings.server_url}/preview/{folder}/openness/{i.number}.html",
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
        "changed_on": format_day(version.changed_on),
        "limit": format_day(limit),
        "time": time_left(limit, shanghai(now).date(), catalog.holidays).text,
        "lines": [line for line in lines_of(catalog, item, version.element, version.content) if line.strip()],
    }
