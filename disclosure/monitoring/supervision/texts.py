"""What is said about each kind of finding, from ``words.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from disclosure.platform.wording import words_beside

_data = words_beside(__file__)


@dataclass(frozen=True)
class FindingKind:
    """One kind of finding: its name, and its sentences, to be filled with a finding's facts.

    ``mended`` is empty where nothing is done by itself; ``worlds`` are those the judgement rests on.
    ``is_watched``: the watcher alone finds and settles it, not a supervision; ``is_alarm``: letters go out if it lasts.
    """

    name: str
    worlds: tuple[str, ...]
    found: str
    todo: str
    mended: str = ""
    is_watched: bool = False
    is_alarm: bool = False


@cache
def kinds() -> Mapping[str, FindingKind]:
    """Return every kind by its id."""
    return {key: FindingKind(**{**told, "worlds": tuple(told["worlds"])}) for key, told in _data()["kinds"].items()}


def snapshot_name(world: str) -> str:
    """Return what people call a world."""
    return str(_data()["worlds"][world])


def home_name() -> str:
    """Return what people call the pages that belong to no release."""
    return str(_data()["home"])


def phrase(name: str, **values: object) -> str:
    """Return one of the short sentences."""
    return str(_data()["phrases"][name]).format(**values)
