"""Every table of version 0.2.0."""

from __future__ import annotations

import sqlalchemy as sa

from disclosure.records.migrations.columns import (
    choice,
    columns,
    create_partial_index,
    create_table,
    references,
    strings,
)
from disclosure.records.types import ExactDecimal, UtcDateTime

revision = "0200"
down_revision = None

_SUBJECTS = ("release_id", "change_id", "withdrawal_id", "site")


def upgrade() -> None:
    create_table(
        "cycles",
        *strings(profile=80, period_id=80),
        *columns(sa.Integer(), "round"),
        *choice(
            "step", "state", ("collect", "audit", "review", "sign_off", "publish", "later_review", "archive", "closed")
        ),
        *columns(sa.JSON(), "only", "milestones"),
        *columns(sa.Boolean(), "is_demo"),
        *columns(UtcDateTime(), "opened_at"),
        *strings(driver_run_id=36, nullable=True),
        sa.UniqueConstraint("profile", "period_id"),
    )
    create_table(
        "ledger",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        *columns(UtcDateTime(), "at"),
        *strings(actor=80, previous_hash=64, hash=64),
        sa.Column("event", sa.String(60), nullable=False, index=True),
        *columns(sa.Integer(), "cycle_id", nullable=True),
        *columns(sa.Text(), "details", "rows"),
        has_id=False,
    )
    create_table("ledger_checkpoints", *columns(sa.Integer(), "length"), *strings(head_hash=64, at=40, signature=128))
    create_table(
        "messenger_states",
        *strings(profile=80, messenger=40),
        *columns(UtcDateTime(), "failing_since", "last_sent_at", nullable=True),
        *columns(sa.Text(), "failure"),
        sa.UniqueConstraint("profile", "messenger"),
    )
    create_table(
        "openness_requests",
        *strings(profile=80, number=40, item=2, office=60, notice=200, outcome=40),
        *columns(sa.Date(), "received_on"),
        *columns(sa.Date(), "extended_on", "answered_on", nullable=True),
        *columns(UtcDateTime(), "registered_at"),
        sa.UniqueConstraint("profile", "number"),
        sa.CheckConstraint("(outcome = '') = (answered_on IS NULL)", name="answered"),
    )
    create_table(
        "people",
        *strings(name=60, office=60, messenger=40, address=254),
        *columns(sa.JSON(), "roles", nullable=True),
        *columns(sa.Text(), "secret"),
        *columns(sa.Boolean(), "is_active", "is_demo"),
        *columns(sa.Integer(), "secret_number"),
        *columns(UtcDateTime(), "enrolled_at"),
        sa.UniqueConstraint("name"),
    )
    create_table(
        "signing_keys",
        *strings(profile=80, key_id=43, public_key=43),
        *choice("use", "use", ("publication", "ledger")),
        *columns(UtcDateTime(), "valid_from"),
        *columns(UtcDateTime(), "valid_until", nullable=True),
        sa.UniqueConstraint("profile", "key_id"),
    )
    create_partial_index("uq_signing_keys_in_use", "signing_keys", ["profile", "use"], "valid_until IS NULL")
    create_table(
        "stored_files",
        sa.Column("sha256", sa.String(64), primary_key=True),
        *columns(sa.Integer(), "size"),
        *columns(UtcDateTime(), "stored_at"),
        has_id=False,
    )
    create_table(
        "supervision_runs",
        sa.Column("profile", sa.String(80), nullable=False, index=True),
        *strings(flow_run_id=36),
        *columns(UtcDateTime(), "started_at"),
        *columns(UtcDateTime(), "finished_at", nullable=True),
        *columns(sa.Integer(), "found", "mended", "left"),
    )
    create_table(
        "compilations",
        *references(cycle_id="cycles"),
        *columns(sa.Integer(), "round"),
        *strings(digest=64, text_digest=64),
        *columns(sa.Text(), "content"),
        *columns(sa.JSON(), "withheld"),
        *columns(UtcDateTime(), "compiled_at"),
        sa.UniqueConstraint("cycle_id", "round"),
    )
    create_table(
        "deadline_moves",
        *strings(profile=80, period_id=80),
        *columns(sa.Integer(), "number"),
        *choice("milestone", "milestone", ("draft", "compile", "review", "confidentiality", "sign_off", "publish")),
        *columns(sa.Date(), "before", "day"),
        *columns(sa.Text(), "reason"),
        *references(person_id="people"),
        *columns(UtcDateTime(), "moved_at"),
        sa.UniqueConstraint("profile", "period_id", "number"),
    )
    create_table(
        "cycle_closures",
        *references(cycle_id="cycles", person_id="people"),
        *references(reopened_by_id="people", nullable=True),
        *strings(step=20),
        *columns(sa.Text(), "reason"),
        *columns(UtcDateTime(), "closed_at"),
        *columns(UtcDateTime(), "reopened_at", nullable=True),
    )
    create_table(
        "excuses",
        *references(cycle_id="cycles", person_id="people"),
        *columns(sa.Integer(), "round"),
        *strings(centre=60),
        *columns(sa.Text(), "reason"),
        *columns(UtcDateTime(), "excused_at"),
        sa.UniqueConstraint("cycle_id", "round", "centre"),
    )
    create_table(
        "imported_tables",
        *strings(profile=80, file_name=255),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("stored_files.sha256"), nullable=False),
        *columns(sa.Integer(), "row_count"),
        *columns(sa.JSON(), "unmatched"),
        *columns(UtcDateTime(), "imported_at"),
        sa.UniqueConstraint("profile", "sha256"),
    )
    create_table(
        "narratives",
        sa.Column("cycle_id", sa.Integer(), sa.ForeignKey("cycles.id"), nullable=False, index=True),
        *columns(sa.Integer(), "round"),
        *strings(office=60, file_name=255, author=60),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("stored_files.sha256"), nullable=False),
        *columns(sa.Boolean(), "is_accepted"),
        *columns(sa.JSON(), "problems", "sections"),
        *columns(UtcDateTime(), "received_at"),
        sa.UniqueConstraint("cycle_id", "round", "office", "sha256"),
    )
    create_table(
        "openness_changes",
        *strings(profile=80, source=160, office=60, title=200, digest=64),
        *choice("cause", "cause", ("office", "compilation", "confirmation")),
        *columns(sa.Integer(), "round"),
        *choice("step", "state", ("office", "review", "publishing", "done", "withdrawn")),
        *references(person_id="people", nullable=True),
        *strings(driver_run_id=36, nullable=True),
        *columns(UtcDateTime(), "opened_at"),
        sa.UniqueConstraint("profile", "cause", "source"),
    )
    create_table(
        "refused_files",
        sa.Column("sha256", sa.String(64), sa.ForeignKey("stored_files.sha256"), nullable=False),
        *strings(file_name=255),
        *columns(sa.Text(), "reason"),
        *columns(UtcDateTime(), "received_at"),
    )
    create_table(
        "reminders",
        *strings(key=255, profile=80, period_id=80, kind=20),
        *choice("milestone", "milestone", ("draft", "compile", "review", "confidentiality", "sign_off", "publish")),
        *columns(sa.Date(), "due"),
        *references(person_id="people"),
        *choice("state", "state", ("sending", "sent", "waiting")),
        *columns(sa.Integer(), "attempts"),
        *columns(sa.Text(), "failure"),
        *columns(UtcDateTime(), "updated_at"),
        sa.UniqueConstraint("key"),
    )
    create_table(
        "revisions",
        *strings(profile=80, period_id=80, region=6, indicator=120, published=200, found=200),
        *columns(sa.Text(), "source", "reason"),
        *columns(UtcDateTime(), "found_at"),
        *choice("answer", "answer", ("correct", "keep"), nullable=True),
        *references(person_id="people", nullable=True),
        *columns(UtcDateTime(), "answered_at", nullable=True),
        sa.UniqueConstraint(
            "profile", "period_id", "region", "indicator", "published", "found", name="uq_revisions_value"
        ),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
    )
    create_table(
        "submissions",
        sa.Column("cycle_id", sa.Integer(), sa.ForeignKey("cycles.id"), nullable=False, index=True),
        *columns(sa.Integer(), "round"),
        *strings(centre=60, file_name=255, filler=60, checker=60),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("stored_files.sha256"), nullable=False),
        *columns(sa.Boolean(), "is_accepted"),
        *columns(sa.JSON(), "problems", "explanations"),
        *columns(UtcDateTime(), "received_at"),
        sa.UniqueConstraint("cycle_id", "round", "centre", "sha256"),
    )
    create_table(
        "substitutions",
        *references(person_id="people", absent_person_id="people"),
        *columns(sa.Date(), "first_day", "last_day"),
        *columns(UtcDateTime(), "registered_at"),
        sa.UniqueConstraint("person_id", "absent_person_id", "first_day"),
        sa.CheckConstraint("first_day <= last_day", name="days"),
    )
    create_table(
        "supervision_findings",
        *strings(profile=80, kind=40, subject=255, run_id=36),
        *columns(sa.JSON(), "facts"),
        *references(cycle_id="cycles", nullable=True),
        *columns(UtcDateTime(), "first_seen", "last_seen"),
        *columns(UtcDateTime(), "mended_at", "settled_at", "told_at", nullable=True),
        *columns(sa.Text(), "failure"),
    )
    create_partial_index(
        "uq_supervision_findings_open", "supervision_findings", ["profile", "kind", "subject"], "settled_at IS NULL"
    )
    create_table(
        "accounts",
        *references(person_id="people"),
        *columns(sa.Text(), "password_hash"),
        *strings(openid_subject=255, nullable=True),
        *columns(UtcDateTime(), "changed_at"),
        sa.UniqueConstraint("person_id"),
        sa.UniqueConstraint("openid_subject"),
    )
    create_table(
        "invitations",
        *references(person_id="people"),
        *strings(token_hash=64),
        *columns(sa.Boolean(), "shows_secret"),
        *columns(UtcDateTime(), "made_at", "expires_at"),
        *columns(UtcDateTime(), "closed_at", nullable=True),
        sa.UniqueConstraint("token_hash"),
    )
    create_table(
        "calendar_links",
        *references(person_id="people"),
        *strings(token_hash=64),
        *columns(UtcDateTime(), "made_at"),
        sa.UniqueConstraint("person_id"),
        sa.UniqueConstraint("token_hash"),
    )
    create_table(
        "sign_ins",
        *references(person_id="people"),
        *strings(token_hash=64, source=80),
        *columns(UtcDateTime(), "opened_at", "seen_at", "expires_at"),
        *columns(UtcDateTime(), "ended_at", nullable=True),
        sa.UniqueConstraint("token_hash"),
    )
    create_table(
        "failed_attempts",
        *strings(name_digest=64, source=80),
        *columns(sa.Integer(), "failures"),
        *columns(UtcDateTime(), "last_failed_at"),
        *columns(UtcDateTime(), "alarmed_at", nullable=True),
        sa.UniqueConstraint("name_digest", "source"),
    )
    create_table(
        "looks",
        *references(person_id="people"),
        *choice("kind", "material", ("report", "preview", "reply", "briefing", "openness")),
        *strings(path=255, source=80),
        *references(cycle_id="cycles", nullable=True),
        *columns(sa.Boolean(), "is_allowed"),
        *columns(UtcDateTime(), "looked_at"),
    )
    create_table(
        "openness_drafts",
        *strings(profile=80, item=2, element=60),
        *references(person_id="people"),
        *columns(sa.JSON(), "fields"),
        *columns(sa.Integer(), "based_on"),
        *columns(UtcDateTime(), "saved_at"),
        sa.UniqueConstraint("profile", "person_id", "item", "element"),
    )
    create_table(
        "explanation_drafts",
        *references(person_id="people", cycle_id="cycles"),
        *strings(finding_digest=64),
        *columns(sa.Text(), "text"),
        *columns(UtcDateTime(), "saved_at"),
        sa.UniqueConstraint("person_id", "cycle_id", "finding_digest"),
    )
    create_table(
        "withdrawals",
        *references(cycle_id="cycles", person_id="people"),
        *columns(sa.Integer(), "number", "version"),
        *choice("kind", "kind", ("in_error", "superseded", "by_order")),
        *columns(sa.Text(), "reason", "restore_reason"),
        *choice("state", "state", ("withdrawing", "withdrawn", "restoring", "restored")),
        *columns(UtcDateTime(), "withdrawn_at"),
        *references(restored_by_id="people", nullable=True),
        *columns(UtcDateTime(), "restored_at", nullable=True),
        sa.UniqueConstraint("cycle_id", "number"),
        sa.CheckConstraint("(state IN ('restoring', 'restored')) = (restored_at IS NOT NULL)", name="restored"),
    )
    create_table(
        "arrivals",
        *strings(source=80, file_name=255, modified=40),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("stored_files.sha256"), nullable=False),
        *references(
            submission_id="submissions", narrative_id="narratives", refused_file_id="refused_files", nullable=True
        ),
        *columns(sa.Boolean(), "is_repeat"),
        *columns(UtcDateTime(), "taken_at"),
        sa.UniqueConstraint("source", "file_name", "modified", "sha256"),
        sa.CheckConstraint(
            "(submission_id IS NOT NULL AND narrative_id IS NULL AND refused_file_id IS NULL)"
            " OR (submission_id IS NULL AND narrative_id IS NOT NULL AND refused_file_id IS NULL)"
            " OR (submission_id IS NULL AND narrative_id IS NULL AND refused_file_id IS NOT NULL)",
            name="one_outcome",
        ),
    )
    create_table(
        "asks",
        *references(cycle_id="cycles", change_id="openness_changes", nullable=True),
        *columns(sa.Integer(), "round", "number", "times_put"),
        *choice("step", "question", ("collect", "review", "sign_off", "later_review", "office", "confirmation")),
        *strings(key=120, digest=64, flow_run_id=36),
        *choice("state", "state", ("open", "answered", "abandoned")),
        *columns(sa.Boolean(), "is_awake"),
        *columns(UtcDateTime(), "asked_at", "put_at"),
        *columns(UtcDateTime(), "closed_at", nullable=True),
        sa.UniqueConstraint("change_id", "round", "step", "number"),
        sa.UniqueConstraint("cycle_id", "round", "step", "number"),
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        sa.CheckConstraint("(cycle_id IS NULL) <> (change_id IS NULL)", name="one_subject"),
    )
    create_table(
        "given_answers",
        *references(ask_id="asks", person_id="people", nullable=True),
        *strings(name=60, gate=60, outcome=40, digest=64, source=100, form_mac=64, mac=64),
        *columns(sa.JSON(), "said", "refusal_codes"),
        *columns(sa.Boolean(), "is_taken"),
        *columns(sa.Text(), "refusal"),
        *columns(UtcDateTime(), "given_at"),
    )
    create_table(
        "used_codes",
        *references(person_id="people"),
        *references(ask_id="asks", nullable=True),
        *columns(sa.Integer(), "secret_number", "time_step"),
        *strings(used_for=100),
        *columns(UtcDateTime(), "used_at"),
        sa.UniqueConstraint("person_id", "secret_number", "time_step"),
    )
    create_table(
        "audit_runs",
        *references(compilation_id="compilations"),
        *strings(data_digest=64, suite_version=64, report=255),
        *columns(sa.Boolean(), "is_blocking"),
        *columns(sa.Integer(), "critical_count", "warning_count"),
        *columns(sa.JSON(), "rules"),
        *columns(UtcDateTime(), "finished_at"),
        sa.UniqueConstraint("compilation_id"),
    )
    create_table(
        "observations",
        *references(submission_id="submissions", import_id="imported_tables", nullable=True),
        *strings(period_id=80, region=6, indicator=120, unit=20, centre=60, sheet=60, cell=20),
        *columns(ExactDecimal(), "value", nullable=True),
        *columns(sa.Text(), "text"),
        *choice("state", "figure_state", ("reported", "not_provided", "not_applicable")),
        *columns(sa.JSON(), "provenance", nullable=True),
        sa.UniqueConstraint("submission_id", "region", "indicator"),
        sa.CheckConstraint("(submission_id IS NULL) <> (import_id IS NULL)", name="one_origin"),
    )
    create_table(
        "openness_releases",
        *references(change_id="openness_changes"),
        *strings(digest=64),
        *columns(UtcDateTime(), "published_at"),
        sa.UniqueConstraint("change_id"),
    )
    create_table(
        "openness_versions",
        *strings(profile=80, item=2, element=60, sha256=64, what=200),
        sa.Column("change_id", sa.Integer(), sa.ForeignKey("openness_changes.id"), nullable=False, index=True),
        *columns(sa.Integer(), "number"),
        *columns(sa.Text(), "content"),
        *columns(sa.Date(), "changed_on"),
        *references(person_id="people", nullable=True),
        *columns(UtcDateTime(), "recorded_at"),
        sa.UniqueConstraint("profile", "item", "element", "number"),
    )
    create_table(
        "releases",
        *references(cycle_id="cycles", compilation_id="compilations"),
        *columns(sa.Integer(), "round", "version"),
        *strings(digest=64, title=200),
        *columns(sa.Text(), "summary"),
        *columns(sa.JSON(), "files"),
        *columns(UtcDateTime(), "rendered_at"),
        *columns(UtcDateTime(), "planned_for", "cleared_at", "published_at", nullable=True),
        *columns(sa.JSON(), "waived", "proof", nullable=True),
        *choice("state", "state", ("rendered", "publishing", "partial", "live", "withdrawn")),
        sa.UniqueConstraint("cycle_id", "round"),
        sa.CheckConstraint("(state = 'rendered') = (published_at IS NULL)", name="published"),
    )
    create_table(
        "channel_deliveries",
        *references(release_id="releases", change_id="openness_changes", withdrawal_id="withdrawals", nullable=True),
        *strings(site=80, nullable=True),
        *strings(channel=60, token=200, digest=64, before=200),
        *choice("action", "action", ("stage", "switch", "undo")),
        *choice("state", "state", ("begun", "done", "failed", "undone")),
        *columns(sa.Text(), "reason"),
        *columns(sa.Integer(), "attempts"),
        *columns(UtcDateTime(), "updated_at"),
        *(sa.UniqueConstraint(subject, "channel", "action") for subject in _SUBJECTS),
        sa.CheckConstraint(
            " + ".join(f"CASE WHEN {subject} IS NULL THEN 0 ELSE 1 END" for subject in _SUBJECTS) + " = 1",
            name="one_subject",
        ),
    )
    create_table(
        "corrections",
        *references(cycle_id="cycles", base_id="releases", person_id="people"),
        *columns(sa.Integer(), "version", "round"),
        *columns(sa.JSON(), "offices"),
        *columns(sa.Text(), "reason"),
        *columns(UtcDateTime(), "begun_at"),
        sa.UniqueConstraint("cycle_id", "round"),
        sa.UniqueConstraint("cycle_id", "version"),
    )
    create_table(
        "decisions",
        *references(
            cycle_id="cycles", change_id="openness_changes", ask_id="asks", carried_from_id="decisions", nullable=True
        ),
        *columns(sa.Integer(), "round"),
        *choice("gate", "gate", ("policy", "finance", "confidentiality", "leader", "emergency")),
        *choice("outcome", "outcome", ("approved", "returned")),
        *strings(digest=64),
        *references(person_id="people"),
        *columns(sa.Text(), "opinion"),
        *columns(sa.JSON(), "returned_to"),
        *columns(UtcDateTime(), "decided_at"),
        sa.UniqueConstraint("change_id", "round", "gate"),
        sa.UniqueConstraint("cycle_id", "round", "gate"),
        sa.CheckConstraint("(cycle_id IS NULL) <> (change_id IS NULL)", name="one_subject"),
    )
    create_table(
        "findings",
        sa.Column("audit_run_id", sa.Integer(), sa.ForeignKey("audit_runs.id"), nullable=False, index=True),
        *strings(rule=10, centre=60, region=6, indicator=120, period_id=80, file_name=255),
        *strings(sheet=60, cell=20, explained_by=60, cause_group=200),
        *choice("severity", "severity", ("info", "warning", "critical")),
        *columns(sa.Text(), "value", "expected", "difference", "message", "cause", "explanation", "suggestion"),
        *columns(sa.JSON(), "involved"),
        *references(follows_id="findings", nullable=True),
    )
    create_table(
        "openness_confirmations",
        *references(change_id="openness_changes"),
        sa.Column("version_id", sa.Integer(), sa.ForeignKey("openness_versions.id"), nullable=False, index=True),
        *references(person_id="people", nullable=True),
        *columns(UtcDateTime(), "confirmed_at", nullable=True),
        sa.UniqueConstraint("change_id", "version_id"),
    )
    create_table(
        "replacements",
        *references(old_id="observations", new_id="observations"),
        *columns(sa.Text(), "reason"),
        *columns(UtcDateTime(), "replaced_at"),
    )
    _create_proof()
    _create_personal()


def _create_proof() -> None:
    create_table(
        "manifest_signatures",
        *references(release_id="releases"),
        *strings(manifest_digest=64, key_id=43),
        *columns(UtcDateTime(), "signed_at"),
        *columns(sa.Text(), "jws"),
        sa.UniqueConstraint("release_id", "manifest_digest"),
    )
    create_table(
        "read_backs",
        *references(release_id="releases"),
        *strings(channel=40, path=255, sha256=64),
        *columns(sa.Integer(), "figures"),
        *columns(sa.JSON(), "problems"),
        *columns(UtcDateTime(), "checked_at"),
        sa.UniqueConstraint("release_id", "channel", "path"),
    )


def _create_personal() -> None:
    create_table(
        "held_data",
        *strings(profile=80, kind=40, digest=64, shown=100),
        *choice("state", "state", ("waiting", "accepted", "taken_back")),
        *columns(sa.Text(), "reason"),
        *references(person_id="people", nullable=True),
        *columns(UtcDateTime(), "judged_at", nullable=True),
        *strings(mac=64),
        sa.UniqueConstraint("profile", "kind", "digest"),
        sa.CheckConstraint("state <> 'accepted' OR person_id IS NOT NULL", name="judged"),
    )
    create_table(
        "held_places",
        *references(datum_id="held_data"),
        *choice("door", "door", ("file", "reason", "content", "release")),
        *strings(place=300, handed_in_by=60),
        *columns(UtcDateTime(), "found_at"),
        sa.UniqueConstraint("datum_id", "door", "place", "handed_in_by"),
    )
