"""Rendering: the disclosure document model, and page, print, open data and packages made from it.

``build_document`` settles every number and sentence; ``render_release`` only prints them.
"""

from disclosure.rendering.document.compose import DocumentContents, build_document
from disclosure.rendering.document.correction import Corrected
from disclosure.rendering.document.document import DisclosureDocument, document_json
from disclosure.rendering.document.facts import key_text
from disclosure.rendering.outlets import Outlets, outlets_of
from disclosure.rendering.release import Rendered, package_paths, public_paths, render_release

__all__ = [
    "Corrected",
    "DisclosureDocument",
    "DocumentContents",
    "Outlets",
    "Rendered",
    "build_document",
    "document_json",
    "key_text",
    "outlets_of",
    "package_paths",
    "public_paths",
    "render_release",
]
