"""Protects intake on a real Prefect server: files in inboxes wake the cycle that waits, and failures show as such."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.door.prefect.secret_blocks import secrets_at_hand
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secret
from tests.support.office import Office

pytestmark = pytest.mark.flows

CENTRE, OTHER = "social_insurance_centre", "medical_centre"


def run_intake(office: Office) -> dict[str, Any]:
    """Run the intake's deployment; the state it ends in."""
    return run_deployment(office, "intake")


def run_deployment(office: Office, name: str) -> dict[str, Any]:
    """Run a deployment, as its schedule and the UI's Run do; the state it ends in."""
    found = office.deployments()[name]
    run = office.api("POST", f"/deployments/{found['id']}/create_flow_run", {"state": {"type": "SCHEDULED"}}).json()
    ended = {"COMPLETED", "FAILED", "CRASHED"}
    return office.wait_for(
        lambda: state if (state := office.state_of(run["id"]))["type"] in ended else None, f"the end of {name}"
    )


def inbox(office: Office, centre: str) -> Path:
    folder = office.settings.inbox / centre
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def broken_inbox(office: Office) -> Iterator[None]:
    """Where an inbox should be there is a file; mended at the end."""
    folder = inbox(office, OTHER)
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("", encoding="utf-8")
    yield
    folder.unlink()
    aside.rename(folder)


def test_files_in_the_inboxes_drive_a_waiting_cycle(office: Office) -> None:
    case = office.new_cycle()
    case.start()
    assert "还缺：**区社保中心、区医保中心**" in case.next_form().description

    first = office.filled_workbook(case.period, CENTRE)
    (inbox(office, CENTRE) / first.name).write_bytes(first.read_bytes())
    state = run_intake(office)
    assert state["type"] == "COMPLETED", state["message"]
    assert "收件：已收 1 份。" in state["message"]
    assert f"{case.period.label}有新的报表，等待的运行会更新在等谁。" in state["message"]
    form = case.next_form()
    assert form.is_about_submissions
    assert "还缺：**区医保中心**" in form.description
    assert first.name in form.description

    # The other one by hand, with the same code.
    last = office.filled_workbook(case.period, OTHER)
    (inbox(office, OTHER) / last.name).write_bytes(last.read_bytes())
    (inbox(office, OTHER) / "通知.txt").write_text("x", encoding="utf-8")
    told = office.cli("intake")
    assert told.returncode == 0, told.stdout + told.stderr
    line = next(line for line in told.stdout.splitlines() if last.name in line)
    assert line.split()[0] == "区医保中心"
    assert "已收" in line
    assert "已到齐" in line
    assert "收件：已收 1 份，没有收取 1 份。" in told.stdout
    assert f"{case.period.label}报表已到齐，流程继续。" in told.stdout
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
    again = office.cli("intake")
    assert again.stdout == "收件：没有新的报表。\n"


@pytest.mark.usefixtures("broken_inbox")
def test_a_source_that_cannot_be_asked_fails_the_run_and_holds_up_no_other(office: Office) -> None:
    case = office.new_cycle()
    file = office.filled_workbook(case.period, CENTRE)
    (inbox(office, CENTRE) / file.name).write_bytes(file.read_bytes())
    state = run_intake(office)
    assert state["type"] == "FAILED"
    assert "收件：已收 1 份，放错了地方 1 处，没有取到 1 处。" in state["message"]
    assert "区医保中心：收件夹 inbox/medical_centre：" in state["message"]
    assert len(case.ledger("submission.accepted")) == 1
    told = office.cli("intake")
    assert told.returncode == 1
    assert "✗ 区医保中心：收件夹 inbox/medical_centre：" in told.stdout


READ_SECRETS = """
from prefect.blocks.system import Secret as Block
from disclosure.platform.secrets import Secret
from tasks.orchestration.secrets import read_secret
Block(value="g/eh@eim").save("yibao")
print(read_secret(Secret(block="yibao")), read_secret(Secret(env="CENTRE_PASSWORD")))
try:
    read_secret(Secret(block="nowhere"))
except Exception as error:
    print(error)
"""


def test_secrets_come_from_prefects_blocks_as_well(office: Office) -> None:
    environment = {**office.environment, "CENTRE_PASSWORD": "x"}
    command = [sys.executable, "-c", READ_SECRETS]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=180, check=True)
    first, second = done.stdout.splitlines()
    assert first == "g/eh@eim x"
    assert second == "Prefect 里没有 Secret 块“nowhere”，请在界面的 Blocks 里建立，或改用环境变量。"
    # The door reads the same ones, and loads nothing of Prefect for it.
    read_secret = secrets_at_hand(office.installation)
    assert read_secret(Secret(block="yibao")) == "g/eh@eim"
    with pytest.raises(DisclosureError, match="没有 Secret 块“nowhere”"):
        read_secret(Secret(block="nowhere"))


def test_reminders_run_on_the_same_server_and_hold_nobody_up(office: Office) -> None:
    state = run_deployment(office, "reminders")
    assert state["type"] == "COMPLETED", state["message"]
    assert "提醒" in state["message"]
