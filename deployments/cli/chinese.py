"""What cyclopts says, in Chinese: the frame of every help page, and what is wrong with a command as it was typed."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from cyclopts import App, CycloptsError, Group
from cyclopts.exceptions import (
    CoercionError,
    ConsumeMultipleError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)
from cyclopts.help import ColumnSpec, DefaultFormatter, DescriptionRenderer, HelpEntry, InlineText, NameRenderer
from cyclopts.help.specs import AsteriskColumn
from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

#: One group for what cyclopts calls arguments and parameters: it refuses two of the same name.
COMMANDS, PARAMETERS = Group.create_default_commands("命令"), Group.create_default_parameters("参数")
#: Words of the usage line.
_USAGE: Mapping[str, str] = {
    "COMMAND": "命令",
    "[OPTIONS]": "[选项]",
    "[ARGS]": "[参数]",
    "[ARGS...]": "[参数…]",
}
#: What cyclopts itself offers with every command.
_FLAGS: Mapping[str, str] = {"--help": "显示这份帮助。", "--version": "显示版本。"}
_TYPES: Mapping[Any, str] = {
    int: "整数",
    float: "数字",
    dt.date: "如 2026-03-02 的日期",
    dt.datetime: "如 2026-03-02T09:00 的时间",
    bool: "是或否",
    Path: "文件或文件夹",
}


class ChineseHelp(DefaultFormatter):
    """The frame of a help page."""

    def __init__(self) -> None:
        super().__init__(column_specs=_columns, show_metavar=False)

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Print how a command is written."""
        del options
        if usage:
            words = [_USAGE.get(word, word) for word in str(usage).split()]
            console.print(Text(f"用法：{' '.join(words)}\n", style="bold"), soft_wrap=True)


class _Description(DescriptionRenderer):
    """What a parameter is for, whether it must be given, and what counts without it."""

    def __call__(self, entry: HelpEntry) -> RenderableType:
        said = next((text for flag, text in _FLAGS.items() if flag in entry.names), None)
        notes = []
        if entry.choices:
            notes.append(f"可选 {'、'.join(entry.choices)}")
        if entry.default not in {None, "", "False", "()"}:
            notes.append(f"不写则为 {entry.default}")
        if entry.required:
            notes.append("必填")
        plain = entry.copy(choices=None, env_var=None, default=None, required=False)
        told = super().__call__(plain.copy(description=Text(said)) if said else plain)
        if notes and isinstance(told, InlineText):
            told.append(Text(f"（{'；'.join(notes)}）", "dim"))
        return told


def _columns(console: Console, options: ConsoleOptions, entries: list[HelpEntry]) -> tuple[ColumnSpec, ...]:
    del options
    width = math.ceil(console.width * 0.35)
    name = ColumnSpec(renderer=NameRenderer(max_width=width), header="", style="cyclopts.name", max_width=width)
    description = ColumnSpec(renderer=_Description(), header="", overflow="fold")
    return (AsteriskColumn, name, description) if any(each.required for each in entries) else (name, description)


def make_noun(name: str, about: str) -> App:
    """Return the app of a noun: what stands under it takes its groups from it, not from the product's."""
    return App(
        name=name,
        help=about,
        group_commands=COMMANDS,
        group_parameters=PARAMETERS,
        group_arguments=PARAMETERS,
    )


def explain_mistyped(error: CycloptsError) -> Text:
    """Return what is wrong with a command as it was typed, and where to look how it is written."""
    command = " ".join(("disclosure", *(error.command_chain or ())))
    return Text.assemble(("✗", "bold red"), f" {_sentence(error)}写法见 {command} --help。")


def _sentence(error: CycloptsError) -> str:
    unused = error.unused_tokens or [""]
    match error:
        case UnknownCommandError():
            said = f"没有“{unused[0]}”这个命令{_meant(unused[0], _names(error.app))}"
        case UnknownOptionError():
            given = error.token.keyword or error.token.value
            known = [name for argument in error.argument_collection for name in argument.names]
            said = f"没有 {given} 这个选项{_meant(given, known)}"
        case CoercionError():
            said = _unfit_value(error)
        case ConsumeMultipleError():
            said = f"{_name(error)} 的值个数不对，写了 {error.actual_count} 个"
        case MissingArgumentError():
            about = str(error.argument.parameter.help or "") if error.argument else ""
            said = f"没有写 {_name(error)}{f'（{about}）' if about else ''}"
        case RepeatArgumentError():
            said = f"{error.token.keyword} 写了两次"
        case UnusedCliTokensError():
            said = f"多写了“{' '.join(unused)}”"
        case _:
            said = f"{_name(error)} 的写法不对".strip()
    return f"{said}。"


def _unfit_value(error: CoercionError) -> str:
    given = f"“{error.token.value}”" if error.token else ""
    if get_origin(error.target_type) is Literal:
        wanted = f"{'、'.join(map(str, get_args(error.target_type)))} 之一"
    else:
        wanted = _TYPES.get(error.target_type, "别的写法")
    return f"{_name(error)} 的值{given}不对，应为{wanted}"


def _name(error: CycloptsError) -> str:
    return error.argument.name if error.argument else ""


def _names(app: App | None) -> list[str]:
    return [name for name in app if not name.startswith("-")] if app else []


def _meant(typed: str, known: list[str]) -> str:
    near = difflib.get_close_matches(typed, known, n=1, cutoff=0.6)
    return f"，是不是 {near[0]}" if near else ""
