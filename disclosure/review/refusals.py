"""Why something cannot be taken: a code that stays the same, and the whole sentence that people read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """What stands against an answer or an act; the ledger keeps it, whatever the sentence becomes."""

    # who
    NOT_ENROLLED = "not_enrolled"
    DISABLED = "disabled"
    WRONG_OFFICE = "wrong_office"
    WITHOUT_ROLE = "without_role"
    NOT_IN_PERSON = "not_in_person"
    OTHER_NAME = "other_name"
    LOCKED = "locked"
    WRONG_CODE = "wrong_code"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - the name of a refusal
    NOT_INVITED = "not_invited"
    EMBARGOED = "embargoed"
    USED_CODE = "used_code"
    SECOND_GATE = "second_gate"
    OWN_FIGURES = "own_figures"
    # when
    ANSWERED_BEFORE = "answered_before"
    NOT_ASKED = "not_asked"
    OUT_OF_DATE = "out_of_date"
    GATE_CLOSED = "gate_closed"
    NOT_REVIEWED = "not_reviewed"
    NOTHING_HANDED_IN = "nothing_handed_in"
    PUBLISHED = "published"
    SIGNED = "signed"
    # what
    UNFIT_FIELD = "unfit_field"
    UNFIT_REASON = "unfit_reason"
    UNFIT_TARGET = "unfit_target"
    UNFIT_DAY = "unfit_day"
    CANNOT_RETURN = "cannot_return"
    AUDIT_BLOCKS = "audit_blocks"
    GIVES_AWAY = "gives_away"
    UNEXPLAINED = "unexplained"
    NO_SUCH_DEADLINE = "no_such_deadline"
    PERSONAL_DATA = "personal_data"
    DRAFT = "draft"
    WRONG_WORD = "wrong_word"
    SAME_CONTENT = "same_content"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class Refusal:
    """Why something is not taken: ``code`` of the gravest reason, ``further`` of the others, ``sentence`` of all."""

    code: RefusalCode
    sentence: str
    further: tuple[RefusalCode, ...] = ()

    @property
    def codes(self) -> tuple[RefusalCode, ...]:
        """Every reason, the gravest first."""
        return (self.code, *self.further)


def combine_refusals(reasons: Iterable[Refusal | None]) -> Refusal | None:
    """Return one refusal that tells every reason at once, the gravest first as given; None where there is none."""
    found = [reason for reason in reasons if reason is not None]
    if not found:
        return None
    codes = [code for reason in found for code in reason.codes]
    return Refusal(codes[0], "".join(reason.sentence for reason in found), tuple(codes[1:]))
