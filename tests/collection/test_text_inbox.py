"""Protects that texts are laid into an inbox like workbooks, and that what lies astray is told and left alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from disclosure.catalog import load_catalog
from disclosure.collection.intake import intake
from disclosure.collection.intake.intake import take_in
from disclosure.collection.intake.misplaced_files import local_misplaced_files
from disclosure.collection.narrative.texts import Head
from disclosure.collection.narrative.writer import Template, write_docx
from disclosure.records.tables import Arrival, Narrative, RefusedFile, StoredFile, Submission

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, WRITER = "social_insurance_centre", "social_insurance_section"


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    """高港区 2016 with text sections required."""
    monkeypatch.setenv("DISCLOSURE_INTAKE_SETTLE_SECONDS", "0")
    folder = tmp_path / "profile"
    shutil.copytree(load_catalog("gaogang-2016").folder, folder)
    with (folder / "profile.yaml").open("a", encoding="utf-8") as facts:
        facts.write("\nnarratives: required\n")
    made = new_bureau(profile=str(folder), enrolled=False)
    yield made
    made.installation.records.engine.dispose()


def rows(bureau: Bureau, table: type[Any]) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table)))


def text(bureau: Bureau, body: str = "参保工作平稳。", office: str = WRITER) -> bytes:
    head = {"地区配置": bureau.catalog.profile.id, "期间": bureau.period.id, "轮次": "1", "科室编号": office}
    lines = [f"{name}: {value}" for name, value in (head | {"起草人": "郑起草"}).items()]
    return "\n".join(["---", *lines, "---", "# 参保情况", "", body]).encode()


def drop(bureau: Bureau, content: bytes, name: str, office: str = WRITER) -> Path:
    path: Path = bureau.installation.settings.inbox / office / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def answers(bureau: Bureau, office: str = WRITER) -> str:
    folder = bureau.installation.settings.inbox / office / "回执"
    return "\n".join(path.read_text("utf-8-sig") for path in sorted(folder.iterdir()))


def told(bureau: Bureau) -> tuple[str, str]:
    found = take_in(bureau.installation)
    assert found.failures == ()
    (line,) = found.taken
    return line.result, line.words


def test_a_text_laid_in_is_recorded_answered_and_put_away(bureau: Bureau) -> None:
    path = drop(bureau, text(bureau), "文稿.md")
    result, words = told(bureau)
    assert result == "已收"
    assert "1 个部分的文字（参保情况），还缺" in words
    assert not path.exists()
    (narrative,), (arrival,) = rows(bureau, Narrative), rows(bureau, Arrival)
    assert (arrival.narrative_id, arrival.submission_id, arrival.refused_file_id) == (narrative.id, None, None)
    receipt = answers(bureau)
    assert "已收：2016年度第 1 轮，1 个部分的文字（参保情况）" in receipt
    assert "下发新一轮的文稿" in receipt
    assert len(list((path.parent / "已收").iterdir())) == 2
    drop(bureau, text(bureau), "文稿.md")
    assert told(bureau)[0] == "重复"
    assert len(rows(bureau, Narrative)) == 1


def test_a_text_that_is_wrong_comes_back_with_every_mistake(bureau: Bureau) -> None:
    drop(bureau, text(bureau, "见[网站](https://example.org)"), "文稿.md")
    result, words = told(bureau)
    assert (result, "1 处要改正" in words, "超链接" in words) == ("退回", True, True)
    assert "1. 正文里有超链接" in answers(bureau)
    assert "文字还没有计入" in answers(bureau)
    assert "请修改.xlsx" not in answers(bureau)


def test_a_text_cut_off_while_it_is_taken_is_answered_as_before(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(bureau, text(bureau), "文稿.md")

    def cut_off(*_: Any) -> dict[str, bytes]:
        raise OSError("no power")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "answer_files", cut_off)
        with pytest.raises(OSError, match="no power"):
            take_in(bureau.installation)
    assert len(rows(bureau, Narrative)) == 1
    assert told(bureau)[0] == "已收"
    assert (len(rows(bureau, Narrative)), len(rows(bureau, Arrival))) == (1, 1)


def test_who_lays_the_wrong_thing_into_an_inbox_is_told_whose_it_is(bureau: Bureau, tmp_path: Path) -> None:
    ours = Head(bureau.catalog.profile.id, bureau.period, 1, WRITER, "郑起草")
    write_docx(tmp_path / "文稿.docx", bureau.catalog, Template(ours, {}, {}, ""))
    for office, name, content, words in (
        (
            CENTRE,
            "文稿.docx",
            (tmp_path / "文稿.docx").read_bytes(),
            "这是“社会保险行政科室”的文稿，而这里是“区社保中心”的",
        ),
        (CENTRE, "情况说明.md", "一段话".encode(), "文字部分由社会保险行政科室报送，请放进它的收件夹"),
        (WRITER, "报表.xlsx", bureau.workbook(CENTRE), "这是“区社保中心”的报表，而这里是“社会保险行政科室”的收件夹"),
        (WRITER, "扫描件.pdf", b"%PDF-1.7", "不收 .pdf 文件，请用下发的文稿填写"),
        (WRITER, "照片.png", b"\x89PNG", "只收文字部分的文稿（.docx 或 .md），没有收取“照片.png”"),
        (CENTRE, "扫描件.pdf", b"%PDF-1.7 ", "PDF 里的数读不出来"),
    ):
        drop(bureau, content, name, office)
        result, said = told(bureau)
        assert (result, words in said) == ("没有收取", True), said
        assert words in answers(bureau, office)
    assert rows(bureau, Submission) == rows(bureau, Narrative) == []
    assert (len(rows(bureau, RefusedFile)), len(rows(bureau, StoredFile))) == (6, 6)


def test_what_lies_astray_is_told_and_left_alone(bureau: Bureau, tmp_path: Path) -> None:
    root = bureau.installation.settings.inbox
    take_in(bureau.installation)
    assert local_misplaced_files(bureau.installation) == ()
    content = bureau.workbook(CENTRE)
    (tmp_path / "真.xlsx").write_bytes(content)
    laid = [root / "报表.xlsx", root / "社保中心" / "报表.xlsx", root / CENTRE / "7月" / "报表.xlsx"]
    for path in laid:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (root / CENTRE / "链接.xlsx").symlink_to(tmp_path / "真.xlsx")
    (root / "外面").symlink_to("/")
    (root / CENTRE / "空").mkdir()
    drop(bureau, content, "还没传完.xlsx.part", CENTRE)
    wanted = [
        "文件“报表.xlsx”放在了各单位收件夹的外面",
        "链接“外面”放在了各单位收件夹的外面",
        "文件夹 inbox/社保中心 里的 1 个文件没有收：没有编号为“社保中心”的单位",
        "区社保中心：文件夹“7月”里的文件没有收",
        "区社保中心：“链接.xlsx”是一个链接",
    ]
    found = take_in(bureau.installation)
    assert (found.taken, found.failures) == ((), ())
    assert found.arriving == ("区社保中心：还没传完.xlsx.part",)
    assert "放错了地方 5 处" in found.summary
    for misplaced in (found.misplaced, local_misplaced_files(bureau.installation)):
        assert len(misplaced) == len(wanted)
        assert [any(words in told for told in misplaced) for words in wanted] == [True] * len(wanted)
    notes = root / CENTRE / "回执"
    assert {path.name for path in notes.iterdir()} == {"没有收-7月.txt", "没有收-链接.xlsx.txt"}
    before = {path: path.stat().st_mtime_ns for path in notes.iterdir()}
    take_in(bureau.installation)
    assert {path: path.stat().st_mtime_ns for path in notes.iterdir()} == before
    assert all(path.read_bytes() == content for path in laid)
    assert rows(bureau, StoredFile) == []
