"""What came of an act, for tests that compare words."""

from __future__ import annotations

from disclosure.review.refusals import Refusal


def words_of(outcome: object) -> str:
    """Return what somebody is told of a refusal; an empty text for anything that was taken."""
    return outcome.sentence if isinstance(outcome, Refusal) else ""
