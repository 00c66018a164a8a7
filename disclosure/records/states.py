"""Every state that a record can be in, the ways from one to the next, and the groups of states that rules ask about.

A state is a StrEnum with a table of ways in ``WAYS``; ``records.tables`` refuses any other way at the moment a state is
assigned, and the database refuses a value that is none of them. ``docs/states.md`` is drawn from this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from disclosure.platform.errors import DisclosureError


class StateError(DisclosureError):
    """A record was to enter a state that no way leads to from where it stands."""


class CycleStep(StrEnum):
    """Where a cycle's present round stands."""

    COLLECT = "collect"
    AUDIT = "audit"
    REVIEW = "review"
    SIGN_OFF = "sign_off"
    PUBLISH = "publish"
    LATER_REVIEW = "later_review"
    ARCHIVE = "archive"
    #: Ended by a person before anything was public: opened by mistake, or not to be disclosed.
    CLOSED = "closed"


class ReleaseState(StrEnum):
    """How far a release has come to the public.

    ``rendered``: its files are made, nobody outside sees them. ``publishing``: publication began, and no channel shows
    it. ``partial``: some channel shows it, or may come to (部分发布). ``live``: every channel showed it, read back.
    ``withdrawn``: it was live, and the public is not to see it (撤回).
    """

    RENDERED = "rendered"
    PUBLISHING = "publishing"
    PARTIAL = "partial"
    LIVE = "live"
    WITHDRAWN = "withdrawn"


class WithdrawalState(StrEnum):
    """How far a withdrawal, or the restoration that ends it, has been carried out on the channels."""

    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    RESTORING = "restoring"
    RESTORED = "restored"


class DeliveryState(StrEnum):
    """What became of an action on a channel.

    ``begun``: asked for, and not known to have happened; ``undone``: a switch that was brought back.
    """

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


class ChangeStep(StrEnum):
    """Where a change of the openness catalogue, or a yearly confirmation, stands."""

    OFFICE = "office"
    REVIEW = "review"
    PUBLISHING = "publishing"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class AskState(StrEnum):
    """What became of a question: an answer was taken, or nobody is to answer it any more."""

    OPEN = "open"
    ANSWERED = "answered"
    ABANDONED = "abandoned"


class HeldState(StrEnum):
    """What the reviewer of confidentiality says of a datum of a person that was refused.

    ``waiting``: it may not be published, and nobody has said otherwise. ``accepted``: it may, wherever it stands.
    ``taken_back``: it was accepted, and may not be published any more.
    """

    WAITING = "waiting"
    ACCEPTED = "accepted"
    TAKEN_BACK = "taken_back"


class ReminderState(StrEnum):
    """Whether a reminder left.

    ``sending``: it may have; it is never sent again. ``waiting``: it certainly did not, and is begun again.
    """

    SENDING = "sending"
    SENT = "sent"
    WAITING = "waiting"


#: The question an ask puts: ``office`` and ``confirmation`` to the office that keeps openness elements, the others
#: about cycles; ``review`` to reviewers of either.
AskStep = Literal["collect", "review", "sign_off", "later_review", "office", "confirmation"]
#: What a decision says.
Outcome = Literal["approved", "returned"]
#: What is done to a release on a channel.
DeliveryAction = Literal["stage", "switch", "undo"]
#: Why a release is withdrawn: in error 有误, superseded 被取代, by order 依上级要求.
WithdrawalKind = Literal["in_error", "superseded", "by_order"]
#: What is done about another value of a published figure (修订): corrected, or left as it was published.
RevisionAnswer = Literal["correct", "keep"]
#: What brought a change of the openness catalogue about.
ChangeCause = Literal["office", "compilation", "confirmation"]
#: By which door a datum of a person came: a file handed in, a reason, contents of the openness catalogue, a release.
HeldDoor = Literal["file", "reason", "content", "release"]
#: What a key signs.
KeyUse = Literal["publication", "ledger"]
#: How grave a finding of the audit is.
Severity = Literal["info", "warning", "critical"]

#: By kind of state: from each state the states that may follow; under None those a new record may begin in.
#: To enter the state a record is in changes nothing and is always allowed.
WAYS: Mapping[type[StrEnum], Mapping[StrEnum | None, frozenset[StrEnum]]] = {
    CycleStep: {
        None: frozenset({CycleStep.COLLECT}),
        CycleStep.COLLECT: frozenset({CycleStep.AUDIT, CycleStep.CLOSED}),
        CycleStep.AUDIT: frozenset({CycleStep.REVIEW, CycleStep.CLOSED}),
        # Returned by a review, or by the leader.
        CycleStep.REVIEW: frozenset({CycleStep.SIGN_OFF, CycleStep.COLLECT, CycleStep.CLOSED}),
        CycleStep.SIGN_OFF: frozenset({CycleStep.PUBLISH, CycleStep.COLLECT, CycleStep.CLOSED}),
        CycleStep.PUBLISH: frozenset({CycleStep.LATER_REVIEW, CycleStep.ARCHIVE, CycleStep.CLOSED}),
        CycleStep.LATER_REVIEW: frozenset({CycleStep.ARCHIVE}),
        # A correction begins.
        CycleStep.ARCHIVE: frozenset({CycleStep.COLLECT}),
        # Opened again, it goes on where it stood.
        CycleStep.CLOSED: frozenset(
            {CycleStep.COLLECT, CycleStep.AUDIT, CycleStep.REVIEW, CycleStep.SIGN_OFF, CycleStep.PUBLISH}
        ),
    },
    ReleaseState: {
        None: frozenset({ReleaseState.RENDERED}),
        ReleaseState.RENDERED: frozenset({ReleaseState.PUBLISHING}),
        ReleaseState.PUBLISHING: frozenset({ReleaseState.PARTIAL}),
        # Every channel shows it, or every channel was brought back.
        ReleaseState.PARTIAL: frozenset({ReleaseState.LIVE, ReleaseState.PUBLISHING}),
        ReleaseState.LIVE: frozenset({ReleaseState.WITHDRAWN}),
        ReleaseState.WITHDRAWN: frozenset({ReleaseState.LIVE}),
    },
    WithdrawalState: {
        None: frozenset({WithdrawalState.WITHDRAWING}),
        WithdrawalState.WITHDRAWING: frozenset({WithdrawalState.WITHDRAWN, WithdrawalState.RESTORING}),
        WithdrawalState.WITHDRAWN: frozenset({WithdrawalState.RESTORING}),
        WithdrawalState.RESTORING: frozenset({WithdrawalState.RESTORED}),
        WithdrawalState.RESTORED: frozenset(),
    },
    DeliveryState: {
        None: frozenset({DeliveryState.BEGUN, DeliveryState.DONE, DeliveryState.FAILED}),
        DeliveryState.BEGUN: frozenset({DeliveryState.DONE, DeliveryState.FAILED, DeliveryState.UNDONE}),
        DeliveryState.DONE: frozenset({DeliveryState.BEGUN, DeliveryState.FAILED, DeliveryState.UNDONE}),
        DeliveryState.FAILED: frozenset({DeliveryState.BEGUN, DeliveryState.DONE, DeliveryState.UNDONE}),
        DeliveryState.UNDONE: frozenset({DeliveryState.BEGUN}),
    },
    ChangeStep: {
        None: frozenset({ChangeStep.OFFICE}),
        # A confirmation is done with the office's answer.
        ChangeStep.OFFICE: frozenset({ChangeStep.REVIEW, ChangeStep.WITHDRAWN, ChangeStep.DONE}),
        ChangeStep.REVIEW: frozenset({ChangeStep.PUBLISHING, ChangeStep.OFFICE}),
        ChangeStep.PUBLISHING: frozenset({ChangeStep.DONE}),
        ChangeStep.DONE: frozenset(),
        ChangeStep.WITHDRAWN: frozenset(),
    },
    AskState: {
        None: frozenset({AskState.OPEN}),
        AskState.OPEN: frozenset({AskState.ANSWERED, AskState.ABANDONED}),
        AskState.ANSWERED: frozenset(),
        AskState.ABANDONED: frozenset(),
    },
    HeldState: {
        None: frozenset({HeldState.WAITING}),
        HeldState.WAITING: frozenset({HeldState.ACCEPTED}),
        HeldState.ACCEPTED: frozenset({HeldState.TAKEN_BACK}),
        HeldState.TAKEN_BACK: frozenset({HeldState.ACCEPTED}),
    },
    ReminderState: {
        None: frozenset({ReminderState.SENDING}),
        ReminderState.SENDING: frozenset({ReminderState.SENT, ReminderState.WAITING}),
        ReminderState.WAITING: frozenset({ReminderState.SENDING}),
        ReminderState.SENT: frozenset(),
    },
}

#: Cycles that somebody still has something to do for.
UNDER_WAY = frozenset(CycleStep) - {CycleStep.ARCHIVE, CycleStep.CLOSED}
#: Rounds whose compilation exists.
COMPILED = frozenset(CycleStep) - {CycleStep.COLLECT, CycleStep.CLOSED}
#: Rounds that all reviews have approved, or the leader went ahead of.
REVIEWED = frozenset({CycleStep.SIGN_OFF, CycleStep.PUBLISH, CycleStep.LATER_REVIEW, CycleStep.ARCHIVE})
#: Rounds that the leader has signed.
SIGNED = REVIEWED - {CycleStep.SIGN_OFF}
#: Rounds whose release is public on every channel.
PUBLIC = SIGNED - {CycleStep.PUBLISH}

#: Releases that every channel has shown, whether or not they were withdrawn since.
PUBLISHED = frozenset({ReleaseState.LIVE, ReleaseState.WITHDRAWN})
#: Releases that some of the public has seen, or may have.
SEEN = PUBLISHED | {ReleaseState.PARTIAL}

#: Withdrawals by which the public is to see an explanation in place of the figures.
IN_FORCE = frozenset({WithdrawalState.WITHDRAWING, WithdrawalState.WITHDRAWN})
#: Withdrawals and restorations that some channel may not show yet.
UNSETTLED = frozenset({WithdrawalState.WITHDRAWING, WithdrawalState.RESTORING})

#: Changes and confirmations that somebody still has something to do for.
OPEN_CHANGES = frozenset({ChangeStep.OFFICE, ChangeStep.REVIEW, ChangeStep.PUBLISHING})
#: Changes that what their office hands in now still joins.
JOINABLE = OPEN_CHANGES - {ChangeStep.PUBLISHING}

#: Reminders that are not begun again: sent, or perhaps sent.
BEGUN = frozenset({ReminderState.SENDING, ReminderState.SENT})


def check_way(before: StrEnum | None, after: StrEnum) -> None:
    """Refuse to go from ``before`` (None: a new record) to ``after`` when no way leads there.

    Raises:
        StateError: naming both.
    """
    if before is not after and after not in WAYS[type(after)][before]:
        kind = type(after).__name__
        raise StateError(
            f"{kind} 不能从“{before or '（新建）'}”变为“{after}”，没有写入。请刷新后按现在的进度办理；"
            "仍然这样的，请联系管理员核查记录库。"
        )


def states_before(after: StrEnum) -> frozenset[StrEnum]:
    """Return the states from which a way leads to ``after``: the condition of an update made in the database."""
    return frozenset(before for before, ways in WAYS[type(after)].items() if before is not None and after in ways)
