"""Protects what is withheld on its whole way out: its value stands in no byte of any channel, now or later."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from disclosure.calendar.periods import parse_period
from disclosure.cycle import compilation, queries
from disclosure.publication.contents.documents import document_of
from disclosure.rendering import DocumentContents, build_document, document_json, outlets_of, render_release
from disclosure.rendering.read_numbers import pdf_text
from disclosure.workspace.confidentiality_proof import load_proof
from tests.support.corrections import begin, published_bureau

pytestmark = pytest.mark.records

Bureau = Any
PAID = "employee_pension.socialised_payment"
#: Five veteran cadres among those who are paid; the sums are right.
CHANGED = {
    PAID: "17587",
    f"{PAID}.retirees": "13203",
    f"{PAID}.veteran_cadres": "5",
    f"{PAID}.dependants": "4379",
}


def words_of(path: str, content: bytes) -> str:
    """Everything a file says, however it is packed."""
    if path.endswith(".pdf"):
        return pdf_text(content)
    if path.endswith((".xlsx", ".docx", ".zip")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return content.decode("utf-8", "replace")


def tells(words: str, value: str) -> bool:
    """Whether a number stands in ``words``, with or without separators of thousands; digests hold any digits."""
    return re.search(rf"(?<![\dA-Za-z.]){value[:-3]}[,，]?{value[-3:]}(?![\dA-Za-z])", words) is not None


def test_no_byte_of_any_channel_tells_a_withheld_value(bureau: Bureau) -> None:
    bureau.hand_in_all(changed=CHANGED)
    bureau.compile()
    bureau.audit()
    with bureau.installation.records.read() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        compiled = queries.compilation_of(session, cycle)
        content = compilation.content_of(session, bureau.catalog, cycle, compiled)
        document = document_of(session, bureau.catalog, cycle, compiled)
        proof = load_proof(session, bureau.installation, cycle, content)
    withheld = {indicator for _, indicator in content.withholding.places}
    assert f"{PAID}.veteran_cadres" in withheld
    (beside,) = withheld - {f"{PAID}.veteran_cadres"}
    assert {line.cause for line in proof.withheld} == {"small", "complement"}
    assert proof.is_safe
    assert "为保护个人信息未公布" in "".join(document.notes)

    bureau.approve("policy", "finance", "confidentiality")
    bureau.render()
    bureau.approve("leader")
    bureau.publish()  # reads every channel back, and compares its numbers
    hidden = CHANGED[beside]
    shown = next(value for name, value in CHANGED.items() if name not in withheld)
    read = 0
    for folder in ("site", "channels", "releases"):
        for path in (bureau.installation.settings.home / folder).rglob("*"):
            if path.is_file() and path.suffix not in {".png", ".jpg", ".woff2"}:
                words = words_of(path.name, path.read_bytes())
                assert not tells(words, hidden), path
                read += tells(words, shown)
    assert read > 8, "else the search proves nothing"
    for told in ("insurances/employee_pension.html", "data.html", f"releases/{bureau.period.id}/index.html"):
        page = (bureau.site / told).read_text(encoding="utf-8")
        assert "未公布" in page, told
        assert "有的人数太少，有的公布后可以推算出人数太少的数据" in page, f"{told} says why"
    other = (bureau.site / "insurances" / "work_injury.html").read_text(encoding="utf-8")
    assert "有的人数太少" not in other, "where nothing is withheld there is nothing to explain"
    figures = (bureau.site / "releases" / bureau.period.id / "figures.csv").read_text(encoding="utf-8-sig")
    rows = [line for line in figures.splitlines() if f"/{PAID}.veteran_cadres/" in line]
    assert len(rows) == 1
    assert ",,,未公布,c," in rows[0]
    assert "为保护个人信息未公布" in rows[0]

    with bureau.installation.records.read() as session:
        known = {f.key[1]: f for f in compilation.public_history(session, bureau.catalog) if f.period == bureau.period}
        inside = {f.key[1]: f for f in compilation.history(session, bureau.catalog) if f.period == bureau.period}
    assert (known[beside].value, known[beside].state) == (None, "withheld")
    assert inside[beside].value == Decimal(hidden), "the audit still compares with what was handed in"
    later = parse_period("2017-annual")
    following = build_document(
        bureau.catalog,
        DocumentContents(
            later,
            [replace(f, period=later, value=f.value and f.value + 1) for f in inside.values()],
            earlier=tuple(known.values()),
            compiled_on=bureau.now.date(),
            demo=False,
        ),
    )
    assert not tells(document_json(following), hidden), "nor does the next year's, which compares itself with this one"
    assert tells(document_json(following), shown)


def test_two_worlds_that_differ_in_what_is_withheld_give_the_same_bytes(bureau: Bureau) -> None:
    bureau.hand_in_all(changed=CHANGED)
    bureau.compile()
    with bureau.installation.records.read() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        content = compilation.content_of(session, bureau.catalog, cycle, queries.compilation_of(session, cycle))
    (beside,) = {i for _, i in content.withholding.places} - {f"{PAID}.veteran_cadres"}
    by = {f"{PAID}.veteran_cadres": Decimal(3), beside: Decimal(3 if beside == PAID else -3)}
    other = replace(
        content,
        figures=tuple(replace(f, value=f.value + by[f.indicator]) if f.indicator in by else f for f in content.figures),
    )
    made = []
    for each in (content, other):
        about = DocumentContents(each.period, each.public_figures, compiled_on=bureau.now.date(), demo=False)
        document = build_document(bureau.catalog, about)
        made.append(dict(render_release(document, outlets_of(bureau.catalog, document)).files))
    assert made[0] == made[1]
    assert content.digest != other.digest
    guess = replace(other, withholding=replace(other.withholding, salt=""))
    assert guess.digest != other.digest, "the published digest cannot be found by trying"


def test_a_round_whose_withheld_figures_can_be_worked_out_is_neither_approved_nor_rendered(bureau: Bureau) -> None:
    """Published with fourteen cadres, corrected to five with all else as it was: the sums would tell."""
    right = {PAID: "13654", f"{PAID}.retirees": "13203", f"{PAID}.veteran_cadres": "14", f"{PAID}.dependants": "437"}
    published_bureau(bureau, dict(right))
    assert begin(bureau) == ""
    centre = bureau.catalog.indicators[PAID].centre
    receipt = bureau.hand_in(bureau.workbook(centre, changed={f"{PAID}.veteran_cadres": "5"}), "更正.xlsx")
    assert receipt.is_accepted
    bureau.compile()
    bureau.audit()
    assert "仍可由已公布的数据推算出来" in bureau.answer("confidentiality")
    with pytest.raises(Exception, match="离休人员人数太少，隐去以后仍可由已公布的数据推算出来"):
        bureau.render()
