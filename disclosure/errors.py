"""Errors that reach people: one Chinese sentence saying what, where and what to do."""


class DisclosureError(Exception):
    """Something a person can put right. ``str(error)`` is the sentence shown to them, in Chinese."""
