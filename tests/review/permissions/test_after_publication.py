"""Protects what one person may do to a release alone: who may, with which words others are refused, codes counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from disclosure.records.states import WithdrawalKind
from tests.support.bureau import Bureau
from tests.support.corrections import REASON, begin, events, restore, settle, withdraw
from tests.support.refusals import OFFICE

pytestmark = pytest.mark.records

EITHER = {"何汇总", "李局长"}
#: What everybody in these tests is.
ROLE = {
    "吴填报": "填报人",
    "王医保": "填报人",
    "周文字": "文字编写人",
    "何汇总": "汇总人",
    "马督办": "督办人",
    "郑法规": "政策审核人",
    "钱财务": "数据审核人",
    "孙保密": "保密审核人",
    "李局长": "签发人",
}


@pytest.fixture(scope="module")
def released(prepared: Callable[[str], Bureau], tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """Published; for refusals, which leave it as it is."""
    bureau = prepared("signing").copy_to(tmp_path_factory.mktemp("released"))
    bureau.approve("leader")
    bureau.publish()
    return bureau


@pytest.mark.parametrize("name", sorted(OFFICE.keys() - EITHER))
def test_only_compiler_and_leader_begin_a_correction(released: Bureau, name: str) -> None:
    words = f"发起更正须由汇总人或签发人办理；“{name}”是{ROLE[name]}，不能办理。"
    assert begin(released, name=name) == words
    assert withdraw(released, "in_error", name=name) == words.replace("发起更正", "因有误撤回")
    assert "correction.begun" not in events(released)
    assert "release.withdrawing" not in events(released)


@pytest.mark.parametrize(("kind", "what"), [("superseded", "因被取代撤回"), ("by_order", "依上级要求撤回")])
@pytest.mark.parametrize("name", sorted(OFFICE.keys() - {"李局长"}))
def test_only_the_leader_withdraws_what_is_not_in_error(
    released: Bureau, name: str, kind: WithdrawalKind, what: str
) -> None:
    assert withdraw(released, kind, name=name) == f"{what}须由签发人办理；“{name}”是{ROLE[name]}，不能办理。"


def test_somebody_not_enrolled_or_disabled_and_an_empty_reason(released: Bureau) -> None:
    assert (
        withdraw(released, name="路人甲") == "“路人甲”没有登记，请核对姓名，或请管理员登记（disclosure people add）。"
    )
    assert withdraw(released, reason="有误") == "理由（--reason）会公开，应为 6 到 200 个字，写明为什么。"


def test_a_wrong_code_is_counted_and_changes_nothing(released: Bureau) -> None:
    released.secrets["外人"] = released.secrets["钱财务"]
    code, released.code = released.code, lambda _: released.wrong_code("李局长")  # type: ignore[method-assign]
    try:
        assert withdraw(released).startswith("口令不对或已过期")
    finally:
        released.code = code  # type: ignore[method-assign]
    assert "code.wrong" in events(released)
    assert "release.withdrawing" not in events(released)


def test_the_compiler_takes_an_error_down_and_only_the_leader_brings_it_back(
    released: Bureau, bureau_in: Callable[[str], Bureau]
) -> None:
    del released
    bureau = bureau_in("signing")
    bureau.approve("leader")
    bureau.publish()
    assert withdraw(bureau, "in_error", name="何汇总", reason=REASON) == ""
    settle(bureau)
    assert restore(bureau, name="何汇总") == "恢复公开须由签发人办理；“何汇总”是汇总人，不能办理。"
    assert restore(bureau) == ""
