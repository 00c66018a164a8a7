"""Protects what Prefect is told of: one event for an entry that the table names, and nothing of what is unpublished."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from disclosure.monitoring.announcements import announcements_after, choose, last_number, load_announced
from disclosure.monitoring.supervision.texts import kinds
from disclosure.records import ledger
from disclosure.records.tables import Cycle
from tasks.orchestration.watching import announcing
from tasks.orchestration.watching.announcing import TellPrefect, as_event

#: tests/records/conftest.py
Bureau = Any

ROOT = Path(__file__).parents[2]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("entry", "details", "event"),
    [
        ("cycle.opened", {}, "disclosure.cycle.opened"),
        ("decision.recorded", {"gate": "finance", "outcome": "approved"}, "disclosure.gate.approved"),
        ("decision.recorded", {"gate": "finance", "outcome": "returned"}, "disclosure.gate.returned"),
        ("decision.recorded", {"gate": "leader", "outcome": "returned"}, "disclosure.gate.returned"),
        ("decision.recorded", {"gate": "leader", "outcome": "approved"}, "disclosure.release.signed"),
        ("decision.recorded", {"gate": "emergency", "outcome": "approved"}, "disclosure.release.signed"),
        ("supervision.found", {"kind": "milestone_missed"}, "disclosure.milestone.overdue"),
        ("supervision.found", {"kind": "page_altered"}, "disclosure.supervision.found"),
        ("rows.changed", {}, None),
    ],
)
def test_the_first_row_that_fits_says_what_an_entry_is_told_as(entry: str, details: Any, event: str | None) -> None:
    row = choose(load_announced(), entry, details)
    assert (row.event if row else None) == event


@pytest.mark.unit
def test_every_entry_and_kind_of_the_table_is_one_that_the_product_writes() -> None:
    product = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "disclosure").rglob("*.py"))
    for row in load_announced():
        room, _, state = row.entry.partition(".")
        written = f'"{row.entry}"' in product or (room == "release" and re.search(rf'= "{state}"', product))
        assert written, row.entry
        assert row.when.get("kind", "milestone_missed") in kinds()


@pytest.mark.records
def test_what_was_told_is_told_once_and_the_past_never(bureau: Bureau) -> None:
    told: list[list[str]] = []
    chore = TellPrefect(bureau.installation)

    def take(found: Any) -> None:
        told.append([one.event for one in found])

    with patch.object(announcing, "emit", take):
        chore(bureau.installation)
        assert told == []
        note(bureau, "cycle.opened", "release.rendered", "ask.put")
        chore(bureau.installation)
        chore(bureau.installation)
        assert told == [["disclosure.cycle.opened", "disclosure.gate.waiting"]]
    note(bureau, "release.published")
    with patch.object(announcing, "emit", side_effect=httpx.ConnectError("")):
        chore(bureau.installation)
    with patch.object(announcing, "emit", take):
        TellPrefect(bureau.installation)(bureau.installation)
        assert told[1:] == [["disclosure.release.published"]]
        # Older records were put back: what they had was told long ago.
        (bureau.installation.settings.logs / "watch.announced").write_text("99999")
        chore(bureau.installation)
        note(bureau, "release.withdrawn")
        chore(bureau.installation)
        assert told[2:] == [["disclosure.release.withdrawn"]]


@pytest.mark.records
def test_an_event_names_the_cycle_and_its_run_and_carries_no_figure_opinion_or_person(bureau: Bureau) -> None:
    installation = bureau.installation
    with installation.records.read() as session:
        before = last_number(session)
    with installation.records.write() as session:
        named = {"profile": installation.catalog.profile.id, "period_id": "2024-q3", "driver_run_id": "r1"}
        cycle = Cycle(opened_at=dt.datetime.now(dt.UTC), **named)
        session.add(cycle)
        session.flush()
        details = {"gate": "finance", "outcome": "returned", "opinion": "当期结余 141.17 万元有误", "digest": "d"}
        ledger.append(session, "decision.recorded", actor="张某某", cycle_id=cycle.id, **details)
    with installation.records.read() as session:
        (one,), _ = announcements_after(session, installation.catalog.profile, before)
        again, _ = announcements_after(session, installation.catalog.profile, before)
    assert again == [one]
    event = as_event(one).model_dump_json()
    assert one.subject == f"disclosure.cycle.{installation.catalog.profile.id}.2024-q3"
    assert one.label in event
    assert "prefect.flow-run.r1" in event
    for hidden in ("141.17", "张某某", "有误"):
        assert hidden not in event


def note(bureau: Bureau, *events: str) -> None:
    with bureau.installation.records.write() as session:
        for event in events:
            ledger.append(session, event, actor="甲")
