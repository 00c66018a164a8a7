"""Protects every gate from those nobody vouches for: unknown, disabled, locked, or without a code of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from disclosure.catalog import GateId
from disclosure.review import people
from disclosure.review.authority import Answer
from disclosure.review.identify import Proof
from disclosure.review.refusals import RefusalCode
from disclosure.simulation.actors import form_of
from tests.support.bureau import REVIEWERS, Bureau
from tests.support.refusals import CENTRE, REASON, decided, events, is_refused

pytestmark = pytest.mark.records

#: Every gate with the state in which it is asked.
GATES: list[tuple[GateId, str, str]] = [
    ("policy", "reviewing", "review"),
    ("finance", "reviewing", "review"),
    ("confidentiality", "reviewing", "review"),
    ("emergency", "reviewing", "review"),
    ("leader", "signing", "sign_off"),
    ("policy", "afterwards", "later_review"),
]
WRONG = "口令不对或已过期，请输入验证器上正在显示的 6 位数字。"


@pytest.fixture(params=GATES, ids=lambda gate: f"{gate[0]}-{gate[1]}")
def asked(request: pytest.FixtureRequest, bureau_in: Callable[[str], Bureau]) -> tuple[Bureau, GateId, str, str]:
    """A bureau, a gate that is open in it, the step that asks, and who decides there."""
    gate, state, step = request.param
    return bureau_in(state), gate, step, REVIEWERS[gate]


def test_an_unknown_name(asked: tuple[Bureau, GateId, str, str]) -> None:
    bureau, gate, step, _ = asked
    words = "“{}”没有登记，请核对姓名，或请管理员登记（disclosure people add）。"
    for name in ("无此人", "系统", "'; DROP TABLE people; --"):
        is_refused(bureau, words.format(name), gate, step=step, name=name, opinion=REASON)
        assert events(bureau, "ask.refused")[-1]["codes"] == [RefusalCode.NOT_ENROLLED]


def test_a_disabled_person(asked: tuple[Bureau, GateId, str, str]) -> None:
    bureau, gate, step, name = asked
    bureau.disable(name)
    is_refused(bureau, f"“{name}”已停用，不能办理，请联系管理员。", gate, step=step, opinion=REASON)
    assert events(bureau, "ask.refused")[-1]["codes"] == [RefusalCode.DISABLED]


def test_a_wrong_code_and_somebody_elses(asked: tuple[Bureau, GateId, str, str]) -> None:
    bureau, gate, step, name = asked
    is_refused(bureau, WRONG, gate, step=step, opinion=REASON, code=bureau.wrong_code(name))
    is_refused(bureau, WRONG, gate, step=step, opinion=REASON, code=bureau.code("马督办"))
    assert [(e["actor"], e["attempts"]) for e in events(bureau, "code.wrong")] == [(name, 1), (name, 2)]


def test_a_code_of_a_minute_ago(asked: tuple[Bureau, GateId, str, str]) -> None:
    bureau, gate, step, name = asked
    code = bureau.code(name)
    bureau.now += dt.timedelta(seconds=2 * people.STEP_SECONDS)
    is_refused(bureau, WRONG, gate, step=step, opinion=REASON, code=code)


def test_a_used_code(asked: tuple[Bureau, GateId, str, str]) -> None:
    bureau, gate, step, name = asked
    code = bureau.code(name)
    bureau.use_up(name, code)
    words = "这个口令已经用过一次，请等验证器显示下一个再填。"
    is_refused(bureau, words, gate, step=step, opinion=REASON, code=code)
    assert bureau.answer(gate, step=step, opinion=REASON) == ""


def test_whoever_guesses_codes_waits(asked: tuple[Bureau, GateId, str, str]) -> None:
    bureau, gate, step, name = asked
    for wait in ("", "", "（请过 5 秒再试）"):
        words = f"口令不对或已过期，请输入验证器上正在显示的 6 位数字{wait}。"
        is_refused(bureau, words, gate, step=step, opinion=REASON, code=bureau.wrong_code(name))
    # Even the right code is of no use now, and is not used up.
    words = f"这里错了几次，请过 5 秒再填“{name}”的口令；本人在别处不受影响。"
    is_refused(bureau, words, gate, step=step, opinion=REASON, code=bureau._code_of(name, bureau.step_now()))
    assert bureau.answer(gate, step=step, opinion=REASON) == ""


def test_what_cannot_be_read(asked: tuple[Bureau, GateId, str, str]) -> None:
    bureau, _, step, _ = asked
    before = decided(bureau)
    for raw in (None, "通过", [], {}, {"gate": 1}, {"gate": {"__prefect_kind": "jinja", "template": "政策审核"}}):
        assert bureau.reply_raw(bureau.ask(step), raw) == "没有选择审核环节，请重新填写。"
    for code in ("12345", "abcdef", ""):
        raw = {
            "gate": "政策审核",
            "outcome": "补审通过" if step == "later_review" else "通过",
            "name": "郑法规",
            "code": code,
            "opinion": "同意",
            "publish_at": "立即",
        }
        assert bureau.reply_raw(bureau.ask(step), raw) == "一次性口令应为验证器上的 6 位数字，请重新填写。"
    assert decided(bureau) == before


def test_an_answer_that_comes_twice_changes_nothing(bureau: Bureau) -> None:
    """The very same form is the same answer, whatever else it says is refused, and a decided ask stays decided."""
    first = bureau.ask("review")
    proof = Proof("郑法规", bureau.code("郑法规"), bureau.now, "同意")
    form = form_of(bureau.catalog, "review", Answer("policy", "approved", proof))
    assert bureau.reply_raw(first, form) == ""
    before = decided(bureau)
    assert bureau.reply_raw(first, form) == ""
    assert bureau.reply_raw(bureau.ask("review"), form) == ""
    assert decided(bureau) == before
    told = bureau.reply_raw(first, form | {"outcome": "退回", "returned_to": ["区社保中心"]})
    assert told.startswith("这一问刚刚已有人答复，或已不再需要答复，请看最新的表单。")
    assert told.endswith("这个口令已经用过一次，请等验证器显示下一个再填。")
    assert bureau.reply_raw(first, None) == "没有选择审核环节，请重新填写。"
    assert decided(bureau) == before
    second = bureau.ask("review")
    assert bureau.reply(second, "finance", name="无此人") != ""
    assert decided(bureau) == before
    assert bureau.answer("finance", "returned", returned_to=(CENTRE,)) == ""
