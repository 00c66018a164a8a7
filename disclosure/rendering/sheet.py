"""The printed sheet: A4, tagged (PDF/UA-1), set by Typst from ``templates/print/disclosure.typ``."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from functools import cache

import typst

from disclosure.errors import DisclosureError
from disclosure.rendering.document import DisclosureDocument, document_json
from disclosure.rendering.fonts import FONT_FOLDER
from disclosure.templating import TEMPLATES


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONT_FOLDER])


def render_sheet(document: DisclosureDocument, charts: Mapping[str, str]) -> bytes:
    """``document`` as PDF; the same document gives the same bytes.

    Raises:
        DisclosureError: when Typst refuses, with what it says.
    """
    inputs = {"document": document_json(document), "charts": json.dumps(dict(charts))}
    return set_sheet("print/disclosure.typ", inputs, dt.date.fromisoformat(document.compiled_on))


def set_sheet(template: str, inputs: dict[str, str], day: dt.date) -> bytes:
    """``templates/TEMPLATE`` (Typst) with ``inputs`` as a tagged PDF (PDF/UA-1) dated ``day``.

    Raises:
        DisclosureError: when Typst refuses, with what it says.
    """
    try:
        pdf = typst.compile(
            TEMPLATES / template,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=["ua-1"],
            timestamp=dt.datetime.combine(day, dt.time(), dt.UTC),
            format="pdf",
        )
    except typst.TypstError as error:
        raise DisclosureError(f"印刷版 PDF 排版失败，请把这句话交给运维人员：{error}") from error
    return pdf
