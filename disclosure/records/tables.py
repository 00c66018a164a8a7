"""The tables. Whatever was submitted, decided or published is a row here before Prefect hears of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from disclosure.records.types import ExactDecimal, UtcDateTime


class Base(DeclarativeBase):
    """Shared column types and a naming grammar, so that migrations can name every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        dt.datetime: UtcDateTime,
        Decimal: ExactDecimal,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, str]]: JSON,
        dict[str, str]: JSON,
    }


class Cycle(Base):
    """One disclosure cycle: a period of one profile, from opening to archive.

    ``only`` and ``milestones`` (ISO dates) are what a special cycle was opened with. ``step`` is where the
    cycle stands, for people to read; what has been done is told by the other tables. ``driver_run_id`` is
    the Prefect flow run that drives it.
    """

    __tablename__ = "cycles"
    __table_args__ = (UniqueConstraint("profile", "period_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    period_id: Mapped[str] = mapped_column(String(80))
    round: Mapped[int] = mapped_column(default=1)
    step: Mapped[str] = mapped_column(String(20), default="collect")
    only: Mapped[list[str]] = mapped_column(default=list)
    milestones: Mapped[dict[str, str]] = mapped_column(default=dict)
    is_demo: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[dt.datetime]
    driver_run_id: Mapped[str | None] = mapped_column(String(36))


class StoredFile(Base):
    """Bytes handed in; they lie under ``home/files`` by their SHA-256, valid or not."""

    __tablename__ = "stored_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    stored_at: Mapped[dt.datetime]


class Submission(Base):
    """A file a centre handed in for one round, with its verdict; the same file twice is one submission."""

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("cycle_id", "round", "centre", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"), index=True)
    round: Mapped[int]
    centre: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_files.sha256"))
    file_name: Mapped[str] = mapped_column(String(255))
    filler: Mapped[str] = mapped_column(String(60), default="")
    checker: Mapped[str] = mapped_column(String(60), default="")
    is_accepted: Mapped[bool]
    problems: Mapped[list[dict[str, str]]] = mapped_column(default=list)
    explanations: Mapped[list[dict[str, str]]] = mapped_column(default=list)
    received_at: Mapped[dt.datetime]

    observations: Mapped[list[Observation]] = relationship(back_populates="submission", order_by="Observation.id")


class Narrative(Base):
    """The text sections an office handed in for one round, with its verdict; the same file twice is one row.

    ``sections``: sanitised HTML by section id, empty unless accepted. ``author``: whoever drafted it, as
    typed (several names may stand there).
    """

    __tablename__ = "narratives"
    __table_args__ = (UniqueConstraint("cycle_id", "round", "office", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"), index=True)
    round: Mapped[int]
    office: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_files.sha256"))
    file_name: Mapped[str] = mapped_column(String(255))
    author: Mapped[str] = mapped_column(String(60), default="")
    is_accepted: Mapped[bool]
    problems: Mapped[list[dict[str, str]]] = mapped_column(default=list)
    sections: Mapped[dict[str, str]] = mapped_column(default=dict)
    received_at: Mapped[dt.datetime]


class RefusedFile(Base):
    """A file that names no cycle of ours: kept, with the reason."""

    __tablename__ = "refused_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_files.sha256"))
    file_name: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text)
    received_at: Mapped[dt.datetime]


class Arrival(Base):
    """A file taken from an inbox and what became of it: one row, however often the taking was interrupted.

    ``source`` is the source's id, ``modified`` when the file was last changed, as the inbox tells it. Exactly one
    of ``submission_id``, ``narrative_id`` and ``refused_file_id`` is set. ``is_repeat``: its content had been
    handed in before.
    """

    __tablename__ = "arrivals"
    __table_args__ = (UniqueConstraint("source", "file_name", "modified", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(80))
    file_name: Mapped[str] = mapped_column(String(255))
    modified: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_files.sha256"))
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))
    narrative_id: Mapped[int | None] = mapped_column(ForeignKey("narratives.id"))
    refused_file_id: Mapped[int | None] = mapped_column(ForeignKey("refused_files.id"))
    is_repeat: Mapped[bool] = mapped_column(default=False)
    taken_at: Mapped[dt.datetime]

    submission: Mapped[Submission | None] = relationship()
    narrative: Mapped[Narrative | None] = relationship()
    refused_file: Mapped[RefusedFile | None] = relationship()


class ImportedTable(Base):
    """A long table of figures published before, taken in as history.

    ``unmatched`` are the rows that gave no figure when it was last imported.
    """

    __tablename__ = "imported_tables"
    __table_args__ = (UniqueConstraint("profile", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_files.sha256"))
    file_name: Mapped[str] = mapped_column(String(255))
    row_count: Mapped[int]
    unmatched: Mapped[list[dict[str, str]]] = mapped_column(default=list)
    imported_at: Mapped[dt.datetime]


class Observation(Base):
    """A figure, handed in by a centre or imported, with the cell or row it came from.

    ``provenance`` of an imported one: ``printed`` value and unit, ``origin``, ``retrieved``, ``note``, as its table
    says them.
    """

    __tablename__ = "observations"
    __table_args__ = (UniqueConstraint("submission_id", "region", "indicator"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imported_tables.id"))
    period_id: Mapped[str] = mapped_column(String(80))
    region: Mapped[str] = mapped_column(String(6))
    indicator: Mapped[str] = mapped_column(String(120))
    unit: Mapped[str] = mapped_column(String(20))
    value: Mapped[Decimal | None]
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(20))
    centre: Mapped[str] = mapped_column(String(60), default="")
    sheet: Mapped[str] = mapped_column(String(60), default="")
    cell: Mapped[str] = mapped_column(String(20), default="")
    provenance: Mapped[dict[str, str] | None]

    submission: Mapped[Submission | None] = relationship(back_populates="observations")
    imported_table: Mapped[ImportedTable | None] = relationship()


class Replacement(Base):
    """An imported figure that stands in the place of another from now on; both are kept."""

    __tablename__ = "replacements"

    id: Mapped[int] = mapped_column(primary_key=True)
    old_id: Mapped[int] = mapped_column(ForeignKey("observations.id"))
    new_id: Mapped[int] = mapped_column(ForeignKey("observations.id"))
    reason: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[dt.datetime]


class Excuse(Base):
    """A centre the compiler went on without in one round, with the printed reason."""

    __tablename__ = "excuses"
    __table_args__ = (UniqueConstraint("cycle_id", "round", "centre"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    round: Mapped[int]
    centre: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    excused_at: Mapped[dt.datetime]


class Compilation(Base):
    """What all centres handed in for a round, as one canonical text with its SHA-256 (``digest``).

    ``text_digest`` covers the narrative text and the set of tables alone: approvals of the first review
    are carried over while it stays the same.
    """

    __tablename__ = "compilations"
    __table_args__ = (UniqueConstraint("cycle_id", "round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    round: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    text_digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    compiled_at: Mapped[dt.datetime]


class AuditRun(Base):
    """One run of the data audit over a compilation; ``rules`` tells how each rule went."""

    __tablename__ = "audit_runs"
    __table_args__ = (UniqueConstraint("compilation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    compilation_id: Mapped[int] = mapped_column(ForeignKey("compilations.id"))
    data_digest: Mapped[str] = mapped_column(String(64))
    suite_version: Mapped[str] = mapped_column(String(64))
    is_blocking: Mapped[bool]
    critical_count: Mapped[int]
    warning_count: Mapped[int]
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    report: Mapped[str] = mapped_column(String(255))
    finished_at: Mapped[dt.datetime]

    findings: Mapped[list[Finding]] = relationship(order_by="Finding.id")


class Finding(Base):
    """One value an audit rule objects to.

    ``explanation`` is what the centre wrote in its workbook, or finance in its decision, and ``explained_by``
    whose words these are; a warning needs them before finance can approve. ``suggestion`` is what was said of the
    same finding a year or a period ago. Findings of one mistake share ``cause_group``; ``involved`` are the other
    figures (``region/indicator``) it was compared with. ``follows_id`` is the same finding in the round before:
    one that nothing follows in the next audited round was corrected.
    """

    __tablename__ = "findings"

    id: Mapped[int] = mapped_column(primary_key=True)
    audit_run_id: Mapped[int] = mapped_column(ForeignKey("audit_runs.id"), index=True)
    rule: Mapped[str] = mapped_column(String(10))
    severity: Mapped[str] = mapped_column(String(10))
    centre: Mapped[str] = mapped_column(String(60))
    region: Mapped[str] = mapped_column(String(6))
    indicator: Mapped[str] = mapped_column(String(120))
    period_id: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(Text)
    expected: Mapped[str] = mapped_column(Text)
    difference: Mapped[str] = mapped_column(Text, default="")
    message: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text, default="")
    file_name: Mapped[str] = mapped_column(String(255), default="")
    sheet: Mapped[str] = mapped_column(String(60), default="")
    cell: Mapped[str] = mapped_column(String(20), default="")
    explanation: Mapped[str] = mapped_column(Text, default="")
    explained_by: Mapped[str] = mapped_column(String(60), default="")
    suggestion: Mapped[str] = mapped_column(Text, default="")
    cause_group: Mapped[str] = mapped_column(String(200), default="")
    involved: Mapped[list[str]] = mapped_column(default=list)
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("findings.id"))


class Person(Base):
    """Somebody who may decide. ``secret`` is the TOTP secret, encrypted.

    Reminders go by ``messenger`` (an id of the catalogue) to ``address``; both are empty where none are wanted.

    ``roles`` are ids of the catalogue; None: every role of the office, as the catalogue has them at the time.
    """

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    office: Mapped[str] = mapped_column(String(60))
    roles: Mapped[list[str] | None]
    secret: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    messenger: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(254), default="")
    wrong_codes: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[dt.datetime | None]
    enrolled_at: Mapped[dt.datetime]


class Substitution(Base):
    """``person`` may act for ``absent_person`` from ``first_day`` to ``last_day``, both included (Shanghai days)."""

    __tablename__ = "substitutions"
    __table_args__ = (UniqueConstraint("person_id", "absent_person_id", "first_day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    absent_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    registered_at: Mapped[dt.datetime]


class UsedCode(Base):
    """A one-time code that was used: the number of its 30-second step, unique per person."""

    __tablename__ = "used_codes"
    __table_args__ = (UniqueConstraint("person_id", "time_step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    time_step: Mapped[int]


class Ask(Base):
    """A question put to people through a suspended run; ``key`` is the run's pause key.

    It is about a cycle or about a change of the openness catalogue, exactly one of them (``records.subjects``).
    ``state``: open, answered (it led to a decision), refused (``refusal`` says why) or abandoned (the run
    that asked is gone).
    """

    __tablename__ = "asks"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("cycle_id", "round", "step", "number"),
        UniqueConstraint("change_id", "round", "step", "number"),
        CheckConstraint("(cycle_id IS NULL) <> (change_id IS NULL)", name="one_subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int | None] = mapped_column(ForeignKey("cycles.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("openness_changes.id"))
    round: Mapped[int]
    step: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64))
    flow_run_id: Mapped[str] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(20), default="open")
    refusal: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]


class Decision(Base):
    """What one person decided at one gate of one round, on exactly ``digest``; its subject is as an ask's.

    A decision that was carried over from an earlier round names it in ``carried_from_id``.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("cycle_id", "round", "gate"),
        UniqueConstraint("change_id", "round", "gate"),
        CheckConstraint("(cycle_id IS NULL) <> (change_id IS NULL)", name="one_subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int | None] = mapped_column(ForeignKey("cycles.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("openness_changes.id"))
    round: Mapped[int]
    gate: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    opinion: Mapped[str] = mapped_column(Text, default="")
    returned_to: Mapped[list[str]] = mapped_column(default=list)
    carried_from_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    decided_at: Mapped[dt.datetime]

    person: Mapped[Person] = relationship()


class Release(Base):
    """The rendered channels of one round, what the leader signs and the public reads.

    ``digest`` covers the compilation's digest and every rendered file (``files``: path to SHA-256, bytes
    under ``home/releases``). ``planned_for`` is the time the leader signed for, None for at once.
    ``published_at`` is set before the channels switch, so that a rerun writes the same bytes; ``is_partial`` from the
    first switch on until all have switched or are brought back; ``is_live`` after all have. ``waived`` are the gates
    that an emergency sign-off went ahead of, None until publication begins; ``cleared_at`` is when the last of them
    approved afterwards. ``proof`` is what the manifest says of approvals and ledger, fixed before anything is staged.
    """

    __tablename__ = "releases"
    __table_args__ = (UniqueConstraint("cycle_id", "round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    round: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    compilation_id: Mapped[int] = mapped_column(ForeignKey("compilations.id"))
    digest: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[dict[str, str]] = mapped_column(default=dict)
    rendered_at: Mapped[dt.datetime]
    planned_for: Mapped[dt.datetime | None]
    waived: Mapped[list[str] | None]
    cleared_at: Mapped[dt.datetime | None]
    published_at: Mapped[dt.datetime | None]
    is_live: Mapped[bool] = mapped_column(default=False)
    is_partial: Mapped[bool] = mapped_column(default=False)
    proof: Mapped[dict[str, Any] | None]

    compilation: Mapped[Compilation] = relationship()

    @property
    def is_visible(self) -> bool:
        """Whether the public reads it on some channel, or may come to."""
        return self.is_live or self.is_partial


class ChannelDelivery(Base):
    """One action (``stage``, ``switch``, ``undo``) of one release on one channel, however often it is tried.

    ``state``: ``begun`` (asked for, and not known to have happened), ``done``, ``failed`` with the ``reason``, and of a
    switch ``undone``. ``token`` and ``digest`` are what the channel needs to find what it is about (``Staged``);
    ``before`` is the token that was live before a switch, empty for none.
    """

    __tablename__ = "channel_deliveries"
    __table_args__ = (UniqueConstraint("release_id", "channel", "action"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"))
    channel: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[str] = mapped_column(String(200), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    before: Mapped[str] = mapped_column(String(200), default="")
    updated_at: Mapped[dt.datetime]


class LedgerEntry(Base):
    """One line of the append-only ledger; ``hash`` covers the line and the hash before it."""

    __tablename__ = "ledger"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]
    actor: Mapped[str] = mapped_column(String(80))
    event: Mapped[str] = mapped_column(String(60))
    cycle_id: Mapped[int | None]
    details: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class LedgerCheckpoint(Base):
    """How long the ledger was and where it ended at a time, signed (Ed25519, hex)."""

    __tablename__ = "ledger_checkpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    length: Mapped[int]
    head_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(40))
    signature: Mapped[str] = mapped_column(String(128))
