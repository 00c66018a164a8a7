"""What is said about each kind of finding, from ``texts.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from disclosure.catalog.yaml_source import load_document


@dataclass(frozen=True)
class Kind:
    """One kind of finding: its name, and its sentences, to be filled with a finding's facts.

    ``mended`` is empty where nothing is done by itself; ``worlds`` are those the judgement rests on.
    """

    name: str
    worlds: tuple[str, ...]
    found: str
    todo: str
    mended: str = ""


@cache
def _data() -> dict[str, Any]:
    return load_document(Path(__file__).with_name("texts.yaml")).data


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its id."""
    return {key: Kind(**{**told, "worlds": tuple(told["worlds"])}) for key, told in _data()["kinds"].items()}


def world_name(world: str) -> str:
    """What people call a world."""
    return str(_data()["worlds"][world])


def home_name() -> str:
    """What people call the pages that belong to no release."""
    return str(_data()["home"])


def phrase(name: str, **values: object) -> str:
    """One of the short sentences."""
    return str(_data()["phrases"][name]).format(**values)
