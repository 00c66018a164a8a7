"""A bureau after publication: correcting, withdrawing, restoring, one call each."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from disclosure.cycle import queries
from disclosure.publication import correction, withdrawal
from disclosure.records.states import WithdrawalKind
from disclosure.records.tables import LedgerEntry, Release
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.identify import Proof
from tests.support.bureau import Bureau
from tests.support.outcomes import words_of

CENTRE = "social_insurance_centre"
COMPILER, LEADER = "何汇总", "李局长"
#: 高港区 2016: 企业养老参保人数 as it was published, and as a typing error would have it.
INDICATOR = "employee_pension.participants"
REASON = "企业养老参保人数漏计灵活就业人员，现予补正。"


def published_bureau(bureau: Bureau, changed: dict[str, str | None] | None = None) -> Bureau:
    """Version 1, published; ``changed`` is what was wrong in it."""
    bureau.enrol(COMPILER, "publicity_section", "compiler")
    bureau.hand_in_all(changed)
    approve_all(bureau)
    bureau.publish()
    return bureau


def approve_all(bureau: Bureau) -> None:
    """From what was handed in to a signed release of the current round."""
    bureau.compile()
    assert not bureau.audit().is_blocking
    bureau.approve(*REVIEW_GATES)
    bureau.render()
    bureau.approve("leader")


def begin(bureau: Bureau, *, name: str = COMPILER, reason: str = REASON, offices: Collection[str] = (CENTRE,)) -> str:
    """Begin a correction; why not, or an empty text."""
    code = bureau.code(name)
    with bureau.installation.begin(bureau.now) as work:
        cycle = queries.get_cycle(work.session, bureau.cycle_id)
        return words_of(correction.begin_correction(work, cycle, Proof(name, code, bureau.now, reason), offices))


def correct(bureau: Bureau, changed: dict[str, str | None], centre: str = CENTRE) -> None:
    """Version n+1, published."""
    assert begin(bureau, offices=(centre,)) == ""
    bureau.hand_in_all(changed, centres=[centre])
    approve_all(bureau)
    bureau.publish()


def withdraw(bureau: Bureau, kind: WithdrawalKind = "in_error", *, name: str = LEADER, reason: str = REASON) -> str:
    """Note a withdrawal; why not, or an empty text."""
    proof = Proof(name, bureau.code(name), bureau.now, reason)
    return words_of(withdrawal.withdraw(bureau.installation, bureau.cycle_id, kind, proof))


def restore(bureau: Bureau, *, name: str = LEADER, reason: str = "经核对数据无误，恢复公开。") -> str:
    """Note a restoration; why not, or an empty text."""
    proof = Proof(name, bureau.code(name), bureau.now, reason)
    return words_of(withdrawal.restore(bureau.installation, bureau.cycle_id, proof))


def settle(bureau: Bureau) -> tuple[str, ...]:
    """Show on every channel what the records say."""
    return withdrawal.apply_withdrawal(bureau.installation, bureau.cycle_id)


def releases(bureau: Bureau) -> list[Release]:
    """Every version, in order."""
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(Release).order_by(Release.version)))


def events(bureau: Bureau) -> list[str]:
    """Names of all ledger entries."""
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(LedgerEntry.event).order_by(LedgerEntry.number)))


def site_files(bureau: Bureau) -> dict[str, bytes]:
    """Everything the website serves."""
    root = bureau.site
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
