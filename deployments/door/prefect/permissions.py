"""Which calls of Prefect's API who may make, as ``permissions.yaml`` has it; whatever it does not name is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from disclosure.catalog import RoleId
from disclosure.platform.fact import Fact, Name, read_fact
from disclosure.platform.yaml_source import load_document

FILE = Path(__file__).with_name("permissions.yaml")
OPERATOR: RoleId = "operator"

#: How an answer is treated before the visitor gets it; see the head of the table.
Treatment = Literal[
    "as_is",
    "runs",
    "artifacts",
    "logs",
    "run_text",
    "form",
    "deployments",
    "events",
    "resumed",
    "faults",
    "next_runs",
    "bookmarks",
    "informing",
    "new_block",
]

_CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE|WS) (/[a-z0-9_/{}-]+)")
#: What a placeholder of a call stands for. A form's key is that of its schema or its description, never of an answer.
ID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_PLACES = {
    "id": ID,
    "key": r"[a-z0-9][a-z0-9-]*",
    "form": r"suspended-[a-z0-9-]+-(?:schema|description)",
    "name": r"[^/]+",
}


class Permission(Fact):
    """Some calls, and who may make them.

    ``answer`` is given by the door itself, ``fields`` is all a body may hold, ``kinds`` are the types of blocks that
    may be made.
    """

    who: Literal["everybody", "operator"]
    calls: tuple[Name, ...] = Field(min_length=1)
    shows: Treatment = "as_is"
    answer: Any = None
    fields: tuple[str, ...] | None = None
    query: tuple[str, ...] = ()
    kinds: tuple[Name, ...] = ()

    @field_validator("calls")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for call in value:
            if not _CALL.fullmatch(call) or set(re.findall(r"{(\w+)}", call)) - _PLACES.keys():
                raise ValueError(f"“{call}”应为方法、空格、路径，占位只能是 {'、'.join(_PLACES)}")
        return value

    @property
    def is_answered_here(self) -> bool:
        """Whether Prefect is not asked at all."""
        return "answer" in self.model_fields_set


class PermissionRefusals(Fact):
    """What is said to whoever may not."""

    closed: Name
    operator: Name
    fields: Name
    query: Name
    informing: Name
    new_block: Name


class PermissionTable(Fact):
    """The whole table."""

    permissions: tuple[Permission, ...] = Field(min_length=1)
    refusals: PermissionRefusals


@dataclass(frozen=True)
class PermittedCall:
    """A call that may be made; ``run_id`` is the flow run its path names, if it names one."""

    permission: Permission
    run_id: str = ""


@dataclass(frozen=True)
class ForbiddenCall:
    """A call that may not be made, and why, in a sentence for the person."""

    sentence: str


@cache
def load_permissions() -> PermissionTable:
    """Read the table.

    Raises:
        DisclosureError: naming file and line of every mistake in it.
    """
    return read_fact(PermissionTable, load_document(FILE))


def judge_call(roles: Collection[RoleId], method: str, path: str) -> PermittedCall | ForbiddenCall:
    """Tell whether somebody with ``roles`` may call ``method`` (``WS`` for a WebSocket) on ``path`` below ``/api``."""
    is_known = False
    for permission, pattern in _patterns():
        found = pattern.fullmatch(f"{method} {path}")
        if found is None:
            continue
        is_known = True
        if permission.who == "everybody" or OPERATOR in roles:
            run_id = found.group("id") if path.startswith("/flow_runs/") and "id" in pattern.groupindex else ""
            return PermittedCall(permission, run_id.lower())
    refusals = load_permissions().refusals
    return ForbiddenCall(refusals.operator if is_known else refusals.closed)


def is_allowed(roles: Collection[RoleId], method: str, path: str) -> bool:
    """Whether somebody with ``roles`` may make the call at all."""
    return isinstance(judge_call(roles, method, path), PermittedCall)


def unknown_fields(body: Any, fields: Collection[str] | None) -> list[str]:
    """List what ``body`` says beyond ``fields`` (dotted for what lies below); None: everything may be said.

    What is empty says nothing.
    """
    return [] if fields is None else sorted(_unknown(body, fields, ""))


def _unknown(body: Any, fields: Collection[str], at: str) -> Iterator[str]:
    if not isinstance(body, dict):
        yield at.rstrip(".") or "…"
        return
    for key, value in body.items():
        here = f"{at}{key}"
        if here in fields or value is None or value in ({}, [], ""):
            continue
        if any(field.startswith(f"{here}.") for field in fields):
            yield from _unknown(value, fields, f"{here}.")
        else:
            yield here


@cache
def _patterns() -> tuple[tuple[Permission, re.Pattern[str]], ...]:
    return tuple(
        (permission, _pattern(call)) for permission in load_permissions().permissions for call in permission.calls
    )


def _pattern(call: str) -> re.Pattern[str]:
    """Return what matches ``METHOD /path``; the first ``{id}`` is the group of that name."""
    written = re.escape(call).replace(r"\{", "{").replace(r"\}", "}")
    written = written.replace("{id}", f"(?P<id>{_PLACES['id']})", 1)
    for place, what in _PLACES.items():
        written = written.replace(f"{{{place}}}", f"(?:{what})")
    return re.compile(written)
