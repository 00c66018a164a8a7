"""Protects a cycle whose process is killed before or after any write from opening to the leader's question."""

from __future__ import annotations

import pytest

from disclosure.review.forms import CHECK_AGAIN
from tests.support.killing import Killer
from tests.support.office import Office

pytestmark = [pytest.mark.faults, pytest.mark.full]

REVIEWS = ["政策审核", "数据审核", "保密性审核"]


def test_killed_at_every_write_up_to_the_leaders_question(office: Office) -> None:
    case = office.new_cycle()
    killer = Killer(case)
    first, *rest = office.centres(case.period)
    case.hand_in(first)

    # Asking who is missing: nothing done yet, the ask not written, and suspended without a form.
    killer.kill("after cycle.taken_over", case.start)
    killer.kill("before ask.put")
    killer.kill("unformed")
    assert killer.form().is_about_submissions
    case.hand_in(*rest)
    somebody = office.newcomer("publicity_section")
    answer = {"action": CHECK_AGAIN, "name": somebody, "code": office.code(somebody), "reason": "都已交来"}

    # Compiling, checking, asking the reviewers.
    killer.kill("before compilation.made", lambda: case.give(answer))
    for where in ("after compilation.made", "before audit.finished", "after audit.finished"):
        killer.kill(where)
    killer.kill("after ask.put")
    killer.kill("unformed")
    assert killer.form().gates == REVIEWS

    # Answers that are recorded and not yet acted on.
    killer.kill("before ask.put", lambda: case.answer("policy"))
    assert killer.form().gates == REVIEWS[1:]
    killer.kill("unformed", lambda: case.answer("finance"))
    assert killer.form().gates == REVIEWS[2:]

    # The last review opens the way to the leader.
    killer.kill("before release.rendered", lambda: case.answer("confidentiality"))
    killer.kill("after release.rendered")
    killer.kill("after ask.put")
    assert killer.form().gates == ["局领导审核"]
    case.answer("leader")
    assert case.finish() == "Completed"

    assert [gate for _, gate, _ in case.decisions()] == ["policy", "finance", "confidentiality", "leader"]
    for once in ("compilation.made", "audit.finished", "release.rendered", "release.published"):
        assert len(case.ledger(once)) == 1, once
    # A question whose form never came up was put again; each was answered once.
    unseen = sum(where in {"unformed", "after ask.put"} for where in killer.kills)
    assert len(case.ledger("ask.put_again")) == unseen
    assert [state for _, state in case.asks()] == ["answered"] * 5
    case.assert_published_once()
