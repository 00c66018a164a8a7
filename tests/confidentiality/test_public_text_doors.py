"""Protects the doors by which text becomes public: what tells of persons is refused at each, and by the last look."""

from __future__ import annotations

import io
import json
import random
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typst

from disclosure.catalog import load_catalog
from disclosure.catalog.catalog import PROFILES
from disclosure.openness.contents import find_element
from disclosure.platform.errors import DisclosureError
from disclosure.publication.contents.personal import refuse_personal_data
from disclosure.rendering.read_texts import texts_in
from disclosure.review.refusals import Refusal, RefusalCode
from tests.support import corrections
from tests.support.command import run_command
from tests.support.openness_staff import keepers_at

pytestmark = pytest.mark.records

Bureau = Any
DATA = Path(__file__).parents[1] / "data" / "faults"
TOLD = "请张三（13800001234）核对后补报。"
CATALOG = load_catalog("chuxiong")


def test_a_reason_in_a_workbook_is_refused_by_its_cell(tmp_path: Path) -> None:
    told = run_command("check", DATA / "reason-personal-numbers.xlsx", folder=tmp_path, width=240)
    assert told.returncode == 1
    assert "身份证号码（" in told.stdout
    assert "手机号码（" in told.stdout
    assert "工作表“说明”" in told.stdout


def test_opinions_and_reasons_are_refused_and_use_up_no_right(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    refused = bureau.answer("policy", opinion=TOLD)
    assert re.search(r"手机号码（138\*{4}1234，编号 \w{8}）、姓名（张\*\*，编号 \w{8}），属于个人信息", refused)
    assert "请局办公室按编号同意" in refused
    bureau.approve("policy", "finance", "confidentiality")
    bureau.render()
    bureau.approve("leader")
    bureau.publish()
    assert "属于个人信息" in corrections.begin(bureau, reason=TOLD)
    assert "属于个人信息" in corrections.withdraw(bureau, reason=TOLD)
    assert "没有定稿的记号“待核实”" in corrections.begin(bureau, reason="缴费人数待核实，先更正。")


def test_contents_of_the_openness_catalogue_are_refused(tmp_path: Path, sqlite_url: str) -> None:
    with keepers_at(tmp_path, sqlite_url, "2025-07-01") as keepers:
        _, name, _ = find_element(keepers.catalog, "7", "guide")
        good = keepers.guide("07")
        for content, what in ((good.replace("0878-0000000", "138-0000-1234"), "更新"), (good, TOLD)):
            refused = keepers.hand_in(keepers.new("07", name, content, what=what))
            assert isinstance(refused, Refusal)
            assert RefusalCode.PERSONAL_DATA in refused.codes
        refused = keepers.hand_in(keepers.new("07", name, f"{good}\n\n办理时限：XX个工作日。"))
        assert isinstance(refused, Refusal)
        assert RefusalCode.DRAFT in refused.codes
        assert not isinstance(keepers.hand_in(keepers.new("07", name, good)), Refusal)


def test_no_release_is_made_of_a_text_that_came_by_another_door(
    open_bureau: Callable[..., Bureau], tmp_path: Path
) -> None:
    profile = tmp_path / "told"
    shutil.copytree(PROFILES / "gaogang-2016", profile)
    facts = profile / "profile.yaml"
    facts.write_text(facts.read_text(encoding="utf-8") + "contact: 咨询请找张三 13800001234\n", encoding="utf-8")
    bureau = open_bureau(profile=str(profile))
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.approve("policy", "finance", "confidentiality")
    with pytest.raises(DisclosureError, match=r"index\.html里有手机号码（138\*\*\*\*1234，编号 \w{8}）"):
        bureau.render()


def test_what_an_office_says_is_its_own_may_be_published(tmp_path: Path) -> None:
    profile = tmp_path / "own"
    shutil.copytree(PROFILES / "gaogang-2016", profile)
    (profile / "confidentiality.yaml").write_text(
        'public_contacts: {"138-0000-1234": {of: 区社保中心值班电话}}\n', encoding="utf-8"
    )
    refuse_personal_data(load_catalog(str(profile)), {"页.html": "<p>值班电话 13800001234</p>".encode()})


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def png(kind: bytes = b"", data: bytes = b"", behind: bytes = b"") -> bytes:
    told = chunk(kind, data) if kind else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + told + chunk(b"IEND", b"") + behind


def jpeg(marker: int, data: bytes) -> bytes:
    return b"\xff\xd8\xff" + bytes([marker]) + (len(data) + 2).to_bytes(2, "big") + data + b"\xff\xda\x00\x02\xff\xd9"


def zipped(name: str, text: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, text)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a/页.html", "<p>电话 138<b>0000</b>1234</p>".encode()),
        ("页.html", '<img alt="手机13800001234">'.encode()),
        ("页.html", b"<!-- 13800001234 -->"),
        ("页.html", b'<script type="application/json">{"tel": "13800001234"}</script>'),
        ("图.svg", b"<svg><title>13800001234</title></svg>"),
        ("feed.xml", b"<entry><summary>13800001234</summary></entry>"),
        ("数据.json", json.dumps({"notes": ["请拨13800001234"]}).encode()),
        ("数据.json", json.dumps({"13800001234": 1}).encode()),
        ("数据.csv", "地区,备注\n楚雄市,请拨13800001234\n".encode("utf-8-sig")),
        ("说明.txt", "请拨13800001234".encode()),
        ("13800001234.html", b""),
        ("表.xlsx", zipped("xl/comments1.xml", "<c><t>138</t><t>00001234</t></c>".replace("</t><t>", ""))),
        ("图.png", png(b"tEXt", b"Author\x0013800001234")),
        ("图.png", png(b"zTXt", b"Author\0\0" + zlib.compress(b"13800001234"))),
        ("图.png", png(b"iTXt", "备注\0\0\0zh\0\0张三 13800001234".encode())),
        ("图.png", png(b"iTXt", b"k\0\1\0zh\0\0" + zlib.compress(b"13800001234"))),
        ("图.png", png(b"eXIf", b"MM\0*Artist\x0013800001234\0")),
        ("图.png", png(behind=b"13800001234")),
        ("图.jpg", jpeg(0xE1, b"Exif\0\0II*\0\x0013800001234\0")),
        ("图.jpg", jpeg(0xFE, b"tel 13800001234")),
        ("表.xlsx", zipped("docProps/core.xml", "<p><dc:creator>13800001234</dc:creator></p>")),
    ],
)
def test_every_place_of_a_published_file_is_looked_at(path: str, content: bytes) -> None:
    with pytest.raises(DisclosureError, match=r"手机号码（138\*\*\*\*1234）"):
        refuse_personal_data(CATALOG, {path: content})


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("页.html", b"<table><tr><td>13800001234</td></tr></table>"),
        ("数据.json", json.dumps({"value": "13800001234"}).encode()),
        ("数据.csv", "地区,数值\n楚雄市,13800001234\n".encode("utf-8-sig")),
        ("表.xlsx", zipped("xl/worksheets/sheet1.xml", "<row><c><v>13800001234</v></c></row>")),
    ],
)
def test_a_figure_is_no_telephone_where_figures_stand(path: str, content: bytes) -> None:
    refuse_personal_data(CATALOG, {path: content})


def test_rows_of_figures_on_a_printed_sheet_are_no_card_numbers_but_a_telephone_beside_them_is() -> None:
    drawn = random.Random(1)  # noqa: S311
    rows = [[str(drawn.randrange(100, 99_999)) for _ in range(4)] for _ in range(200)]
    page = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows).encode()
    printed = "\n\n".join(" ".join(row) for row in rows)
    assert "银行卡号" in refusal_of({"表.pdf": typst.compile(printed.encode())}), "else this proves nothing"
    refuse_personal_data(CATALOG, {"页.html": page, "表.pdf": typst.compile(printed.encode())})
    with_telephone = typst.compile(f"{printed} 138 0000 1234".encode())
    assert "手机号码（138****1234）" in refusal_of({"页.html": page, "表.pdf": with_telephone})


def refusal_of(files: dict[str, bytes]) -> str:
    """What the last look says against these files; empty when nothing."""
    try:
        refuse_personal_data(CATALOG, files)
    except DisclosureError as refused:
        return str(refused)
    return ""


def test_a_picture_without_words_is_let_through() -> None:
    refuse_personal_data(CATALOG, {"图.png": png(), "图.jpg": jpeg(0xE0, b"JFIF\0\1\2")})


@pytest.mark.parametrize("content", [b"GIF89a", png()[:-6], b"\xff\xd8\xff\xe1\x00"])
def test_a_picture_that_cannot_be_read_is_not_passed_over(content: bytes) -> None:
    with pytest.raises(DisclosureError, match="读不出来"):
        list(texts_in("图.png", content))


def test_a_file_that_cannot_be_read_is_not_passed_over() -> None:
    with pytest.raises(DisclosureError, match="读不出来"):
        list(texts_in("表.xlsx", b"no archive"))
