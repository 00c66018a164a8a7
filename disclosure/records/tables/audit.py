"""What the data audit found."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.records.states import Severity
from disclosure.records.tables.base import Base


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
    severity: Mapped[Severity]
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
