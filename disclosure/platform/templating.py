"""Jinja2, set up once: everything people read is a template under ``templates/``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

#: Beside this package, in a checkout and installed alike.
TEMPLATES = Path(__file__).parents[2] / "templates"


@cache
def environment() -> Environment:
    """Return the environment of all templates: HTML escaped, missing values an error, blocks trimmed."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html.j2", "html", "svg.j2", "xml.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["cell"] = _cell
    return made


def _cell(text: str) -> str:
    """``text`` inside a Markdown table, which a bar or a line break would tear."""
    return " ".join(text.split()).replace("|", "｜")


def render_text(template: str, **values: Any) -> str:
    """``templates/TEMPLATE`` with ``values``."""
    return environment().get_template(template).render(**values)


def compile_templates() -> None:
    """Compile every template there is, for a process whose forks will use them."""
    made = environment()
    for name in made.list_templates(extensions=("j2",)):
        made.get_template(name)
