"""Protects what the doctor makes of a running Prefect server: a real one, started with a switch turned wrong."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from deployments.doctor import UI_SWITCH, check_environment
from disclosure.catalog import load_catalog
from disclosure.platform.settings import Settings

pytestmark = [pytest.mark.flows, pytest.mark.full]


@pytest.fixture
def wrongly_started(tmp_path: Path) -> Iterator[Settings]:
    """A Prefect server of this version that opens its newer UI."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(home=tmp_path, prefect_port=port, prefect_auth="bureau:Right-1")
    settings.prefect_home.mkdir(parents=True)
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start"],
            env={**os.environ, **settings.prefect_environment, UI_SWITCH: "true"},
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + 90
        while not _answers(settings):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield settings
    finally:
        server.terminate()
        server.wait(timeout=30)


def _answers(settings: Settings) -> bool:
    try:
        return httpx.get(f"{settings.prefect_url}/api/health", trust_env=False, timeout=120).is_success
    except httpx.TransportError:
        return False


def test_a_running_server_counts_for_more_than_our_settings(wrongly_started: Settings) -> None:
    catalog = load_catalog("chuxiong")
    found = {check.name: check for check in check_environment(wrongly_started, catalog)}
    assert found["流程服务"].status == "ok"
    assert version("prefect") in found["流程服务"].found
    assert found["界面版本"].status == "fail"
    assert found["遥测"].found == "正在运行的服务已关闭 PREFECT_SERVER_ANALYTICS_ENABLED。"

    shut_out = wrongly_started.model_copy(update={"prefect_auth": None})
    found = {check.name: check for check in check_environment(shut_out, catalog)}
    assert found["流程服务"].status == "fail"
    assert "disclosure up" in found["流程服务"].advice
