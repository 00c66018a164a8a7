"""Alembic migrations. ``HEAD`` is the newest, ``FIRST`` the oldest; a test holds them and the files together."""

FIRST = HEAD = "0200"
