"""Protects 局领导审核: only the leader signs, after the reviews, on exactly the rendered release, for a fit hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, OFFICE, acted, decided, is_refused, name_only, others_refused

pytestmark = pytest.mark.records

GATE = "局领导审核"


@pytest.fixture
def signing(bureau_in: Callable[[str], Bureau]) -> Bureau:
    """A rendered release that waits for the leader."""
    return bureau_in("signing")


#: Whoever reviewed is told that as well.
REVIEWED = acted(郑法规="政策审核", 钱财务="数据审核", 孙保密="保密性审核")
NOT_YET = "政策审核、数据审核、保密性审核还没有通过，现在不能签发，请等审核完成。"


@pytest.mark.parametrize(("name", "words"), others_refused(GATE, "局领导", "李局长", also=REVIEWED), ids=name_only)
def test_every_other_role_is_refused(signing: Bureau, name: str, words: str) -> None:
    is_refused(signing, words, "leader", name=name)
    is_refused(signing, words, "leader", outcome="returned", name=name, returned_to=(CENTRE,))


def test_every_other_role_is_refused_on_both_databases(on_both: Bureau) -> None:
    on_both.render()
    for name, words in others_refused(GATE, "局领导", "李局长", also=dict.fromkeys(OFFICE, NOT_YET)):
        is_refused(on_both, words, "leader", name=name)


def test_the_leader_signs_once(signing: Bureau) -> None:
    assert signing.answer("leader") == ""
    assert (1, "leader", "approved") in [row[:3] for row in decided(signing)]
    is_refused(signing, "局领导审核本轮已有结论或尚未开始，请选择仍待审核的环节。", "leader")


def test_not_before_the_reviews(bureau: Bureau) -> None:
    bureau.render()
    words = "政策审核、数据审核、保密性审核还没有通过，现在不能签发，请等审核完成。"
    is_refused(bureau, words, "leader")
    bureau.approve("finance", "policy")
    is_refused(bureau, "保密性审核还没有通过，现在不能签发，请等审核完成。", "leader")
    bureau.send_back("confidentiality", CENTRE)
    is_refused(bureau, "保密性审核还没有通过，现在不能签发，请等审核完成。", "leader")


def test_not_in_the_reviewers_form(bureau: Bureau) -> None:
    is_refused(bureau, "局领导审核本轮已有结论或尚未开始，请选择仍待审核的环节。", "leader", step="review")


def test_a_review_is_not_made_in_the_leaders_form(signing: Bureau) -> None:
    is_refused(signing, "政策审核本轮已有结论或尚未开始，请选择仍待审核的环节。", "policy", step="sign_off")


def test_a_release_that_is_not_what_is_rendered_now(signing: Bureau) -> None:
    words = "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。"
    is_refused(signing, words, "leader", digest="f" * 64)
    is_refused(signing, words, "leader", digest=signing.compile().digest)


def test_a_question_of_an_earlier_round(signing: Bureau) -> None:
    signing.send_back("leader", CENTRE)
    old = signing.ask("sign_off")
    signing.begin_next_round()
    is_refused(signing, "这一问属于已结束的一轮，请按新的一轮审核。", "leader", asked=old)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-1, "计划发布时间 2017年3月10日 08:00 已过，请填“立即”或将来的时间。"),
        (24 * 6, "计划发布时间 2017年3月16日 09:00 晚于披露期限（2017年3月15日 23:59），请提前。"),
    ],
)
def test_an_hour_that_does_not_fit(signing: Bureau, hours: int, words: str) -> None:
    signing.now = dt.datetime(2017, 3, 10, 1, tzinfo=dt.UTC)
    is_refused(signing, words, "leader", publish_at=signing.now + dt.timedelta(hours=hours))


def test_no_later_hour_once_the_legal_date_has_passed(signing: Bureau) -> None:
    words = "披露期限（2017年3月15日 23:59）已过，不能再往后排，请填“立即”。"
    is_refused(signing, words, "leader", publish_at=signing.now + dt.timedelta(hours=2))
