"""Protects what machines ask the door: that /health and /ready are true of every part and tell nothing else, and that
/metrics says what our records say, to whoever may hear it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.requests import Request

from deployments.operating import routes
from deployments.operating.health import FRESH_SECONDS, WATCHER_SECONDS, Health, HealthKeeper, Part, look_at_parts
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.simulation.actors import Actors
from tests.support.bureau import Bureau
from tests.support.office import Office
from tests.support.visitors import Browser, open_door

PARTS = {"records", "disk", "prefect", "runner", "watcher"}
TOKEN = "only-prometheus-knows"


def ask(address: str, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{address}{path}", headers=headers, trust_env=False, timeout=120)


def numbers(answer: httpx.Response) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels in the order of their names."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.records
def test_without_prefect_and_a_runner_it_is_alive_and_not_ready(address: str) -> None:
    health, ready = ask(address, "/health"), ask(address, "/ready")
    assert (health.status_code, ready.status_code) == (200, 503)
    assert health.json() == ready.json()
    told = health.json()
    assert set(told) == {"status", "parts"}
    assert told["status"] == "degraded"
    assert told["parts"] == {**dict.fromkeys(PARTS, "away"), "records": "ok", "disk": "ok"}
    assert health.headers["cache-control"] == "no-store"


@pytest.mark.records
def test_records_that_nobody_can_write_are_away(settings: Settings, actors: Actors) -> None:
    installation = actors.installation
    assert look_at_parts(installation).parts[Part.RECORDS]
    with closing(sqlite3.connect(settings.home / "records.db", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        assert not look_at_parts(installation).parts[Part.RECORDS]
        held.execute("ROLLBACK")
    assert look_at_parts(installation).parts[Part.RECORDS]


@pytest.mark.records
def test_a_disk_without_room_or_that_cannot_be_written_is_away(actors: Actors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.operating.health.LEAST_FREE_BYTES", 1 << 62)
    assert not look_at_parts(actors.installation).parts[Part.DISK]
    monkeypatch.undo()
    home = actors.installation.settings.home
    # What is written to try the disk; a folder in its place cannot be.
    (home / f".watch-{os.getpid()}").mkdir()
    assert not look_at_parts(actors.installation).parts[Part.DISK]


@pytest.mark.unit
def test_whoever_asks_again_and_again_makes_nobody_look_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looks: list[Installation] = []

    def look(installation: Installation) -> Health:
        looks.append(installation)
        return Health(dict.fromkeys(Part, True))

    monkeypatch.setattr("deployments.operating.health.look_at_parts", look)
    now = 100.0
    keeper = HealthKeeper(Installation(Settings(home=tmp_path)), clock=lambda: now)
    assert [keeper.health().is_ready for _ in range(50)] == [True] * 50
    assert len(looks) == 1
    now += FRESH_SECONDS
    keeper.health()
    assert len(looks) == 2


@pytest.mark.flows
def test_all_parts_of_a_running_office_are_well_and_one_that_stops_is_told(office: Office) -> None:
    address, looked = office.settings.server_url, office.settings.logs / "watch.looked"
    office.wait_for(lambda: ask(address, "/ready").status_code == 200, "every part")
    assert ask(address, "/ready").json() == {"status": "ok", "parts": dict.fromkeys(PARTS, "ok")}
    assert numbers(ask(address, "/metrics"))["disclosure_part_up", "watcher"] == 1
    with office.runner_asleep():
        # Asleep it looks no more; as if that had been long ago.
        long_ago = time.time() - WATCHER_SECONDS - 1
        os.utime(looked, (long_ago, long_ago))
        time.sleep(FRESH_SECONDS)
        found = ask(address, "/ready")
        assert found.status_code == 503
        assert {part for part, state in found.json()["parts"].items() if state == "away"} == {"watcher"}
        assert ask(address, "/health").status_code == 200
    office.wait_for(lambda: ask(address, "/ready").status_code == 200, "the watcher's next look")


@pytest.mark.records
@pytest.mark.slow
def test_metrics_say_what_the_records_say(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.ask("review")
    with open_door(bureau.installation.settings) as address:
        found = numbers(ask(address, "/metrics"))
    assert found["disclosure_cycles", "review"] == 1
    assert found["disclosure_cycles", "collect"] == 0
    assert found["disclosure_open_asks", "review", "count"] == 1
    assert found["disclosure_open_asks", "review", "oldest_seconds"] > 0
    assert found["disclosure_audit_findings", "2016-annual", "critical"] == 0
    assert ("disclosure_milestone_left_workdays", "draft", "2016-annual") not in found
    assert found["disclosure_milestone_left_workdays", "publish", "2016-annual"] < 0
    assert found["disclosure_part_up", "records"] == 1
    assert found["disclosure_part_up", "prefect"] == 0
    assert found["disclosure_ledger_entries",] > 5
    assert found["disclosure_home_free_bytes",] > 0
    assert any(key[0] == "disclosure_info" and "gaogang-2016" in key for key in found)


@pytest.mark.records
def test_metrics_are_for_this_machine_or_for_whoever_shows_the_token(actors: Actors) -> None:
    settings = actors.installation.settings
    with open_door(settings) as address:
        assert ask(address, "/metrics").status_code == 200
    # Behind a proxy on this machine everybody comes from here.
    for open_to_others in ({"public_url": "https://pilu.example.cn"}, {"trusted_proxies": "127.0.0.1"}):
        with open_door(settings.model_copy(update=open_to_others)) as address:
            assert ask(address, "/metrics").status_code == 401
    with_token = settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    with open_door(with_token) as address:
        for said in ({}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}, {"Authorization": "Bearer"}):
            refused = ask(address, "/metrics", **said)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert "disclosure_" not in refused.text
        assert ask(address, "/metrics", Authorization=f"bearer {TOKEN}").status_code == 200
    # A token that is empty on both sides lets nobody in; httpx does not send one.
    without = settings.model_copy(update={"metrics_token": SecretStr("")})
    asked = Request({"type": "http", "headers": [(b"authorization", b"Bearer ")]})
    assert not routes.may_read_metrics(without, asked)


@pytest.mark.records
def test_metrics_without_records_still_tell_which_part_is_away(actors: Actors, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OSError

    with open_door(actors.installation.settings) as address:
        monkeypatch.setattr(routes, "list_measures", away)
        found = numbers(ask(address, "/metrics"))
    assert {key[1] for key in found if key[0] == "disclosure_part_up"} == PARTS
    assert not any(key[0] == "disclosure_cycles" for key in found)


@pytest.mark.records
def test_who_is_signed_in_learns_no_more(inside: Browser) -> None:
    assert set(inside.get("/health").json()["parts"]) == PARTS
