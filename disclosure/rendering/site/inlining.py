"""Style sheets into ``style`` attributes, for sites and readers that strip anything else."""

from __future__ import annotations

import re
from functools import cache

import css_inline

from disclosure.platform.templating import TEMPLATES


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)


def inlined(html: str, style: str) -> str:
    """Return ``html`` with the rules of ``templates/STYLE`` in its elements; no class names, no idle blanks."""
    css = (TEMPLATES / style).read_text(encoding="utf-8")
    made = _inliner().inline_fragment(re.sub(r"\s*\n\s*", "", html), css)
    return re.sub(r' style="([^"]*)"', _compact, re.sub(r' class="[^"]*"', "", made))


def _compact(style: re.Match[str]) -> str:
    """Without the blanks and the last semicolon: a WeChat article may have 20,000 characters, these included."""
    short = re.sub("([:;,]) +", lambda found: found[1], style[1])
    return f' style="{short.rstrip(";")}"'
