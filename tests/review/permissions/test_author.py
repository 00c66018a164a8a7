"""Protects the reviews from who writes the text: the author decides nowhere, neither reviews nor compiling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from disclosure.catalog import GateId
from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, REASON, REVIEWS, excused, is_on_record, is_refused

pytestmark = pytest.mark.records

WORDS = "“周文字”属于社会保险行政科室，{}须由{}的人作出。"


@pytest.mark.parametrize(("gate", "name", "office"), REVIEWS)
def test_refused_at_every_review(on_both: Bureau, gate: GateId, name: str, office: str) -> None:
    is_refused(on_both, WORDS.format(name, office), gate, name="周文字", opinion=REASON)
    if gate != "emergency":
        to = (CENTRE,)
        is_refused(on_both, WORDS.format(name, office), gate, outcome="returned", name="周文字", returned_to=to)


def test_refused_at_the_leaders(bureau_in: Callable[[str], Bureau]) -> None:
    is_refused(bureau_in("signing"), WORDS.format("局领导审核", "局领导"), "leader", name="周文字")


def test_refused_afterwards(bureau_in: Callable[[str], Bureau]) -> None:
    words = WORDS.format("政策审核", "政策法规科")
    is_refused(bureau_in("afterwards"), words, "policy", step="later_review", name="周文字")


def test_does_not_compile(bureau_in: Callable[[str], Bureau]) -> None:
    bureau = bureau_in("collecting")
    asked = bureau.ask("collect", "")
    words = "先行汇总须由宣传信息科的汇总人决定。"
    assert bureau.reply_collect(asked, "周文字") == words
    is_on_record(bureau, asked, words)
    assert excused(bureau) == []
