"""Protects compiling: the compiler alone goes on without a centre, with a reason, and then reviews nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from disclosure.catalog import GateId
from disclosure.review.forms import GO_ON_WITHOUT
from tests.support.bureau import Bureau
from tests.support.refusals import (
    CENTRE,
    OFFICE,
    OTHER,
    REASON,
    REVIEWS,
    events,
    excused,
    is_on_record,
    is_refused,
)

pytestmark = pytest.mark.records

WORDS = "“何汇总”属于宣传信息科，{}须由{}的人作出。"


@pytest.fixture
def collecting(bureau_in: Callable[[str], Bureau]) -> Bureau:
    """One centre has handed in, the other is missing."""
    return bureau_in("collecting")


def not_taken(bureau: Bureau, words: str, name: str = "何汇总", *, asked: int | None = None, **filled: str) -> None:
    """The answer is refused in these words, and nobody is excused."""
    asked = asked or bureau.ask("collect", "")
    assert bureau.reply_collect(asked, name, **filled) == words
    is_on_record(bureau, asked, words)
    assert excused(bureau) == []


@pytest.mark.parametrize("name", [name for name in OFFICE if name != "何汇总"])
def test_every_other_role_is_refused(collecting: Bureau, name: str) -> None:
    not_taken(collecting, "先行汇总须由宣传信息科的汇总人决定。", name)
    assert events(collecting, "ask.refused")[-1]["name"] == name


def test_the_compiler_goes_on_without_with_a_reason_on_record(collecting: Bureau) -> None:
    assert collecting.reply_collect(collecting.ask("collect", ""), "何汇总") == ""
    assert excused(collecting) == [OTHER]
    assert events(collecting, "centre.excused")[-1]["actor"] == "何汇总"


@pytest.mark.parametrize("reason", ["", "缺报", "　　缺报　　"])
def test_not_without_a_reason(collecting: Bureau, reason: str) -> None:
    not_taken(collecting, "先行汇总必须写明理由（至少 4 个字），理由会作为脚注公开。", reason=reason)


def test_a_wrong_and_a_used_code(collecting: Bureau) -> None:
    wrong = "口令不对或已过期，请输入验证器上正在显示的 6 位数字。"
    not_taken(collecting, wrong, code=collecting.wrong_code("何汇总"))
    code = collecting.code("何汇总")
    collecting.use_up("何汇总", code)
    not_taken(collecting, "这个口令已经用过一次，请等验证器显示下一个再填。", code=code)


def test_a_code_that_is_no_code(collecting: Bureau) -> None:
    not_taken(collecting, "一次性口令应为验证器上的 6 位数字，请重新填写。", code="12345")


def test_disabled_or_never_enrolled(collecting: Bureau) -> None:
    not_taken(collecting, "“无此人”没有登记，请核对姓名，或请管理员登记（disclosure people add）。", "无此人")
    collecting.disable("何汇总")
    not_taken(collecting, "“何汇总”已停用，不能办理，请联系管理员。")


def test_a_question_of_an_earlier_round(bureau: Bureau) -> None:
    bureau.send_back("policy", CENTRE)
    old = bureau.ask("collect", "")
    bureau.begin_next_round()
    not_taken(bureau, "这一问属于已结束的一轮，请按新的一轮办理。", asked=old)


def test_what_cannot_be_read(collecting: Bureau) -> None:
    for raw in (None, [], {"action": "随便"}, {"action": {"__prefect_kind": "jinja", "template": GO_ON_WITHOUT}}):
        asked = collecting.ask("collect", "")
        assert collecting.reply_raw(asked, raw) == "没有选择处理方式，请重新填写。"
        is_on_record(collecting, asked, "没有选择处理方式，请重新填写。")


@pytest.mark.parametrize(("gate", "name", "office"), REVIEWS)
def test_reviews_nothing(on_both: Bureau, gate: GateId, name: str, office: str) -> None:
    is_refused(on_both, WORDS.format(name, office), gate, name="何汇总", opinion=REASON)


def test_who_went_on_without_a_centre_reviews_nothing_as_a_substitute_either(collecting: Bureau) -> None:
    assert collecting.reply_collect(collecting.ask("collect", ""), "何汇总") == ""
    collecting.compile()
    collecting.audit()
    collecting.substitute("何汇总", "郑法规")
    words = "“何汇总”参与了本轮的填报或汇总，不能审核自己经手的数据，请换人审核。"
    is_refused(collecting, words, "policy", name="何汇总")
