"""Rendering: the disclosure document model and the page, printed sheet and open data made from it.

``build_document`` settles every number and sentence; ``render_release`` only prints them.
"""

from disclosure.rendering.compose import build_document
from disclosure.rendering.document import DisclosureDocument, document_json
from disclosure.rendering.facts import key_text
from disclosure.rendering.release import render_release

__all__ = ["DisclosureDocument", "build_document", "document_json", "key_text", "render_release"]
