"""Words that people read: one loader for all of them.

The words of a package lie in ``words.yaml`` beside its modules; what the bureau may change lies in the catalogue
instead. Braces are filled by ``str.format``. ``tools/schemas.py`` writes the schema that every such file names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from disclosure.platform.yaml_source import load_document

FILE_NAME = "words.yaml"


def words_beside(module: str, name: str = FILE_NAME) -> Callable[[], dict[str, Any]]:
    """Return what gives the words that lie beside ``module`` (its ``__file__``); they are read when first asked for."""
    path = Path(module).with_name(name)

    @cache
    def words() -> dict[str, Any]:
        return load_document(path).data

    return words
