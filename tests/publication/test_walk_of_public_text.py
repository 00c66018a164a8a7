"""Looks every column of the records up in the files of the site: what people wrote and the public reads is searched.

A bureau publishes, corrects, keeps the openness catalogue, imports and withdraws. At each door by which a text comes,
one that tells of persons is tried first and refused. Then every column of the records is looked up in all that the
site serves, so that a column which becomes public by a way nobody thought of fails here.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from disclosure.calendar.periods import parse_period
from disclosure.collection.history.importer import import_table
from disclosure.collection.history.imports import long_csv, record_import
from disclosure.openness.contents import find_element
from disclosure.records.tables import Base
from disclosure.rendering.read_texts import texts_in
from disclosure.review.refusals import Refusal, RefusalCode
from tests.support import corrections
from tests.support.bureau import Bureau
from tests.support.openness_staff import Keepers, keepers_at

pytestmark = pytest.mark.records

PRODUCT = Path(__file__).parents[2]
#: Something that tells of a person.
TOLD = "请张三（13800001234）核对后补报。"
NOTE, SECTION, ORIGIN = "楚雄市缴费名册尚在核对麒麟。", "参保工作平稳，饕餮渐稀。", "睚眦公报〔2024〕1号"
CORRECTED, WITHDRAWN = "缴费人数漏计貔虎乡镇，现予更正。", "缴费人数口径有误，椒图。"
CONTENT, WHAT = "办理时须携带狴犴材料。", "材料有变，负屃。"
#: Column -> what the door wrote there. Copies of the same words stand in further columns (``COPIES``).
DOORS = {
    "submissions.explanations": NOTE,
    "narratives.sections": SECTION,
    "observations.provenance": ORIGIN,
    "corrections.reason": CORRECTED,
    "withdrawals.reason": WITHDRAWN,
    "openness_versions.content": CONTENT,
    "openness_versions.what": WHAT,
}
#: Columns filled by the product itself from doors, facts and figures.
COPIES = {
    "compilations.content",
    "cycles.period_id",
    "findings.message",
    "findings.period_id",
    "ledger.details",
    "observations.period_id",
    "observations.text",
    "releases.summary",
    "releases.title",
}


def workbook(bureau: Bureau, note: str) -> bytes:
    """The centre's workbook, one figure not provided for the reason ``note``."""
    opened = openpyxl.load_workbook(io.BytesIO(bureau.workbook("social_insurance_centre")))
    opened["工伤"]["H8"] = "未提供"
    for cell, said in {"A4": "工伤", "B4": "缴费人数", "D4": note}.items():
        opened["说明"][cell] = said
    saved = io.BytesIO()
    opened.save(saved)
    return saved.getvalue()


def document(bureau: Bureau, section: str) -> bytes:
    """The office's text with ``section`` in it."""
    head = {
        "地区配置": bureau.catalog.profile.id,
        "期间": bureau.period.id,
        "轮次": str(bureau.round),
        "科室编号": "social_insurance_section",
        "起草人": "郑起草",
    }
    lines = [f"{name}: {value}" for name, value in head.items()]
    return "\n".join(["---", *lines, "---", "# 参保情况", "", section]).encode()


def history(bureau: Bureau, origin: str) -> bytes:
    """A figure of long ago that comes from ``origin``."""
    old = replace(bureau.figures("social_insurance_centre")[0], period=parse_period("2023-annual"))
    head, *rows = long_csv(bureau.catalog, [old]).decode().splitlines()
    return "\n".join([f"{head},来源", *(f"{row},{origin}" for row in rows)]).encode()


def publish(bureau: Bureau) -> None:
    """What comes in by workbook and text, through the gates and out."""
    told = bureau.hand_in(workbook(bureau, TOLD))
    assert "手机号码" in str(told.problems)
    assert bureau.hand_in(workbook(bureau, NOTE)).is_accepted
    corrections.approve_all(bureau)
    bureau.publish()


def keep_openness(keepers: Keepers) -> None:
    """A change of a guide, approved and published."""
    _, name, _ = find_element(keepers.catalog, "7", "guide")
    good = keepers.guide("07")
    for content, what in ((f"{good}\n\n{TOLD}", WHAT), (good, TOLD)):
        refused = keepers.hand_in(keepers.new("07", name, content, what=what))
        assert isinstance(refused, Refusal)
        assert RefusalCode.PERSONAL_DATA in refused.codes
    keepers.approve(keepers.start(keepers.new("07", name, f"{good}\n\n{CONTENT}", what=WHAT)))
    assert keepers.publish()


def served(keepers: Keepers) -> dict[str, bytes]:
    """Everything that the site ever served: once with two versions, once withdrawn."""
    bureau = keepers.bureau
    bureau.enrol(corrections.COMPILER, "publicity_section", "compiler")
    assert "手机号码" in str(bureau.hand_in(document(bureau, TOLD), "文稿.md").problems)
    assert bureau.hand_in(document(bureau, SECTION), "文稿.md").is_accepted
    publish(bureau)
    assert "手机号码" in corrections.begin(bureau, reason=TOLD)
    assert corrections.begin(bureau, reason=CORRECTED) == ""
    publish(bureau)
    assert import_table(history(bureau, "13800001234"), "年鉴.csv", bureau.catalog).unmatched
    records, files = bureau.installation.records, bureau.installation.settings.files
    record_import(records, files, bureau.catalog, history(bureau, ORIGIN), "年鉴.csv")
    keep_openness(keepers)
    shown = corrections.site_files(bureau)
    assert "手机号码" in corrections.withdraw(bureau, reason=TOLD)
    assert corrections.withdraw(bureau, reason=WITHDRAWN) == ""
    corrections.settle(bureau)
    after = corrections.site_files(bureau).items()
    return shown | {f"withdrawn/{path}": content for path, content in after if shown.get(path) != content}


def words_alone(text: str) -> str:
    """Only what is written in words: marks, tags and line ends of one kind of file do not stand in another."""
    return re.sub(r"[^\u3400-\u9fff0-9]+", "", text)


def strings_in(value: Any) -> Iterator[str]:
    """Every line of text in a value of the records, in JSON too."""
    if isinstance(value, str):
        try:
            inner = json.loads(value) if value[:1] in {"[", "{"} else None
        except ValueError:
            inner = None
        if inner is None:
            yield from value.splitlines()
        else:
            yield from strings_in(inner)
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings_in(each)


def columns_shown(bureau: Bureau, files: dict[str, bytes]) -> dict[str, set[str]]:
    """Column -> its words that stand in ``files`` and are no words of the product itself."""
    public = "\n".join(words_alone("\n".join(texts_in(path, content))) for path, content in files.items())
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("templates", "disclosure")
        for path in (PRODUCT / folder).rglob("*")
        if path.suffix in {".yaml", ".py", ".html", ".j2", ".md", ".typ", ".xml", ".txt", ".js", ".svg"}
    ]
    ours = "\n".join(map(words_alone, sources))
    found: dict[str, set[str]] = {}
    with bureau.installation.records.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                for column, value in row.items():
                    for said in map(words_alone, strings_in(value)):
                        if re.search(r"[\u3400-\u9fff]{2}", said) and said in public and said not in ours:
                            found.setdefault(f"{table.name}.{column}", set()).add(said)
    return found


@pytest.mark.full  # a walk over every column
def test_every_column_that_becomes_public_is_filled_by_a_door_that_is_searched(tmp_path: Path, sqlite_url: str) -> None:
    with keepers_at(tmp_path, sqlite_url, "2026-03-03") as keepers:
        shown = columns_shown(keepers.bureau, served(keepers))
    assert set(shown) <= set(DOORS) | COPIES, "a text becomes public by a door that is not searched"
    assert {door: any(words_alone(said) in each for each in shown.get(door, ())) for door, said in DOORS.items()} == (
        dict.fromkeys(DOORS, True)
    ), "what a door lets in is not seen by this walk, or is public no more"
