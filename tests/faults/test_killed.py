"""Protects a cycle whose process is killed before or after any write from opening to the leader's question."""

from __future__ import annotations

import pytest
from killing import Killer
from office import Office

from disclosure.review.forms import CHECK_AGAIN

pytestmark = pytest.mark.faults

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
    answer = {"action": CHECK_AGAIN, "name": "何汇总", "code": "000000", "reason": "都已交来"}
    killer.kill("before ask.answered", lambda: case.resume(answer))

    # Compiling, checking, asking the reviewers.
    for where in ("before compilation.made", "after compilation.made", "before audit.finished", "after audit.finished"):
        killer.kill(where)
    killer.kill("after ask.put")
    killer.kill("unformed")
    assert killer.form().gates == REVIEWS

    # An answer that is stored and not recorded, and one that is recorded and not yet acted on.
    killer.kill("before decision.recorded", lambda: case.answer("policy"))
    assert killer.form().gates == REVIEWS[1:]
    killer.kill("after decision.recorded", lambda: case.answer("finance"))
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
    # Only questions whose form never came up were given up; each question that was answered was put once.
    unseen = sum(where in {"unformed", "after ask.put"} for where in killer.kills)
    assert [state for _, state in case.asks()].count("abandoned") == unseen
    assert [state for _, state in case.asks()].count("answered") == 5
    case.assert_published_once()
