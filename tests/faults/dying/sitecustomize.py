"""Loaded by every process of an office under fault tests: a run's process kills itself (-9) where the test says.

The file ``die-at`` in the office's home says where, after the cycle's id: ``before EVENT`` or ``after EVENT``, that
is just before or just after the commit that writes this entry of the ledger; or ``unformed``, when the run is
suspended in Prefect and its form is not stored yet. Whoever dies removes the file first: the next process lives.
"""

import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

ORDER = Path(os.environ.get("DISCLOSURE_HOME", "")) / "die-at"


def _order() -> str:
    try:
        return ORDER.read_text(encoding="utf-8")
    except OSError:
        return ""


def _die(*_: Any, **__: Any) -> None:
    ORDER.unlink()
    os.kill(os.getpid(), signal.SIGKILL)


def _entries(session: Session) -> list[tuple[int, str]]:
    """Cycle and event of the ledger entries that are about to be written."""
    return [(row.cycle_id, row.event) for row in session.new if getattr(row, "__tablename__", "") == "ledger"]


@event.listens_for(Session, "before_flush")
def _note(session: Session, _context: Any, _instances: Any) -> None:
    session.info.setdefault("written", []).extend(_entries(session))


@event.listens_for(Session, "before_commit")
def _before(session: Session) -> None:
    written = (*session.info.get("written", ()), *_entries(session))
    if written and _order() in {f"{cycle} before {entry}" for cycle, entry in written}:
        _die()


@event.listens_for(Session, "after_commit")
def _after(session: Session) -> None:
    written = session.info.pop("written", ())
    if not written:
        return
    order = _order()
    if order in {f"{cycle} after {entry}" for cycle, entry in written}:
        _die()
    if order in {f"{cycle} unformed" for cycle, entry in written if entry in {"ask.put", "ask.put_again"}}:
        from prefect.input import RunInput  # noqa: PLC0415 - Prefect, in the one process that is to die so

        RunInput.save = classmethod(_die)  # type: ignore[assignment, method-assign]
