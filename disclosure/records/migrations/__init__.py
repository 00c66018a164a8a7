"""Alembic migrations. ``HEAD`` is the newest; a test holds it and the files together."""

HEAD = "0014"
