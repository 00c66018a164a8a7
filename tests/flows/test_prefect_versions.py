"""Protects that the locked Prefect goes with what it stands on, on our own server: it starts with much that does not.

A FastAPI too new answers 422 to what Prefect's own command line sends, a ``whenever`` too old keeps its scheduler from
planning any cron schedule; neither is told where anybody looks.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import pytest

from disclosure.platform.settings import SHANGHAI
from tests.support.case import FLOW
from tests.support.office import Office

pytestmark = pytest.mark.flows

#: Runs every list command that Prefect's command line has, found in itself, in one process; prints {command: [exit
#: code, what it said]}. ``cloud`` asks Prefect's own cloud, not a server.
EVERY_LIST = """
import contextlib, io, json, sys
from prefect.cli import app
from prefect.cli._app import _app

def lists(group, path=()):
    for name in group:
        if name.startswith("-") or (*path, name) == ("cloud",):
            continue
        command = group[name]
        if name in ("ls", "list"):
            yield (*path, name), command.default_command
        yield from lists(command, (*path, name))

a_deployment = sys.argv[1]
once = {}
for command, does in lists(_app):
    once.setdefault(does, command)
said = {}
for command in once.values():
    output, code = io.StringIO(), 0
    sys.argv[1:] = [*command, *([a_deployment] if command[:2] == ("deployment", "schedule") else [])]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            app()
        except SystemExit as end:
            code = end.code or 0
    said[" ".join(command)] = [code, output.getvalue()]
print(json.dumps(said))
"""


def test_every_list_command_of_prefect_answers(office: Office) -> None:
    command = [sys.executable, "-c", EVERY_LIST, f"{FLOW}/annual"]
    environment = {**office.environment, "COLUMNS": "200"}
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {name: told for name, (code, told) in said.items() if code} == {}
    # Nothing was left out by a command line laid out otherwise.
    for known in ("deployment", "flow-run", "automation", "work-pool", "block type", "artifact", "variable"):
        assert f"{known} ls" in said
    assert "intake" in said["deployment ls"][1]


def test_prefect_plans_both_kinds_of_schedule_we_register(office: Office) -> None:
    now = dt.datetime.now(SHANGHAI)
    first_of_month = (now.replace(day=1) + dt.timedelta(days=32)).replace(day=1, hour=8, minute=20, second=0)
    tomorrow = (now + dt.timedelta(days=1)).replace(hour=9, minute=0, second=0)
    kinds = [
        {"cron": "20 8 1 * *", "timezone": "Asia/Shanghai"},
        {"rrule": f"DTSTART:{tomorrow:%Y%m%dT%H%M%S}\nRDATE:{tomorrow:%Y%m%dT%H%M%S}", "timezone": "Asia/Shanghai"},
    ]
    body = {
        "name": "planned",
        # No runner asks for its runs.
        "flow_id": office.deployments()["annual"]["flow_id"],
        "schedules": [{"schedule": kind, "active": True} for kind in kinds],
    }
    # The runner would switch off what is not ours before Prefect has planned it.
    with office.runner_asleep():
        made = office.api("POST", "/deployments/", body).json()["id"]
        try:
            expected = {first_of_month.replace(microsecond=0), tomorrow.replace(microsecond=0)}
            office.wait_for(lambda: expected <= set(office.planned_starts(of=made)), "Prefect to plan both")
        finally:
            assert office.api("DELETE", f"/deployments/{made}").is_success
