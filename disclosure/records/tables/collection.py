"""What was handed in, imported, or taken from an inbox."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.figures.figures import FigureState
from disclosure.records.tables.base import Base


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
    __table_args__ = (
        UniqueConstraint("source", "file_name", "modified", "sha256"),
        CheckConstraint(
            "(submission_id IS NOT NULL AND narrative_id IS NULL AND refused_file_id IS NULL)"
            " OR (submission_id IS NULL AND narrative_id IS NOT NULL AND refused_file_id IS NULL)"
            " OR (submission_id IS NULL AND narrative_id IS NULL AND refused_file_id IS NOT NULL)",
            name="one_outcome",
        ),
    )

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
    __table_args__ = (
        UniqueConstraint("submission_id", "region", "indicator"),
        CheckConstraint("(submission_id IS NULL) <> (import_id IS NULL)", name="one_origin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imported_tables.id"))
    period_id: Mapped[str] = mapped_column(String(80))
    region: Mapped[str] = mapped_column(String(6))
    indicator: Mapped[str] = mapped_column(String(120))
    unit: Mapped[str] = mapped_column(String(20))
    value: Mapped[Decimal | None]
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[FigureState]
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
