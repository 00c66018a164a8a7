"""Filling the site's templates."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from functools import cache
from typing import Any

from markupsafe import Markup

from disclosure.platform.templating import TEMPLATES, render_text


def render_html(template: str, **values: Any) -> bytes:
    """``templates/site/TEMPLATE`` as UTF-8: everything escaped, the style sheet inside, so no other file is needed."""
    return render_text(f"site/{template}", style=_style(), **values).encode()


@cache
def _style() -> Markup:
    return Markup((TEMPLATES / "site" / "style.css").read_text(encoding="utf-8").strip())  # noqa: S704 - our own file


@cache
def inline_script(*names: str) -> tuple[Markup, str]:
    """Return files of ``templates/site`` to stand in a page, and the one source its policy allows: their hash."""
    text = "\n".join((TEMPLATES / "site" / name).read_text(encoding="utf-8").strip() for name in names)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"  # noqa: S704 - our own file


def chinese_date(day: dt.date) -> str:
    """``2026年3月15日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def kilobytes(size: int) -> int:
    """Size in kB, at least 1, of so many bytes."""
    return max(1, round(size / 1000))
