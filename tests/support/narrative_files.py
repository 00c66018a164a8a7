"""Text sections as files: a right document, what may be done to one, and how a wrong one is refused."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import docx

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.collection.narrative.reader import read_narrative
from disclosure.collection.narrative.texts import Head
from disclosure.collection.narrative.writer import Template, write_docx

CATALOG = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")
HEAD = Head("chuxiong", PERIOD, 1, "social_insurance_section", "郑起草")
SENTENCE = "全州失业保险参保人数稳步增长。"


def assert_refused(content: bytes, words: str, name: str = "文稿.docx") -> None:
    """One problem with these words, a whole sentence that says what to do, and no text taken."""
    reading = read_narrative(content, name, CATALOG)
    assert len(reading.problems) == 1, reading.problems
    sentence = reading.problems[0].sentence
    assert words in sentence
    assert sentence.endswith("。")
    assert "请" in sentence or "应为" in sentence
    assert reading.sections == {}


@cache
def untouched() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_docx(Path(folder) / "x.docx", CATALOG, Template(HEAD, {}, {}))
        return (Path(folder) / "x.docx").read_bytes()


def document(change: Callable[[Any, Any], object] | None = None) -> bytes:
    """A right document with ``change(document, paragraph)`` made to it, as Word would save it."""
    opened = docx.Document(io.BytesIO(untouched()))
    place = [p.text for p in opened.paragraphs].index("参保情况")
    following = opened.paragraphs[place + 1]
    following.add_run(SENTENCE)
    if change:
        change(opened, following)
    made = io.BytesIO()
    opened.save(made)
    return made.getvalue()


def repacked(content: bytes, changed: dict[str, bytes | None]) -> bytes:
    """The archive with members replaced (None: left out) or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = changed.get(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
        for name in changed.keys() - set(old.namelist()):
            new.writestr(name, changed[name] or b"")
    return made.getvalue()
