"""Protects substitution: from the first day to the last, for the roles of the absent alone, and one hat a round."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from disclosure.catalog import GateId
from disclosure.platform.errors import DisclosureError
from tests.support.bureau import Bureau
from tests.support.refusals import decided, is_refused

pytestmark = pytest.mark.records

DAY = dt.date(2026, 3, 9)
#: The substitute does no other work in the bureau's cycle.
NAME = "许代理"
NOT_YET = "“许代理”属于政策法规科，{}须由{}的人作出。"


@pytest.fixture
def bureau(bureau_in: Callable[[str], Bureau]) -> Bureau:
    """A round under review, with somebody of the policy section who has no role of their own there."""
    bureau = bureau_in("reviewing")
    bureau.enrol(NAME, "policy_section", "policy_reviewer")
    return bureau


def at(bureau: Bureau, day: dt.date, hour: int, minute: int = 0) -> None:
    """Set the bureau's clock to a Shanghai time; the code goes on half a minute from there."""
    bureau.now = dt.datetime.combine(day, dt.time(hour, minute), dt.timezone(dt.timedelta(hours=8)))


@pytest.mark.parametrize(
    ("gate", "absent", "said", "office"),
    [("finance", "钱财务", "数据审核", "规划财务科"), ("confidentiality", "孙保密", "保密性审核", "局办公室")],
)
def test_only_from_the_first_day_to_the_last(bureau: Bureau, gate: GateId, absent: str, said: str, office: str) -> None:
    words = NOT_YET.format(said, office)
    is_refused(bureau, words, gate, name=NAME)
    # A colleague's codes are asked for later than those of the last day: nobody's clock is set back.
    other = bureau.enrol("许代理乙", "policy_section", "policy_reviewer")
    for name in (NAME, other):
        bureau.substitute(name, absent, DAY, DAY + dt.timedelta(days=2))
    at(bureau, DAY - dt.timedelta(days=1), 23, 59)
    bureau.now -= dt.timedelta(seconds=30)
    is_refused(bureau, words, gate, name=NAME)
    at(bureau, DAY + dt.timedelta(days=3), 0)
    is_refused(bureau, words.replace(NAME, other), gate, name=other)
    at(bureau, DAY + dt.timedelta(days=2), 23, 58)
    assert bureau.answer(gate, name=NAME) == ""


def test_the_leaders_substitute_signs_but_not_in_an_emergency(bureau_in: Callable[[str], Bureau]) -> None:
    bureau = bureau_in("signing")
    bureau.enrol(NAME, "policy_section", "policy_reviewer")
    is_refused(bureau, NOT_YET.format("局领导审核", "局领导"), "leader", name=NAME)
    bureau.substitute(NAME, "李局长")
    assert bureau.answer("leader", name=NAME) == ""


def test_other_gates_stay_closed(bureau: Bureau) -> None:
    bureau.substitute(NAME, "钱财务")
    is_refused(bureau, NOT_YET.format("保密性审核", "局办公室"), "confidentiality", name=NAME)


def test_one_hat_a_round(bureau: Bureau) -> None:
    bureau.substitute(NAME, "钱财务")
    bureau.substitute(NAME, "孙保密")
    assert bureau.answer("finance", name=NAME) == ""
    words = "“许代理”本轮已作过数据审核，同一轮中一人只能作一个环节的结论。"
    for gate in ("policy", "confidentiality"):
        is_refused(bureau, words, gate, name=NAME)
        is_refused(bureau, words, gate, name=f" {NAME} ", code=bureau.code(NAME))
    assert len(decided(bureau)) == 1


def test_not_at_second_hand(bureau: Bureau) -> None:
    """Who stands in for a substitute gets the substitute's own roles, not the borrowed ones."""
    bureau.substitute("周文字", NAME)
    bureau.substitute(NAME, "钱财务")
    words = "“周文字”属于社会保险行政科室，数据审核须由规划财务科的人作出。"
    is_refused(bureau, words, "finance", name="周文字")
    assert bureau.answer("policy", name="周文字") == ""


def test_a_disabled_substitute(bureau: Bureau) -> None:
    bureau.substitute(NAME, "钱财务")
    bureau.disable(NAME)
    is_refused(bureau, "“许代理”已停用，不能办理，请联系管理员。", "finance", name=NAME)


def test_registering_what_makes_no_sense(bureau: Bureau) -> None:
    for name, absent, first, last, words in (
        ("无此人", "钱财务", DAY, DAY, "“无此人”没有登记，请核对姓名，或请管理员登记（disclosure people add）。"),
        (NAME, NAME, DAY, DAY, "“许代理”不能代自己，请核对姓名。"),
        (
            NAME,
            "钱财务",
            DAY,
            DAY - dt.timedelta(days=1),
            "代理的结束日期 2026-03-08 早于开始日期 2026-03-09，请核对。",
        ),
    ):
        with pytest.raises(DisclosureError) as told:
            bureau.substitute(name, absent, first, last)
        assert str(told.value) == words
