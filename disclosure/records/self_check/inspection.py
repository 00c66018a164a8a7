"""The self-check itself: gather what there is, judge it, and tell in one list of findings what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from disclosure.platform.errors import DisclosureError
from disclosure.records.database import Records, create_records_engine
from disclosure.records.database_errors import DatabaseCause, RecordsUnavailableError
from disclosure.records.self_check import evidence
from disclosure.records.self_check.findings import RecordsFault, RecordsFinding, UnsoundRecordsError
from disclosure.records.self_check.lost_records import find_lost_records, holds_tables
from disclosure.records.self_check.rules import judge_ledger
from disclosure.records.vouching import VOUCHED

if TYPE_CHECKING:
    from disclosure.records.installation import Installation


@dataclass(frozen=True)
class RecordsCheck:
    """What a look at our own records came to; ``is_new``: there are none yet, and nothing shows that there were."""

    findings: tuple[RecordsFinding, ...]
    is_new: bool = False
    entry_count: int = 0
    checkpoint_count: int = 0
    row_count: int = 0

    @property
    def stopping(self) -> tuple[RecordsFinding, ...]:
        """The findings for which nothing may be published or removed."""
        return tuple(finding for finding in self.findings if finding.fault.is_stopping)

    @property
    def forbidding(self) -> tuple[RecordsFinding, ...]:
        """The findings with which nothing may be started."""
        return tuple(finding for finding in self.findings if finding.fault.is_fatal)


def check_records(installation: Installation, *, is_thorough: bool = True) -> RecordsCheck:
    """Look at our own records; ``is_thorough`` reads every page of the database and every file handed in as well.

    Nothing is changed, and nothing is raised for what is wrong: it is among the findings.
    """
    settings = installation.settings
    if lost := find_lost_records(settings):
        return RecordsCheck((lost,))
    if not holds_tables(settings.records_url):
        return RecordsCheck((), is_new=True)
    try:
        _ = installation.records
        with _as_on_disk(settings.records_url) as records, records.read() as session:
            damage = tuple(evidence.check_database(session)) if is_thorough else ()
            read = evidence.read_ledger(session, settings)
            others = tuple(evidence.check_keys(session, settings, read))
            if is_thorough:
                others += tuple(evidence.check_files(session, settings))
    except UnsoundRecordsError as error:
        return RecordsCheck(error.findings)
    except DisclosureError as error:
        return RecordsCheck((_unavailable(error),))
    except (SQLAlchemyError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        # What stands in a row is not of its column's kind: no database of ours wrote it.
        what = type(error).__name__
        return RecordsCheck((RecordsFinding(RecordsFault.DAMAGED, f"记录库里有读不出来的内容（{what}）。"),))
    places = tuple(evidence.check_places(settings))
    return RecordsCheck(
        (*damage, *judge_ledger(read), *others, *places),
        False,
        len(read.entries),
        len(read.checkpoints),
        sum(len(read.rows[name]) for name in VOUCHED),
    )


@contextmanager
def _as_on_disk(url: str) -> Iterator[Records]:
    """Open the database anew: a connection that is open already answers from pages that it read before the damage."""
    records = Records(create_records_engine(url))
    try:
        yield records
    finally:
        records.engine.dispose()


def refuse_unsound(installation: Installation) -> None:
    """Let nobody publish or remove anything by records that are not what they should be.

    Raises:
        UnsoundRecordsError: what was found, and how to put it right.
    """
    if stopping := check_records(installation).stopping:
        raise UnsoundRecordsError(stopping)


def refuse_start(installation: Installation) -> tuple[RecordsFinding, ...]:
    """Return what is wrong at a start and does not forbid it.

    Raises:
        UnsoundRecordsError: when going on would make it worse, or is impossible.
    """
    check = check_records(installation)
    if check.forbidding:
        raise UnsoundRecordsError(check.forbidding)
    return check.findings


def _unavailable(error: DisclosureError) -> RecordsFinding:
    is_damaged = isinstance(error, RecordsUnavailableError) and error.cause is DatabaseCause.DAMAGED
    return RecordsFinding(RecordsFault.DAMAGED if is_damaged else RecordsFault.UNAVAILABLE, str(error))
