"""The tables. Whatever was submitted, decided or published is a row here before Prefect hears of it."""

from disclosure.records.tables.access import Account, CalendarLink, FailedAttempts, Invitation, Look, SignIn
from disclosure.records.tables.audit import AuditRun, Finding
from disclosure.records.tables.base import Base
from disclosure.records.tables.collection import (
    Arrival,
    ImportedTable,
    Narrative,
    Observation,
    RefusedFile,
    Replacement,
    StoredFile,
    Submission,
)
from disclosure.records.tables.correction import Correction, Revision, Withdrawal
from disclosure.records.tables.cycle import Compilation, Cycle, CycleClosure, Excuse
from disclosure.records.tables.ledger import LedgerCheckpoint, LedgerEntry
from disclosure.records.tables.openness import (
    OpennessChange,
    OpennessConfirmation,
    OpennessDraft,
    OpennessRelease,
    OpennessRequest,
    OpennessVersion,
)
from disclosure.records.tables.personal import HeldDatum, HeldPlace
from disclosure.records.tables.proof import ManifestSignature, ReadBack, SigningKey
from disclosure.records.tables.publication import ChannelDelivery, Release
from disclosure.records.tables.reminder import DeadlineMove, MessengerState, SentReminder
from disclosure.records.tables.review import (
    Ask,
    Decision,
    ExplanationDraft,
    GivenAnswer,
    Person,
    Substitution,
    UsedCode,
)
from disclosure.records.tables.supervision import SupervisionFinding, SupervisionRun

__all__ = [
    "Account",
    "Arrival",
    "Ask",
    "AuditRun",
    "Base",
    "CalendarLink",
    "ChannelDelivery",
    "Compilation",
    "Correction",
    "Cycle",
    "CycleClosure",
    "DeadlineMove",
    "Decision",
    "Excuse",
    "ExplanationDraft",
    "FailedAttempts",
    "Finding",
    "GivenAnswer",
    "HeldDatum",
    "HeldPlace",
    "ImportedTable",
    "Invitation",
    "LedgerCheckpoint",
    "LedgerEntry",
    "Look",
    "ManifestSignature",
    "MessengerState",
    "Narrative",
    "Observation",
    "OpennessChange",
    "OpennessConfirmation",
    "OpennessDraft",
    "OpennessRelease",
    "OpennessRequest",
    "OpennessVersion",
    "Person",
    "ReadBack",
    "RefusedFile",
    "Release",
    "Replacement",
    "Revision",
    "SentReminder",
    "SignIn",
    "SigningKey",
    "StoredFile",
    "Submission",
    "Substitution",
    "SupervisionFinding",
    "SupervisionRun",
    "UsedCode",
    "Withdrawal",
]
