"""``disclosure import`` in this process: what it prints, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import deployments.cli.commands.history
from deployments.cli import screen
from deployments.cli.commands.history import import_
from disclosure.records.installation import Installation

Screen = Callable[..., tuple[str, int]]


def import_on_screen(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Screen:
    """Return what imports files into ``installation``; it returns what was printed, and the exit code."""
    monkeypatch.setattr(deployments.cli.commands.history, "open_installation", lambda: installation)
    monkeypatch.setattr(screen.console, "_width", 160)

    def run(*files: Path, **options: Any) -> tuple[str, int]:
        code = 0
        try:
            import_(*files, **options)
        except SystemExit as end:
            code = int(end.code or 0)
        return capsys.readouterr().out, code

    return run
