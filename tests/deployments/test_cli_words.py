"""Protects: what the command line says of itself and of a mistyped command is Chinese, and shells can complete it."""

from __future__ import annotations

import re

import pytest
from cyclopts import CycloptsError
from rich.console import Console

from deployments.cli import app
from deployments.cli.chinese import explain_mistyped

pytestmark = pytest.mark.unit

#: English that cyclopts would say.
ENGLISH = re.compile(r"\b(Usage|Commands|Parameters|Arguments|Display|required|default|choices|OPTIONS|ARGS|COMMAND)\b")


def _help_of(*command: str) -> str:
    console = Console(width=100, record=True, file=None, force_terminal=False, quiet=False)
    with console.capture() as captured:
        app.help_print([*command], console=console)
    return captured.get()


def _every_command() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for name in app:
        if not name.startswith("-"):
            found.append((name,))
            found += [(name, sub) for sub in app[name] if not sub.startswith("-")]
    return found


def test_every_help_page_is_chinese() -> None:
    commands = _every_command()
    assert ("people", "add") in commands
    for command in commands:
        told = _help_of(*command)
        assert "用法：" in told, command
        assert not ENGLISH.search(told), (command, told)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("opne 2025-annual", "没有“opne”这个命令，是不是 open。写法见 disclosure --help。"),
        ("people ad 李明", "没有“ad”这个命令，是不是 add。写法见 disclosure people --help。"),
        ("remind --dry-rnu", "没有 --dry-rnu 这个选项，是不是 --dry-run。写法见 disclosure remind --help。"),
        ("open", "没有写 --period（期间，如 2025-annual、2026-q1、2026-special-工伤专项）。"),
        (
            "withdraw 2025-annual --kind wrong --by 李明 --reason 有误",
            "--kind 的值“wrong”不对，应为in_error、superseded、by_order 之一。",
        ),
        ("calendar soon", "--year 的值“soon”不对，应为整数。"),
        (
            "deadline move 2026-q1 draft 后天 --by 李 --reason 事",
            "--date 的值“后天”不对，应为如 2026-03-02 的日期。",
        ),
        ("doctor now", "多写了“now”。"),
    ],
)
def test_a_mistyped_command_is_told_in_chinese(typed: str, sentence: str) -> None:
    with pytest.raises(CycloptsError) as told:
        app.parse_args(typed, exit_on_error=False, print_error=False)
    said = explain_mistyped(told.value).plain
    assert sentence in said
    assert "--help" in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_it(shell: str) -> None:
    script = app.generate_completion(prog_name="disclosure", shell=shell)  # type: ignore[arg-type]
    assert "disclosure" in script
    assert "openness" in script
