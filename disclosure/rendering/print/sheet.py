"""Print: the A4 notice, its large-print edition, the A3 poster, and the package of each centre's service halls."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import segno

from disclosure.rendering.document.concerning import concerning
from disclosure.rendering.document.document import DisclosureDocument, document_json
from disclosure.rendering.outlets import Hall, Outlets
from disclosure.rendering.print.typesetting import as_json, set_sheet

Edition = Literal["normal", "large"]


@dataclass(frozen=True)
class Printed:
    """One document with what every sheet of it needs. ``charts`` is SVG by chart id."""

    document: DisclosureDocument
    charts: Mapping[str, str]
    outlets: Outlets
    subtitle: str = ""

    def notice(self, edition: Edition = "normal") -> bytes:
        """Return the whole document on A4 as PDF/UA; ``large`` in 18 point on its side."""
        return self._set("print/disclosure.typ", edition)

    def poster(self) -> bytes:
        """Return the head figures on one A3 page as PDF/UA."""
        return self._set("print/poster.typ")

    def cover_note(self, hall: Hall) -> bytes:
        """Return the note on top of ``hall``'s package."""
        words = self.outlets.facts.hall
        told = {
            "name": hall.name,
            "insurances": hall.insurance_names,
            "place": hall.place,
            "until": hall.until,
            "files": {"notice": words.file_notice, "large": words.file_large, "poster": words.file_poster},
        }
        return self._set("print/cover_note.typ", hall=as_json(told))

    def _set(self, template: str, edition: Edition = "normal", **more: str) -> bytes:
        about = {
            "edition": edition,
            "subtitle": self.subtitle,
            "page": self.outlets.page,
            "page_code": code_svg(self.outlets.page),
            "verifier_code": code_svg(self.outlets.verifier),
            "licence": self.outlets.licence_line,
        }
        inputs = {"document": document_json(self.document), "charts": as_json(dict(self.charts)), **more}
        return set_sheet(
            template, {**inputs, "about": as_json(about)}, dt.date.fromisoformat(self.document.compiled_on)
        )


#: Addresses within a release's folder that never change.
NOTICE, LARGE, POSTER = "disclosure.pdf", "print/large.pdf", "print/poster.pdf"


def print_files(document: DisclosureDocument, charts: Mapping[str, str], outlets: Outlets) -> dict[str, bytes]:
    """Path in the release's folder -> bytes of what the public prints for itself: all of it, not a centre's part."""
    whole = Printed(document, charts, outlets)
    return {NOTICE: whole.notice(), LARGE: whole.notice("large"), POSTER: whole.poster()}


def hall_packages(document: DisclosureDocument, charts: Mapping[str, str], outlets: Outlets) -> dict[str, bytes]:
    """``<office id>/<file>`` -> bytes: for each centre what concerns it, with a note where to hang it until when."""
    words = outlets.facts.hall
    files: dict[str, bytes] = {}
    for hall in outlets.halls:
        own = Printed(concerning(document, hall.insurances), charts, outlets, hall.name)
        files |= {
            f"{hall.centre}/{words.file_cover}": own.cover_note(hall),
            f"{hall.centre}/{words.file_notice}": own.notice(),
            f"{hall.centre}/{words.file_large}": own.notice("large"),
            f"{hall.centre}/{words.file_poster}": own.poster(),
        }
    return files


def code_svg(address: str) -> str:
    """``address`` as a QR code (level M, so that a scuffed sheet still scans)."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True, scale=4)
    return out.getvalue().decode()
