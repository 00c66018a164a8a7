"""Protects unpublished figures: the permission table, role by page by state, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import pytest

from disclosure.access.embargo import GATES_OF_STEP, MaterialState, explain_embargo, may_see
from disclosure.catalog import MaterialKind, RoleId, load_catalog

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
#: A round as it goes on; what was asked stays asked.
STATES = {
    "collect": MaterialState(),
    "review": MaterialState(asked=frozenset(GATES_OF_STEP["review"])),
    "sign_off": MaterialState(asked=frozenset({*GATES_OF_STEP["review"], *GATES_OF_STEP["sign_off"]})),
    "published": MaterialState(asked=frozenset(GATES_OF_STEP["review"]), is_public=True),
}
KINDS: tuple[MaterialKind, ...] = ("report", "preview", "reply", "briefing", "openness")
#: What each role sees in collect, review, sign_off, published: y yes, - no; a column a kind, in the order of KINDS.
#: Replies and openness pages are another office's here; its own are below.
TABLE = """
drafter                   ---y ---y ---y ---y ---y
author                    ---y ---y ---y ---y ---y
head                      ---y ---y ---y ---y ---y
compiler                  yyyy yyyy yyyy yyyy yyyy
policy_reviewer           -yyy -yyy ---y -yyy -yyy
finance_reviewer          yyyy yyyy yyyy yyyy ---y
confidentiality_reviewer  -yyy -yyy ---y -yyy -yyy
leader                    -yyy -yyy ---y -yyy -yyy
supervisor                ---y ---y ---y ---y ---y
"""


@dataclass(frozen=True)
class Someone:
    name: str
    roles: frozenset[RoleId]
    offices: frozenset[str]


def someone(*roles: RoleId) -> Someone:
    return Someone("某人", frozenset(roles), frozenset({CATALOG.roles[roles[0]].offices[0]} if roles else set()))


def test_the_permission_table() -> None:
    rows = [line.split() for line in TABLE.split("\n") if line]
    for role, *cells in rows:
        for kind, cell in zip(KINDS, cells, strict=True):
            for (name, state), expected in zip(STATES.items(), cell, strict=True):
                assert may_see(CATALOG, someone(role), kind, state) == (expected == "y"), (role, kind, name)  # type: ignore[arg-type]
    known = {role for role in CATALOG.roles if role != "operator"}
    assert {row[0] for row in rows} == known
    assert get_args(MaterialKind) == KINDS


def test_whoever_has_no_role_or_one_without_an_entry_sees_progress_alone() -> None:
    for viewer in (Someone("某人", frozenset(), frozenset()), someone("supervisor")):
        for kind in KINDS:
            for name, state in STATES.items():
                assert may_see(CATALOG, viewer, kind, state) == (name == "published")


@pytest.mark.parametrize("kind", ["reply", "openness"])
@pytest.mark.parametrize("role", ["drafter", "author", "head"])
def test_an_office_sees_its_own_and_not_its_neighbours(kind: MaterialKind, role: RoleId) -> None:
    viewer = someone(role)
    (own,) = viewer.offices
    assert may_see(CATALOG, viewer, kind, MaterialState(offices=frozenset({own})))
    assert not may_see(CATALOG, viewer, kind, MaterialState(offices=frozenset({"employment_centre", "x"} - {own})))


def test_two_roles_see_what_either_sees() -> None:
    viewer = someone("drafter", "finance_reviewer")
    assert may_see(CATALOG, viewer, "report", STATES["collect"])


@pytest.mark.parametrize(
    ("role", "kind", "words"),
    [
        ("leader", "report", "要到轮到签发人审核时才能看"),
        ("drafter", "reply", "只能看本单位的"),
        ("supervisor", "preview", "不能看，发布以后再看"),
    ],
)
def test_a_refusal_says_when(role: RoleId, kind: MaterialKind, words: str) -> None:
    refusal = explain_embargo(CATALOG, someone(role), kind, STATES["collect"])
    assert refusal is not None
    assert words in refusal.sentence
