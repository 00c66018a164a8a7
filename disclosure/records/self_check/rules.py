"""The rules: pure, over what was read of the ledger, its checkpoints and the rows it vouches for."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from disclosure.records.checkpoints import Checkpoint
from disclosure.records.ledger import broken_at, vouched_rows
from disclosure.records.self_check.findings import RecordsFault, RecordsFinding
from disclosure.records.tables import LedgerEntry
from disclosure.records.vouching import RowDigests

#: The event under which a person declared that the records go on from an older copy.
ACCEPTED = "records.accepted"
_ROWS_NAMED = 5


@dataclass(frozen=True)
class LedgerEvidence:
    """Everything the ledger is judged by.

    ``head`` is None when it is gone or unreadable, ``is_headed`` whether one must be there; ``unreadable_lines`` are
    those of the checkpoints' file, ``lost_lines`` checkpoints of the records that it lacks.
    """

    entries: Sequence[LedgerEntry]
    checkpoints: Sequence[Checkpoint]
    keys: Collection[Ed25519PublicKey]
    head: Checkpoint | None
    rows: RowDigests
    is_headed: bool = True
    unreadable_lines: int = 0
    lost_lines: int = 0
    table_names: dict[str, str] = field(default_factory=dict)


def judge_ledger(evidence: LedgerEvidence) -> tuple[RecordsFinding, ...]:
    """Return what is wrong: the chain first, then checkpoints and head, then rows; a broken chain proves no rows.

    An edit, an insertion, a removal or a reordering breaks the chain; rewriting the chain contradicts a checkpoint;
    cutting its end, or restoring an older copy, leaves a checkpoint longer than the ledger.
    """
    broken = tuple(_chain(evidence.entries))
    return (*broken, *_checkpoints(evidence), *(() if broken else _rows(evidence)))


def _chain(entries: Sequence[LedgerEntry]) -> Iterator[RecordsFinding]:
    place = broken_at(entries)
    if place is not None:
        entry = entries[place]
        yield RecordsFinding(
            RecordsFault.CHAIN_BROKEN,
            f"台账从第 {place + 1} 条起不可信：记录号 {entry.number}（{entry.event}，"
            f"{entry.at:%Y-%m-%d %H:%M:%S} UTC）与前一条接不上，可能被改动、插入、删去或调换过。",
        )


def _checkpoints(evidence: LedgerEvidence) -> Iterator[RecordsFinding]:
    """Yield one finding a fault, about the earliest checkpoint that shows it; all that show it are to be set aside."""
    entries = evidence.entries
    accepted = accepted_signatures(entries)
    found: dict[RecordsFault, list[Checkpoint]] = {}
    signed = [*evidence.checkpoints, *([evidence.head] if evidence.head else [])]
    for checkpoint in sorted(dict.fromkeys(signed), key=lambda one: (one.length, one.at)):
        if checkpoint.signature not in accepted and (fault := _fault_of(checkpoint, entries, evidence.keys)):
            found.setdefault(fault, []).append(checkpoint)
    for fault, wrong in found.items():
        said = _about(fault, wrong[0] if fault is not RecordsFault.OLDER else wrong[-1], len(entries))
        yield RecordsFinding(fault, said, tuple(one.signature for one in wrong))
    if evidence.is_headed and evidence.head is None:
        yield RecordsFinding(
            RecordsFault.HEAD_MISSING,
            f"台账有 {len(entries)} 条，记录库以外存放的末条签名 ledger.head 却不在或已损坏，不能证明记录是最新的。",
        )
    if evidence.unreadable_lines:
        yield RecordsFinding(
            RecordsFault.CHECKPOINTS_DAMAGED,
            f"checkpoints.jsonl 里有 {evidence.unreadable_lines} 行看不懂，可能被改动过。",
        )
    elif evidence.lost_lines:
        yield RecordsFinding(
            RecordsFault.CHECKPOINTS_LOST, f"checkpoints.jsonl 缺少 {evidence.lost_lines} 个记录库里有的检查点。"
        )


def _fault_of(
    checkpoint: Checkpoint, entries: Sequence[LedgerEntry], keys: Collection[Ed25519PublicKey]
) -> RecordsFault | None:
    if not checkpoint.is_signed_by(keys):
        return RecordsFault.FORGED
    if checkpoint.length > len(entries):
        return RecordsFault.OLDER
    if checkpoint.length and entries[checkpoint.length - 1].hash != checkpoint.head_hash:
        return RecordsFault.REWRITTEN
    return None


def _about(fault: RecordsFault, checkpoint: Checkpoint, length: int) -> str:
    when = checkpoint.when
    if fault is RecordsFault.FORGED:
        return f"{when} 的检查点（第 {checkpoint.length} 条）签名不对，检查点被改动过，或不是用本机的钥匙签的。"
    if fault is RecordsFault.OLDER:
        return (
            f"记录库比它的检查点旧，台账被截短：{when} 的检查点有 {checkpoint.length} 条，"
            f"现在从第 {length + 1} 条起缺失；可能恢复了旧的备份。"
        )
    return f"台账被整体改写：第 {checkpoint.length} 条或更早的记录与 {when} 的检查点不符；也可能是从旧的备份接着写的。"


def accepted_signatures(entries: Iterable[LedgerEntry]) -> frozenset[str]:
    """Return the signatures of checkpoints that people have set aside by name."""
    return frozenset(
        signature
        for entry in entries
        if entry.event == ACCEPTED
        for signature in json.loads(entry.details).get("set_aside", ())
    )


def _rows(evidence: LedgerEvidence) -> Iterator[RecordsFinding]:
    said = vouched_rows(evidence.entries)
    wrong = list(differing_rows(said, evidence.rows))
    if wrong:
        named = "、".join(islice(wrong, _ROWS_NAMED)) + (f"等 {len(wrong)} 行" if len(wrong) > _ROWS_NAMED else "")
        yield RecordsFinding(RecordsFault.ROWS_DIFFER, f"记录与台账不符，有人绕过本系统改动过：{named}。")


def differing_rows(said: RowDigests, rows: RowDigests) -> Iterator[str]:
    """Yield every row that is not as the ledger last said, or of which it never spoke: "decisions 3 已被改动"."""
    for table in sorted(said.keys() | rows.keys()):
        told, found = said.get(table, {}), rows.get(table, {})
        for row in sorted(told.keys() | found.keys(), key=lambda each: (len(each), each)):
            if row not in found:
                if told[row]:
                    yield f"{table} {row} 已被删去"
            elif row not in told or not told[row]:
                yield f"{table} {row} 台账里没有"
            elif told[row] != found[row]:
                yield f"{table} {row} 已被改动"
