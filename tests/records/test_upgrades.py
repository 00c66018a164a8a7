"""Protects the way from one version's tables to the next: opened by a later version everything that was recorded is
still there, and the earlier version says why it does not open it any more.

The later version is this one with one migration more, as 0.2.1 may have it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import create_engine, inspect, make_url, text

from disclosure.platform.errors import DisclosureError
from disclosure.records import database
from disclosure.records.database import create_records_engine, migration_state, open_records
from disclosure.records.migrations import HEAD
from tests.support.bureau import Bureau

pytestmark = [pytest.mark.records, pytest.mark.both_databases, pytest.mark.slow]

NEXT = "0201"
_MIGRATION = f'''
"""One column more, and one made wider: SQLite copies the table for it."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "{NEXT}", "{HEAD}"
branch_labels = depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("cycles") as table:
        table.add_column(sa.Column("remark", sa.String(200), nullable=False, server_default=""))
        table.alter_column("profile", type_=sa.String(160), existing_nullable=False)
'''


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The migrations of the version after this one."""
    folder = tmp_path / "migrations"
    shutil.copytree(Path(database.__file__).parent / "migrations", folder)
    (folder / "versions" / f"{NEXT}_next.py").write_text(_MIGRATION, encoding="utf-8")

    def configured(url: str) -> Config:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        return config

    with monkeypatch.context() as patch:
        patch.setattr(database, "HEAD", NEXT)
        patch.setattr(database, "_alembic", configured)
        yield patch


def everything(url: str) -> dict[str, list[tuple[str, ...]]]:
    """Every row of every table, as the database itself gives it."""
    engine = create_engine(url)
    tables = [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    with engine.connect() as connection:
        found = {
            table: sorted(tuple(map(str, row)) for row in connection.execute(text(f'SELECT * FROM "{table}"')))
            for table in tables
        }
    engine.dispose()
    return found


def test_a_later_version_keeps_every_row_and_the_earlier_one_says_why_it_opens_it_no_more(
    bureau: Bureau, next_version: pytest.MonkeyPatch
) -> None:
    bureau.hand_in_all()
    bureau.compile()
    url = bureau.installation.settings.records_url
    before = everything(url)
    assert before["cycles"]
    assert before["ledger"]
    bureau.rest()
    bureau.installation.records.engine.dispose()
    later = open_records.__wrapped__(url)
    try:
        assert migration_state(later.engine) == "current"
        assert "remark" in {column["name"] for column in inspect(later.engine).get_columns("cycles")}
        with later.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM cycles WHERE remark = ''")).scalar() == 1
    finally:
        later.engine.dispose()
    after = everything(url)
    # The added column is the last of its table.
    cycles = [row[: len(before["cycles"][0])] for row in after["cycles"]]
    assert {**after, "cycles": cycles} == before
    next_version.undo()
    engine = create_records_engine(url)
    try:
        assert migration_state(engine) == "too new"
    finally:
        engine.dispose()
    shown = make_url(url).render_as_string(hide_password=True)
    with pytest.raises(DisclosureError) as refused:
        open_records.__wrapped__(url)
    assert shown in str(refused.value)
    assert "disclosure backup restore" in str(refused.value)
    assert everything(url) == after
