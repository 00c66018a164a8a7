"""A person declares that the records go on as they are, though a checkpoint shows that newer ones were lost."""

from __future__ import annotations

from functools import partial

from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.checkpoints import Checkpoint, make_signing_key
from disclosure.records.installation import Installation
from disclosure.records.ledger_head import replace_head
from disclosure.records.self_check.findings import RecordsFault, RecordsFinding, UnsoundRecordsError
from disclosure.records.self_check.inspection import check_records
from disclosure.records.self_check.rules import ACCEPTED
from disclosure.review.identify import Proof, authorise, explain_missing_power
from disclosure.review.refusals import Refusal

#: Why somebody may not accept, before any code is looked at.
explain_missing_acceptance = partial(explain_missing_power, power="accept_records")


def find_acceptable(installation: Installation) -> tuple[RecordsFinding, ...]:
    """Return what a person may accept.

    Raises:
        UnsoundRecordsError: when something else is wrong as well, which nobody can accept.
        DisclosureError: when nothing is wrong.
    """
    stopping = check_records(installation).stopping
    if beyond := [finding for finding in stopping if not finding.fault.is_acceptable]:
        raise UnsoundRecordsError(beyond)
    if not stopping:
        raise DisclosureError("记录库与检查点、台账相符，没有要承认的。")
    return stopping


def accept_records(installation: Installation, proof: Proof) -> Checkpoint | Refusal:
    """Go on from the records as they are; return the checkpoint that is signed for it.

    The ledger tells who accepted what, when and why, and names the checkpoints that count no more.
    """
    findings = find_acceptable(installation)
    with installation.begin(proof.at) as work:
        person = authorise(work, proof, "accept_records")
        if isinstance(person, Refusal):
            return person
        ledger.append(
            work.session,
            ACCEPTED,
            actor=person.name,
            reason=proof.reason,
            found=[finding.found for finding in findings],
            set_aside=sorted({signature for finding in findings for signature in finding.set_aside}),
        )
        if any(finding.fault is RecordsFault.LEDGER_KEY for finding in findings):
            _set_aside_key(installation)
    checkpoint = installation.sign_ledger()
    replace_head(installation.settings, checkpoint)
    return checkpoint


def _set_aside_key(installation: Installation) -> None:
    """Make a new key for the ledger; a file that is none is kept beside it."""
    file = installation.settings.ledger_key_file
    if file.exists():
        file.replace(file.with_name(f"{file.name}.damaged"))
    make_signing_key(file)
