"""What can be wrong with our own records, what follows from it, and how people put it right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from disclosure.platform.errors import DisclosureError


class RecordsFault(StrEnum):
    """One way in which records are not what they should be."""

    #: Gone, while other files show that there were some.
    MISSING = "missing"
    #: The database would not serve.
    UNAVAILABLE = "unavailable"
    #: The database's own check of its file fails.
    DAMAGED = "damaged"
    #: Entries of the ledger do not follow from one another.
    CHAIN_BROKEN = "chain_broken"
    #: A checkpoint is ahead of the ledger: an older copy was restored, or its end was cut.
    OLDER = "older"
    #: A checkpoint contradicts the ledger: it was written anew, or went on from an older copy.
    REWRITTEN = "rewritten"
    #: A checkpoint is not signed by a key of ours.
    FORGED = "forged"
    #: Lines of the checkpoints' file cannot be read.
    CHECKPOINTS_DAMAGED = "checkpoints_damaged"
    #: The head of the ledger, kept beside the database, is gone.
    HEAD_MISSING = "head_missing"
    #: Rows are not what the ledger says of them.
    ROWS_DIFFER = "rows_differ"
    LEDGER_KEY = "ledger_key"
    SECRET_KEY = "secret_key"  # noqa: S105 - the name of a fault
    SIGNING_KEY = "signing_key"
    #: Files handed in are gone or are not the bytes they were.
    FILES_DIFFER = "files_differ"
    #: The file of checkpoints lacks some that the records have; the next one that is signed fills it up.
    CHECKPOINTS_LOST = "checkpoints_lost"
    #: The second place for checkpoints cannot be reached.
    COPY_UNREACHABLE = "copy_unreachable"
    #: The database has no check of its own at hand.
    NOT_CHECKED = "not_checked"

    @property
    def is_stopping(self) -> bool:
        """Whether nothing may be published or removed until people have put it right."""
        return self not in _ONLY_TOLD

    @property
    def is_fatal(self) -> bool:
        """Whether going on to write would make it worse, or is impossible."""
        return self in _FATAL

    @property
    def is_acceptable(self) -> bool:
        """Whether a person may declare, by name, that the records go on from here."""
        return self in _ACCEPTABLE


_ONLY_TOLD = {RecordsFault.CHECKPOINTS_LOST, RecordsFault.COPY_UNREACHABLE, RecordsFault.NOT_CHECKED}
_FATAL = {RecordsFault.MISSING, RecordsFault.UNAVAILABLE, RecordsFault.DAMAGED, RecordsFault.OLDER}
_ACCEPTABLE = {
    RecordsFault.OLDER,
    RecordsFault.REWRITTEN,
    RecordsFault.FORGED,
    RecordsFault.HEAD_MISSING,
    RecordsFault.LEDGER_KEY,
}
_STOP = "请先停下 disclosure up，"
_ACCEPT = "确实没有更新的备份时，由局领导或汇总人运行 disclosure ledger accept 具名承认，记入台账后继续。"
_UNTOUCHED = "在此之前不发布、不撤下任何内容，线上网站保持原样。"
_RESTORE: Mapping[RecordsFault, str] = {
    RecordsFault.MISSING: f"{_STOP}从最近的备份恢复记录库，再启动；"
    "要另起炉灶、重新开始的，请另选一个空的 DISCLOSURE_HOME。",
    RecordsFault.UNAVAILABLE: "请按所说的原因处理后重试。",
    RecordsFault.DAMAGED: f"{_STOP}留存现状，从最近的备份恢复记录库，再运行 disclosure doctor 核对。",
    RecordsFault.CHAIN_BROKEN: f"{_STOP}留存现状、查明是谁改的，从改动以前的备份恢复记录库。",
    RecordsFault.OLDER: f"{_STOP}换上更新的备份。{_ACCEPT}",
    RecordsFault.REWRITTEN: f"{_STOP}换上与检查点相符的备份。{_ACCEPT}",
    RecordsFault.FORGED: f"请用另存的副本核对检查点文件，恢复原来的 ledger.key。{_ACCEPT}",
    RecordsFault.CHECKPOINTS_DAMAGED: "请用另存的副本恢复这个文件；没有副本的，把它移走留存，下次签检查点时会重写。",
    RecordsFault.HEAD_MISSING: f"请从备份恢复这个文件。{_ACCEPT}",
    RecordsFault.ROWS_DIFFER: f"{_STOP}留存现状、查明是谁改的，从改动以前的备份恢复记录库。",
    RecordsFault.LEDGER_KEY: f"请从备份恢复原来的文件。{_ACCEPT}",
    RecordsFault.SECRET_KEY: "请从备份恢复原来的 secret.key（或 DISCLOSURE_SECRET_KEY）；找不回的，逐一重新登记人员。",
    RecordsFault.SIGNING_KEY: "请从备份恢复原来的文件；没有备份的，运行 disclosure keys rotate 换一把。",
    RecordsFault.FILES_DIFFER: "请从备份恢复这些文件。",
    RecordsFault.CHECKPOINTS_LOST: "下次签检查点时会补全。",
    RecordsFault.COPY_UNREACHABLE: "请核对 DISCLOSURE_CHECKPOINT_COPY 指的文件夹是否可写。",
    RecordsFault.NOT_CHECKED: "",
}


@dataclass(frozen=True)
class RecordsFinding:
    """One fault as it was found; ``found`` is a Chinese sentence with its places and numbers."""

    fault: RecordsFault
    found: str
    #: Signatures of the checkpoints that contradict the records, for whoever accepts them.
    set_aside: tuple[str, ...] = ()

    @property
    def restore(self) -> str:
        """How people put it right."""
        return _RESTORE[self.fault] + (_UNTOUCHED if self.fault.is_stopping else "")

    @property
    def sentence(self) -> str:
        """What was found and how to put it right."""
        return self.found + self.restore


class UnsoundRecordsError(DisclosureError):
    """Records that are not to be built upon; ``findings`` say why."""

    def __init__(self, findings: Iterable[RecordsFinding]) -> None:
        self.findings = tuple(findings)
        super().__init__("".join(dict.fromkeys(finding.sentence for finding in self.findings)))
