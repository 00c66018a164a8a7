"""What supervision looked at and found."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from disclosure.records.tables.base import Base


class SupervisionRun(Base):
    """One look of the supervision, from its begin; ``finished_at`` stays empty where it was stopped half way.

    ``found`` counts what the first look found, ``mended`` what was settled by mending, ``left`` what is still open.
    """

    __tablename__ = "supervision_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80), index=True)
    flow_run_id: Mapped[str] = mapped_column(String(36))
    started_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    found: Mapped[int] = mapped_column(default=0)
    mended: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column(default=0)


class SupervisionFinding(Base):
    """Where plan, records, Prefect and live pages disagree; one open row per kind and subject.

    ``facts`` fill the kind's sentences (``disclosure/monitoring/supervision/words.yaml``). ``settled_at``: since when
    it is gone; ``mended_at``: when supervision did something about it, ``failure``: why that did not work.
    ``told_at``: when letters about it went out.
    """

    __tablename__ = "supervision_findings"
    __table_args__ = (
        Index(
            "uq_supervision_findings_open",
            "profile",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(255))
    facts: Mapped[dict[str, str]] = mapped_column(default=dict)
    cycle_id: Mapped[int | None] = mapped_column(ForeignKey("cycles.id"))
    run_id: Mapped[str] = mapped_column(String(36), default="")
    first_seen: Mapped[dt.datetime]
    last_seen: Mapped[dt.datetime]
    mended_at: Mapped[dt.datetime | None]
    failure: Mapped[str] = mapped_column(Text, default="")
    settled_at: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime | None]
