"""Protects the event log: what the product logs is a line of JSON with a name, and a full disk stops nobody."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.logs import EVENT_LOG, keep_event_log

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[logging.Logger]:
    handler = keep_event_log(tmp_path / "logs", "door")
    yield logging.getLogger("disclosure.watch")
    logging.getLogger("disclosure").removeHandler(handler)
    handler.close()


def lines(tmp_path: Path) -> list[dict[str, object]]:
    text = (tmp_path / "logs" / EVENT_LOG).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_says_what_happened_to_what_where_and_when(log: logging.Logger, tmp_path: Path) -> None:
    log.info("%s：已发布\n第二行", "2025年度", extra={"event": "release.published", "subject": "c1", "run": "r1"})
    (line,) = lines(tmp_path)
    assert str(line.pop("at")).endswith("Z")
    assert isinstance(line.pop("pid"), int)
    assert line == {
        **{"level": "INFO", "logger": "disclosure.watch", "part": "door", "event": "release.published"},
        **{"text": "2025年度：已发布\n第二行", "subject": "c1", "run": "r1"},
    }


def test_a_fault_has_its_trace_and_stays_one_line(log: logging.Logger, tmp_path: Path) -> None:
    try:
        int("坏")
    except ValueError:
        log.warning("没有成", exc_info=True, extra={"event": "watch.failed"})
    (line,) = lines(tmp_path)
    assert "ValueError: invalid" in str(line["exc_info"])


def test_a_log_that_cannot_be_written_stops_nobody(
    log: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs" / EVENT_LOG).mkdir()
    log.warning("没有成", extra={"event": "watch.failed"})
    assert "Logging error" not in capsys.readouterr().err


def test_whatever_the_product_logs_has_a_name() -> None:
    nameless = []
    for folder in ("disclosure", "data_checks", "tasks", "flows", "deployments"):
        for path in (ROOT / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and _is_logging(call) and "extra" not in {k.arg for k in call.keywords}:
                    nameless.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert nameless == []


def _is_logging(call: ast.Call) -> bool:
    called = call.func
    if not isinstance(called, ast.Attribute) or called.attr not in LEVELS:
        return False
    return ast.unparse(called.value) in {"_log", "_logger()"}
