"""The words of the openness work, from ``words.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from disclosure.catalog.yaml_source import load_document


@cache
def words() -> dict[str, Any]:
    """The wording, from the YAML beside this file."""
    return load_document(Path(__file__).with_name("words.yaml")).data
