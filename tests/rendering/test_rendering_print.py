"""Print can be hung up as it comes: sound PDF/UA, codes that scan, each centre's own insurances, one page a poster.

Figures: the sample figures of 楚雄州, whose tables are the widest there are.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pikepdf
import pypdfium2
import pytest
import zxingcpp

from disclosure.calendar.periods import Period
from disclosure.figures.figures import Figure
from disclosure.platform.fonts import missing_glyphs
from disclosure.rendering.document.concerning import concerning
from disclosure.rendering.outlets import Hall, next_publication
from disclosure.rendering.print.sheet import LARGE, NOTICE, POSTER, Printed
from disclosure.rendering.read_numbers import differences, figures_in_pdf, figures_in_poster, figures_of, pdf_text
from tests.support.rendered import example, example_of, rendered

pytestmark = pytest.mark.unit

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
CENTRES = ("social_insurance_centre", "employment_centre", "medical_centre", "institution_pension_centre")
FILES = ("1-张贴说明.pdf", "2-公告A4.pdf", "3-公告A4大字版.pdf", "4-海报A3.pdf")
PATHS = [NOTICE, LARGE, POSTER, *(f"packages/hall/{centre}/{name}" for centre in CENTRES for name in FILES)]


@pytest.fixture(scope="module")
def sheets() -> dict[str, bytes]:
    return {path: content for path, content in rendered().files.items() if path.endswith(".pdf")}


@pytest.fixture(scope="module")
def halls() -> dict[str, Hall]:
    return {hall.centre: hall for hall in example().outlets.halls}


def test_there_is_a_package_for_each_of_the_four_centres(sheets: dict[str, bytes], halls: dict[str, Hall]) -> None:
    assert set(halls) == set(CENTRES)
    assert set(sheets) == {*PATHS, "packages/handover/attachments/disclosure.pdf"}


@pytest.mark.parametrize("path", PATHS)
def test_sheet_is_sound_and_accessible(path: str, sheets: dict[str, bytes]) -> None:
    """What qpdf says of its syntax, and what PDF/UA-1 and PDF/A-2a ask of its catalogue and tags."""
    with pikepdf.open(io.BytesIO(sheets[path])) as pdf:
        assert pdf.check_pdf_syntax() == []
        root: Any = pdf.Root
        assert root.MarkInfo.Marked
        assert str(root.Lang).startswith("zh")
        assert root.ViewerPreferences.DisplayDocTitle
        with pdf.open_metadata() as meta:
            assert meta["pdfuaid:part"] == "1"
            # For the archive at the same time: PDF/A-2, level a.
            assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("2", "A")
            assert "楚雄州社会保险信息披露" in meta["dc:title"]
        tags = list(elements(root.StructTreeRoot))
    kinds = [kind for kind, _ in tags]
    assert "H1" in kinds
    assert all(alternative for kind, alternative in tags if kind == "Figure")
    # The two codes are pictures with a text of their own.
    assert {alternative for _, alternative in tags} >= {"扫码看网页", "扫码核验"}
    if "公告" in path or path in {NOTICE, LARGE}:
        assert {"Table", "TH", "TD", "Caption"} <= set(kinds)


def elements(node: Any) -> Iterator[tuple[str, str]]:
    """Kind and alternative text of every tag."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield str(kid.S).removeprefix("/"), str(kid.get("/Alt", ""))
            yield from elements(kid)


def sizes(content: bytes) -> list[tuple[int, int]]:
    """Of every page, in millimetres."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        boxes = [page.mediabox for page in pdf.pages]
        return [(round(float(box[2]) / 72 * 25.4), round(float(box[3]) / 72 * 25.4)) for box in boxes]


def test_sheets_have_their_sizes(sheets: dict[str, bytes]) -> None:
    assert set(sizes(sheets[NOTICE])) == {(210, 297)}
    assert set(sizes(sheets[LARGE])) == {(297, 210)}
    for path, content in sheets.items():
        if path.endswith(("海报A3.pdf", "poster.pdf")):
            assert sizes(content) == [(297, 420)], path
        if path.endswith("张贴说明.pdf"):
            assert sizes(content) == [(210, 297)], path


def test_rare_characters_of_names_and_other_scripts_can_be_printed() -> None:
    """What is not in the fonts is refused when a text is handed in; nobody's name should be."""
    assert missing_glyphs("楚㑇䶮龘𠮷한ㅎカ①℃㎡\N{GRINNING FACE}ཀ") == {"\N{GRINNING FACE}", "ཀ"}


@pytest.mark.parametrize("path", [NOTICE, POSTER, "packages/hall/employment_centre/1-张贴说明.pdf"])
def test_codes_scan_from_paper(path: str, sheets: dict[str, bytes]) -> None:
    with pypdfium2.PdfDocument(sheets[path]) as pdf:
        picture = pdf[len(pdf) - 1].render(scale=150 / 72, grayscale=True).to_numpy()
        read = {code.text for code in zxingcpp.read_barcodes(picture)}
    outlets = example().outlets
    assert read == {outlets.page, outlets.verifier}
    assert outlets.page == "https://shebao.chuxiong.example/releases/2025-annual/"


@pytest.mark.parametrize("centre", CENTRES)
def test_hall_shows_what_concerns_it_and_nothing_else(
    centre: str, sheets: dict[str, bytes], halls: dict[str, Hall]
) -> None:
    own = concerning(example().document, halls[centre].insurances)
    expected = {key: value for key, value in figures_of(own).items() if key not in texts()}
    assert expected
    for name in ("2-公告A4.pdf", "3-公告A4大字版.pdf"):
        content = sheets[f"packages/hall/{centre}/{name}"]
        assert differences(expected, figures_in_pdf(content, own)) == ()
        printed = "".join(pdf_text(content).split())
        others = [block.title for block in example().document.blocks if block.id not in halls[centre].insurances]
        assert others
        assert not any(title.replace("　", "") in printed for title in others)
    poster = figures_in_poster(sheets[f"packages/hall/{centre}/4-海报A3.pdf"], own)
    heads = {line.cell.key for card in own.cards for line in (card.lead, *card.lines)}
    assert set(poster) == heads
    assert differences(figures_of(own), poster, whole=False) == ()


def texts() -> set[str]:
    return {seen.key for seen in example().document.observations if not seen.is_number and not seen.state}


def test_the_centres_together_show_every_figure(halls: dict[str, Hall]) -> None:
    shown = [figures_of(concerning(example().document, hall.insurances)) for hall in halls.values()]
    assert sum(map(len, shown)) == len(figures_of(example().document))


def test_cover_note_says_where_and_until_when(sheets: dict[str, bytes]) -> None:
    told = "".join(pdf_text(sheets["packages/hall/medical_centre/1-张贴说明.pdf"]).split())
    assert "州医保中心：" in told
    assert "职工基本医疗保险（含生育）、城乡居民基本医疗保险、生育保险" in told
    assert "经办大厅信息公开栏和服务台" in told
    # The first quarter's notice is due on 15 May.
    assert "至少张贴到2026年5月15日（下一期披露的期限）" in told


@pytest.mark.parametrize(
    ("period", "day"),
    [
        (Period(2025, "annual"), "2026-05-15"),
        (Period(2026, "q1"), "2026-08-15"),
        (Period(2026, "h1"), "2026-11-15"),
        (Period(2026, "q3"), "2027-03-15"),
        (Period(2200, "annual"), "2201-05-15"),
    ],
)
def test_notices_hang_until_the_next_ones_are_due(period: Period, day: str) -> None:
    assert str(next_publication(example().catalog, period)) == day


def test_special_disclosure_hangs_for_days_and_its_poster_speaks_in_sentences() -> None:
    period = Period(2026, "special", "工伤")
    income = Figure("532300", "work_injury.income", period, "万元", example().figures[0].value, centre="")
    special = example_of("chuxiong", period.id, figures=(income,))
    (hall,) = [hall for hall in special.outlets.halls if hall.centre == "social_insurance_centre"]
    assert "不少于30日" in hall.until
    assert special.outlets.page.endswith("/releases/2026-special-%E5%B7%A5%E4%BC%A4/")
    poster = Printed(special.document, {}, special.outlets).poster()
    assert sizes(poster) == [(297, 420)]
    assert "工伤保险基金收入" in "".join(pdf_text(poster).split())


def test_long_names_do_not_run_out_of_a_poster(halls: dict[str, Hall]) -> None:
    document = concerning(example().document, halls["medical_centre"].insurances)
    cards = tuple(replace(card, title=card.title * 3, lines=card.lines * 4) for card in document.cards)
    charts = {block.chart.id: SVG for block in document.blocks if block.chart}
    poster = Printed(replace(document, cards=cards), charts, example().outlets).poster()
    assert sizes(poster) == [(297, 420)]
