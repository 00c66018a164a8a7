"""What a test knows to be there."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def given(value: T | None) -> T:
    """Return a value that the case at hand has; without it the test fails here."""
    assert value is not None
    return value
