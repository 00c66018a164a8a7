"""Alembic's way in: it uses the connection it is handed."""

from alembic import context
from sqlalchemy import Connection

from disclosure.records.database import create_records_engine
from disclosure.records.tables import Base


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


handed: Connection | None = context.config.attributes.get("connection")
if handed is not None:
    _run(handed)
else:
    with create_records_engine(str(context.config.get_main_option("sqlalchemy.url"))).begin() as connection:
        _run(connection)
