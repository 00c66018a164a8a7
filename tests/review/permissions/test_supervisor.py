"""Protects the reviews from who watches the dates: the supervisor decides nowhere, nor in the own office's gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from disclosure.catalog import GateId
from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, REASON, REVIEWS, excused, is_on_record, is_refused

pytestmark = pytest.mark.records

WORDS = "“马督办”属于局办公室，{}须由{}的人作出。"
OWN_OFFICE = "“马督办”没有“保密审核人”的角色，不能作保密性审核，请联系管理员。"


@pytest.mark.parametrize(("gate", "name", "office"), REVIEWS)
def test_refused_at_every_review(on_both: Bureau, gate: GateId, name: str, office: str) -> None:
    words = OWN_OFFICE if gate == "confidentiality" else WORDS.format(name, office)
    is_refused(on_both, words, gate, name="马督办", opinion=REASON)
    if gate != "emergency":
        to = (CENTRE,)
        is_refused(on_both, words, gate, outcome="returned", name="马督办", returned_to=to)


def test_refused_at_the_leaders(bureau_in: Callable[[str], Bureau]) -> None:
    is_refused(bureau_in("signing"), WORDS.format("局领导审核", "局领导"), "leader", name="马督办")


def test_refused_afterwards(bureau_in: Callable[[str], Bureau]) -> None:
    words = WORDS.format("政策审核", "政策法规科")
    is_refused(bureau_in("afterwards"), words, "policy", step="later_review", name="马督办")


def test_does_not_compile(bureau_in: Callable[[str], Bureau]) -> None:
    bureau = bureau_in("collecting")
    asked = bureau.ask("collect", "")
    words = "先行汇总须由宣传信息科的汇总人决定。"
    assert bureau.reply_collect(asked, "马督办") == words
    is_on_record(bureau, asked, words)
    assert excused(bureau) == []
