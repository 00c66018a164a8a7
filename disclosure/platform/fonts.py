"""The fonts of print and charts: Noto CJK (OFL), shipped beside the print templates; no system font is needed."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from disclosure.platform.templating import TEMPLATES

SANS = "Noto Sans CJK SC"
FONT_FOLDER = TEMPLATES / "print" / "fonts"
FONT_FILES = ("NotoSansCJKsc-Regular.otf", "NotoSerifCJKsc-Regular.otf")


def missing_glyphs(characters: Iterable[str]) -> set[str]:
    """Return those of ``characters`` that the print fonts have no sign for; Typst refuses to set them."""
    known = _code_points()
    return {char for char in characters if ord(char) not in known}


@cache
def _code_points() -> frozenset[int]:
    """Return what the serif and the sans font both cover."""
    return frozenset.intersection(*(_code_points_of(FONT_FOLDER / name) for name in FONT_FILES))


def _code_points_of(font: Path) -> frozenset[int]:
    """Return what ``font`` covers: the groups of its Unicode ``cmap`` (OpenType's format 12)."""
    with font.open("rb") as file:
        (tables,) = struct.unpack(">4xH6x", file.read(12))
        start = dict(struct.iter_unpack(">4s4xI4x", file.read(16 * tables)))[b"cmap"]
        file.seek(start)
        (encodings,) = struct.unpack(">2xH", file.read(4))
        records = struct.iter_unpack(">4sI", file.read(8 * encodings))
        file.seek(start + dict(records)[b"\x00\x03\x00\x0a"])
        (groups,) = struct.unpack(">12xI", file.read(16))
        ranges = struct.iter_unpack(">2I4x", file.read(12 * groups))
        return frozenset(code for first, last in ranges for code in range(first, last + 1))
