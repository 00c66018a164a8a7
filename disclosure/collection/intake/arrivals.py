"""Files that came by an inbox: one row each, however often their taking was interrupted; and files refused."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import Records, ledger
from disclosure.records.file_store import keep_chunks
from disclosure.records.tables import Arrival, Narrative, RefusedFile, Submission


@dataclass(frozen=True)
class ArrivalKey:
    """By which inbox a file came, and whose the inbox is (ids).

    ``modified`` is when the file was last changed, as the inbox tells it: the same name, time and content is the
    same arrival, whose taking may have been interrupted.
    """

    source: str
    centre: str
    modified: str


def arrival_of(session: Session, came: ArrivalKey, file_name: str, sha256: str) -> Arrival | None:
    """Return the arrival of this very file, once it is recorded."""
    return session.scalars(
        select(Arrival).where(
            Arrival.source == came.source,
            Arrival.file_name == file_name,
            Arrival.modified == came.modified,
            Arrival.sha256 == sha256,
        )
    ).one_or_none()


def new_arrival(
    came: ArrivalKey, file_name: str, sha256: str, *, is_repeat: bool, **became: Submission | Narrative | RefusedFile
) -> Arrival:
    """Return the row that tells what became of a file: its ``submission``, ``narrative`` or ``refused_file``."""
    return Arrival(
        source=came.source,
        file_name=file_name,
        modified=came.modified,
        sha256=sha256,
        is_repeat=is_repeat,
        taken_at=utc_now(),
        **became,
    )


def check_inbox(catalog: Catalog, office: str, came: ArrivalKey | None, what: str) -> None:
    """Let an inbox take only what its own office hands in: who may write there is who hands in.

    ``what`` is the kind of file, in Chinese.

    Raises:
        DisclosureError: when it is another office's.
    """
    if came and came.centre != office:
        theirs, ours = catalog.offices[office].name, catalog.offices[came.centre].name
        raise DisclosureError(f"这是“{theirs}”的{what}，而这里是“{ours}”的收件夹，没有收取；请交到“{theirs}”的收件夹。")


def refuse(records: Records, sha256: str, file_name: str, reason: str, came: ArrivalKey | None = None) -> None:
    """Note a refused file; the same file refused again for the same reason is noted once."""
    # Only an arrival is unique here: whoever loses finds it noted by the other.
    with suppress(IntegrityError), records.write() as session:
        if came and arrival_of(session, came, file_name, sha256):
            return
        same = (RefusedFile.sha256 == sha256, RefusedFile.file_name == file_name, RefusedFile.reason == reason)
        refused = session.scalars(select(RefusedFile).where(*same).limit(1)).first()
        is_new = refused is None
        if refused is None:
            refused = RefusedFile(sha256=sha256, file_name=file_name, reason=reason, received_at=utc_now())
            session.add(refused)
        if came:
            session.add(new_arrival(came, file_name, sha256, refused_file=refused, is_repeat=not is_new))
            session.flush()
        if is_new:
            ledger.append(session, "file.refused", actor="系统", file=file_name, sha256=sha256, reason=reason)


def refuse_unread(
    records: Records, files: Path, chunks: Iterable[bytes], file_name: str, reason: str, *, came: ArrivalKey
) -> str:
    """Keep a file nobody is going to read (too large for a workbook), and note why; its SHA-256."""
    with records.write() as session:
        sha256 = keep_chunks(session, files, chunks)
    refuse(records, sha256, file_name, reason, came)
    return sha256
