"""Typst: templates to tagged PDF and to pictures, with the fonts we ship, offline.

Fonts are opened once a process and Typst keeps what it laid out: the first sheet takes a second or two, those
after it some hundredths.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import typst

from disclosure.platform.errors import DisclosureError
from disclosure.platform.fonts import FONT_FOLDER
from disclosure.platform.templating import TEMPLATES


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONT_FOLDER])


def set_sheet(template: str, inputs: Mapping[str, str], day: dt.date) -> bytes:
    """``templates/TEMPLATE`` (Typst) with ``inputs`` as a tagged PDF (PDF/UA-1 and PDF/A-2a at once) dated ``day``.

    Raises:
        DisclosureError: when Typst refuses, with what it says.
    """
    pdf = _compile(
        template,
        inputs,
        "印刷版 PDF ",
        pdf_standards=["ua-1", "a-2a"],
        timestamp=dt.datetime.combine(day, dt.time(), dt.UTC),
        format="pdf",
    )
    assert isinstance(pdf, bytes)  # noqa: S101 - a PDF is one file, however many its pages
    return pdf


def set_picture(template: str, inputs: Mapping[str, str]) -> bytes:
    """``templates/TEMPLATE`` (Typst, one page) as PNG, one pixel a point.

    Raises:
        DisclosureError: when Typst refuses, with what it says.
    """
    picture = _compile(template, inputs, "图片", format="png", ppi=72)
    if not isinstance(picture, bytes):
        raise DisclosureError(f"模板 {template} 排出了不止一页，图片只能有一页，请修改模板。")
    return picture


def _compile(template: str, inputs: Mapping[str, str], what: str, **chosen: Any) -> bytes | list[bytes]:
    try:
        made: bytes | list[bytes] = typst.compile(
            TEMPLATES / template,
            root=TEMPLATES,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs=dict(inputs),
            **chosen,
        )
    except typst.TypstError as error:
        raise DisclosureError(f"{what}排版失败，请把这句话交给运维人员：{error}") from error
    return made


def as_json(content: object) -> str:
    """JSON text for a template's ``sys.inputs``."""
    return json.dumps(content, ensure_ascii=False)
