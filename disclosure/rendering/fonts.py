"""The fonts of print and charts: Noto CJK (OFL), shipped by mplfonts; no system font is needed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from disclosure.errors import DisclosureError

SANS = "Noto Sans CJK SC"
SERIF = "Noto Serif CJK SC"


def _font_folder() -> Path:
    # Looked up, not imported: importing mplfonts loads matplotlib.
    found = importlib.util.find_spec("mplfonts")
    if found is None or found.origin is None:
        raise DisclosureError("缺少字体包 mplfonts，请按 requirements.lock 重新安装后重试。")
    return Path(found.origin).parent / "fonts"


FONT_FOLDER = _font_folder()


def missing_glyphs(characters: Iterable[str]) -> set[str]:
    """Those of ``characters`` that the print fonts have no sign for; Typst refuses to set them."""
    known = _code_points()
    return {char for char in characters if ord(char) not in known}


@cache
def _code_points() -> frozenset[int]:
    """What the serif and the sans font both cover."""
    from fontTools.ttLib import TTFont

    covered = []
    for name in ("NotoSerifCJKsc-Regular.otf", "NotoSansCJKsc-Regular.otf"):
        with TTFont(FONT_FOLDER / name, lazy=True) as font:
            covered.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*covered)
