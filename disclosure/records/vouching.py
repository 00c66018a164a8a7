"""The rows that the ledger vouches for: each of its entries carries the digests of the rows its transaction left.

A row that was edited, added or removed past the product then differs from what the ledger last said of it, in any
column. A digest covers the row as the database gives it back, and rows that belong to it (figures to a workbook).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, event, inspect, select
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, UOWTransaction

from disclosure.records import tables

#: Digests by id, as text, by table; an empty digest says that the row was removed.
RowDigests = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class VouchedTable:
    """A table whose rows are vouched for; ``leaves_out`` are columns that change with no meaning for the record.

    ``parts`` is the table whose rows belong to these, ``owner`` its column that says to which.
    """

    table: Table
    leaves_out: frozenset[str] = frozenset()
    parts: Table | None = None
    owner: str = ""

    @property
    def id(self) -> ColumnElement[Any]:
        """Its one primary key."""
        (column,) = self.table.primary_key.columns
        return column

    @property
    def covered(self) -> Sequence[ColumnElement[Any]]:
        """The columns a digest covers, by name, so that the order in which they were made does not matter."""
        return _columns(self.table, self.leaves_out)


def _columns(table: Table, leaves_out: Collection[str] = ()) -> Sequence[ColumnElement[Any]]:
    return [column for column in sorted(table.columns, key=lambda each: each.name) if column.name not in leaves_out]


def _table(kind: type[tables.Base]) -> Table:
    table = inspect(kind).local_table
    assert isinstance(table, Table)  # noqa: S101 - every class has a table of its own
    return table


def _vouched() -> Iterator[VouchedTable]:
    run = frozenset({"driver_run_id"})
    figures = _table(tables.Observation)
    yield VouchedTable(_table(tables.Cycle), run)
    yield VouchedTable(_table(tables.OpennessChange), run)
    yield VouchedTable(_table(tables.Submission), parts=figures, owner="submission_id")
    yield VouchedTable(_table(tables.ImportedTable), parts=figures, owner="import_id")
    yield VouchedTable(_table(tables.HeldDatum), parts=_table(tables.HeldPlace), owner="datum_id")
    yield VouchedTable(_table(tables.AuditRun), parts=_table(tables.Finding), owner="audit_run_id")
    for kind in (
        tables.CycleClosure,
        tables.Person,
        tables.Substitution,
        tables.GivenAnswer,
        tables.Ask,
        tables.Decision,
        tables.Compilation,
        tables.Excuse,
        tables.Narrative,
        tables.Replacement,
        tables.DeadlineMove,
        tables.Release,
        tables.Correction,
        tables.Withdrawal,
        tables.Revision,
        tables.SigningKey,
        tables.ManifestSignature,
        tables.OpennessVersion,
        tables.OpennessRelease,
        tables.OpennessConfirmation,
        tables.OpennessRequest,
    ):
        yield VouchedTable(_table(kind))


#: By name. What is left out is compared with something else (checkpoints, live pages), or says how an attempt goes.
VOUCHED: Mapping[str, VouchedTable] = {each.table.name: each for each in _vouched()}
#: Owners by the table of their parts.
_OWNERS = {
    each.table.name: [one for one in VOUCHED.values() if one.parts is each.table]
    for each in (VouchedTable(one.parts) for one in VOUCHED.values() if one.parts is not None)
}
_UNTOLD = "rows not yet vouched for"
#: Stands among ids for every row of the table.
_EVERY = "*"


class VouchingSession(Session):
    """A session that knows which vouched rows it has changed since the ledger last told of them."""


@event.listens_for(VouchingSession, "after_flush")
def _note_changes(session: Session, _context: UOWTransaction) -> None:
    untold: dict[str, set[str]] = session.info.setdefault(_UNTOLD, {})
    for row in (*session.new, *session.dirty, *session.deleted):
        state = inspect(row)
        table = _name(state.mapper)
        if (vouched := VOUCHED.get(table)) and _is_changed(session, row, vouched.leaves_out):
            untold.setdefault(table, set()).add(str(state.mapper.primary_key_from_instance(row)[0]))
        for owner in _OWNERS.get(table, ()):
            if (key := getattr(row, owner.owner)) is not None and _is_changed(session, row, ()):
                untold.setdefault(owner.table.name, set()).add(str(key))


@event.listens_for(VouchingSession, "do_orm_execute")
def _note_bulk_change(execution: ORMExecuteState) -> None:
    """Note what a statement changes without any object of ours: every row of its table, or the owners it names."""
    mapper = execution.bind_mapper
    if mapper is None or not (execution.is_insert or execution.is_update or execution.is_delete):
        return
    table = _name(mapper)
    untold: dict[str, set[str]] = execution.session.info.setdefault(_UNTOLD, {})
    if vouched := VOUCHED.get(table):
        # As they are now: what is about to be deleted must be told of as well.
        before = execution.session.connection().execute(select(vouched.id)).scalars()
        untold.setdefault(table, set()).update({_EVERY, *map(str, before)})
    parameters: Any = execution.parameters or {}
    given = parameters if isinstance(parameters, list) else [parameters]
    for owner in _OWNERS.get(table, ()):
        named = {str(each[owner.owner]) for each in given if each.get(owner.owner) is not None}
        if named or not execution.is_insert:
            untold.setdefault(owner.table.name, set()).update(named if execution.is_insert else {_EVERY})


@event.listens_for(VouchingSession, "after_soft_rollback")
def _forget_nothing(session: Session, previous: Any) -> None:
    """Tell of every row at hand anew: what the ledger said inside a savepoint went with it."""
    if not previous.nested:
        return
    untold: dict[str, set[str]] = session.info.setdefault(_UNTOLD, {})
    for state in session.identity_map.all_states():
        table = _name(state.mapper)
        if table in VOUCHED and state.key is not None:
            untold.setdefault(table, set()).add(str(state.key[1][0]))


def _name(mapper: Mapper[Any]) -> str:
    return str(cast("Table", mapper.local_table).name)


def _is_changed(session: Session, row: Any, leaves_out: Collection[str]) -> bool:
    if row in session.new or row in session.deleted:
        return True
    state = inspect(row)
    columns = [column.key for column in state.mapper.column_attrs if column.key not in leaves_out]
    return any(state.attrs[name].history.has_changes() for name in columns)


def has_untold(session: Session) -> bool:
    """Whether this transaction changed rows since it was last asked."""
    return any(session.info.get(_UNTOLD, {}).values())


def take_untold(session: Session) -> RowDigests:
    """Return the digests of what this transaction changed since it was last asked."""
    untold: Mapping[str, set[str]] = session.info.pop(_UNTOLD, {})
    told = {}
    for name, ids in sorted(untold.items()):
        digests = row_digests(session, VOUCHED[name], None if _EVERY in ids else ids)
        told[name] = {**dict.fromkeys(sorted(ids - {_EVERY}), ""), **digests}
    return told


def row_digests(session: Session, vouched: VouchedTable, ids: Collection[str] | None = None) -> dict[str, str]:
    """Return the digests of rows as the database has them, all of them when no ``ids`` are given.

    A row that is not there has an empty digest where it was asked for by its id.
    """
    kind = vouched.id.type.python_type
    wanted = None if ids is None else [kind(each) for each in ids]
    digests = {} if wanted is None else {str(each): "" for each in sorted(wanted)}
    parts = _digests_of_parts(session, vouched, wanted)
    statement = select(vouched.id.label("row_id"), *vouched.covered).order_by(vouched.id)
    if wanted is not None:
        statement = statement.where(vouched.id.in_(wanted))
    for row in session.execute(statement):
        said = [_plain(value) for value in row[1:]]
        digests[str(row.row_id)] = _digest([*said, *parts.get(row.row_id, ())])
    return digests


def _digests_of_parts(
    session: Session, vouched: VouchedTable, wanted: Sequence[Any] | None
) -> Mapping[Any, Sequence[str]]:
    """Return the digests of the parts, by the owner's id."""
    if vouched.parts is None:
        return {}
    owner = vouched.parts.c[vouched.owner]
    statement = select(owner.label("owner_id"), *_columns(vouched.parts)).where(owner.is_not(None))
    if wanted is not None:
        statement = statement.where(owner.in_(wanted))
    found: dict[Any, list[str]] = {}
    for row in session.execute(statement.order_by(owner, *vouched.parts.primary_key.columns)):
        found.setdefault(row.owner_id, []).append(_digest([_plain(value) for value in row[1:]]))
    return found


def _digest(said: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(list(said), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return a value as JSON can have it, the same from either database."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value
