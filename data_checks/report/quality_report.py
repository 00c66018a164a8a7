"""The quality report as people get it: a page that needs no other file, and A4 sheets. Neither judges anything."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict

from markupsafe import Markup

from data_checks.report.model import QualityReport
from disclosure.platform.templating import TEMPLATES, render_text
from disclosure.rendering.print.typesetting import set_sheet


def render_quality_report(report: QualityReport) -> str:
    """``report`` as one Chinese page that needs no other file, no other host and no script to be read."""
    style = (TEMPLATES / "report" / "quality.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "report" / "quality.js").read_text(encoding="utf-8")
    return render_text(
        "report/quality.html.j2",
        report=report,
        words=report.words,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        safe=Markup,
    )


def render_quality_sheets(report: QualityReport) -> bytes:
    """``report`` as A4 sheets: a tagged PDF (PDF/UA-1) with a title and page numbers."""
    told = asdict(report)
    day = dt.date.fromisoformat(report.made_on)
    return set_sheet("report/quality.typ", {"report": json.dumps(told, ensure_ascii=False)}, day)
