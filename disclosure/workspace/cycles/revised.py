"""Revisions: what later data says otherwise of a figure that was published, and the answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from disclosure.cycle import revisions
from disclosure.platform.errors import DisclosureError
from disclosure.publication.revisions import Answered, answer
from disclosure.records.installation import Work
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal

REVISED = "/manage/revised/"


@dataclass(frozen=True)
class RevisionLine:
    """One revision that waits for an answer."""

    number: int
    what: str


def list_revisions(work: Work) -> Sequence[RevisionLine]:
    """Return those that wait for an answer, oldest first."""
    return [
        RevisionLine(row.id, revisions.describe(work.catalog, row))
        for row in revisions.unanswered(work.session, work.catalog)
    ]


def answer_revision(work: Work, number: int, reply: str, proof: Proof) -> Answered | Refusal:
    """Answer a revision as ``disclosure revised`` does.

    Raises:
        DisclosureError: as that does, and where neither answer was chosen.
    """
    if reply == "correct":
        return answer(work, number, "correct", proof)
    if reply == "keep":
        return answer(work, number, "keep", proof)
    raise DisclosureError("没有选择更正还是维持，请重新打开页面再试。")
