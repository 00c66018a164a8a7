"""What the template says and how a document of ours is marked, from ``words.yaml``."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from disclosure.calendar.periods import Period
from disclosure.platform.wording import words_beside

#: The template's own version; a document of another one is refused.
SCHEMA_VERSION = 1
#: Custom properties of a .docx begin with this.
PROPERTY = "disclosure_"
#: How deep lists may be nested.
DEEPEST_LIST = 3
#: What the template says.
texts = words_beside(__file__)


@dataclass(frozen=True)
class Head:
    """What a document says of itself: catalogue ids, the round, who drafted it.

    ``guide`` are the marks (``mark_of``) of the paragraphs that were handed out for reference.
    """

    profile: str
    period: Period
    round: int
    office: str
    author: str = ""
    guide: frozenset[str] = frozenset()


def title_of(period: Period) -> str:
    """Return the document's own title, which is not text of a section."""
    return str(texts()["title"].format(period=period.label))


def document_name(period_label: str, office_name: str, round_number: int, suffix: str) -> str:
    """``2025年度-社会保险行政科室-文字部分-第1轮.docx``."""
    name: str = texts()["file_name"]
    return name.format(period=period_label, office=office_name, round=round_number) + suffix


def is_guide(text: str) -> bool:
    """Whether a paragraph begins like one that was handed out for reference."""
    return text.lstrip().startswith(tuple(texts()["markers"].values()))


def mark_of(text: str) -> str:
    """Return a short mark of a paragraph's words, the same however its spaces were changed."""
    return hashlib.sha256(re.sub(r"\s", "", text).encode()).hexdigest()[:16]
