"""A bureau after publication: correcting, withdrawing, restoring, one call each."""

from __future__ import annotations

from collections.abc import Collection

from bureau import Bureau
from sqlalchemy import select

from disclosure import cycles
from disclosure.publication import correcting, withdrawing
from disclosure.publication.withdrawing import Kind
from disclosure.records.tables import LedgerEntry, Release
from disclosure.review.authority import REVIEW_GATES

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
    with bureau.place.records.write() as session:
        cycle = cycles.get_cycle(session, bureau.cycle_id)
        return correcting.begin_correction(
            session,
            bureau.catalog,
            bureau.place.cipher,
            cycle,
            name=name,
            reason=reason,
            code=code,
            now=bureau.now,
            offices=offices,
        )


def correct(bureau: Bureau, changed: dict[str, str | None], centre: str = CENTRE) -> None:
    """Version n+1, published."""
    assert begin(bureau, offices=(centre,)) == ""
    bureau.hand_in_all(changed, centres=[centre])
    approve_all(bureau)
    bureau.publish()


def withdraw(bureau: Bureau, kind: Kind = "in_error", *, name: str = LEADER, reason: str = REASON) -> str:
    """Note a withdrawal; why not, or an empty text."""
    code = bureau.code(name)
    return withdrawing.withdraw(
        bureau.place, bureau.cycle_id, kind, name=name, reason=reason, code=code, now=bureau.now
    )


def restore(bureau: Bureau, *, name: str = LEADER, reason: str = "经核对数据无误，恢复公开。") -> str:
    """Note a restoration; why not, or an empty text."""
    code = bureau.code(name)
    return withdrawing.restore(bureau.place, bureau.cycle_id, name=name, reason=reason, code=code, now=bureau.now)


def settle(bureau: Bureau) -> tuple[str, ...]:
    """Show on every channel what the records say."""
    return withdrawing.settle(bureau.place, bureau.cycle_id)


def releases(bureau: Bureau) -> list[Release]:
    """Every version, in order."""
    with bureau.place.records.read() as session:
        return list(session.scalars(select(Release).order_by(Release.version)))


def events(bureau: Bureau) -> list[str]:
    """Names of all ledger entries."""
    with bureau.place.records.read() as session:
        return list(session.scalars(select(LedgerEntry.event).order_by(LedgerEntry.number)))


def site_files(bureau: Bureau) -> dict[str, bytes]:
    """Everything the website serves."""
    root = bureau.site
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
