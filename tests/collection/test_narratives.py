"""Protects the text sections in a cycle: kept and judged like a workbook, part of what is approved, returned to whoever
wrote them, and every figure they quote held against the data before finance can approve.

Figures: 高港区 2016 as published; the profile is a copy of it that asks for text.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from deployments.cli.commands import files as commands
from disclosure.catalog import load_catalog
from disclosure.collection.answers import Receipt
from disclosure.collection.handout import hand_out
from disclosure.collection.narrative.reader import is_text_document
from disclosure.collection.submit import submit_file
from disclosure.cycle import queries
from disclosure.monitoring.board.overview import load_overview
from disclosure.monitoring.reminders import Duty, due_now, load_duties, write_letters
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import SHANGHAI
from disclosure.records.file_store import file_path
from disclosure.records.tables import Finding, LedgerEntry, Narrative, RefusedFile
from disclosure.rendering import public_paths
from disclosure.rendering.read_numbers import pdf_text
from disclosure.review import briefing
from disclosure.review.forms import GO_ON_WITHOUT

pytestmark = pytest.mark.records

Bureau = Any
WRITER = "social_insurance_section"
RIGHT = "截至2016年12月底，全区企业职工基本养老保险参保人数为{value}人。"


@pytest.fixture
def profile(tmp_path: Path) -> Callable[[str], str]:
    """A copy of 高港区's profile whose text sections are asked for as said."""

    def make(demand: str) -> str:
        folder = tmp_path / f"profile-{demand}"
        if not folder.exists():
            shutil.copytree(load_catalog("gaogang-2016").folder, folder)
            facts = folder / "profile.yaml"
            facts.write_text(f"{facts.read_text(encoding='utf-8')}\nnarratives: {demand}\n", encoding="utf-8")
        return str(folder)

    return make


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau], profile: Callable[[str], str]) -> Bureau:
    """高港区 2016, its text sections required, nothing handed in yet."""
    return new_bureau(profile=profile("required"))


def document(bureau: Bureau, body: str = "", **changed: str) -> bytes:
    """The office's Markdown with ``body`` under 参保情况."""
    head = {
        "地区配置": bureau.catalog.profile.id,
        "期间": bureau.period.id,
        "轮次": str(bureau.round),
        "科室编号": WRITER,
        "起草人": "郑起草",
    }
    lines = [f"{name}: {value}" for name, value in (head | changed).items()]
    return "\n".join(["---", *lines, "---", "# 参保情况", "", body or "参保工作平稳。"]).encode()


def hand_in(bureau: Bureau, content: bytes, name: str = "文稿.md") -> Receipt:
    return submit_file(bureau.installation, content, name)


def rows(bureau: Bureau, table: type[Any]) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table)))


def participants(bureau: Bureau) -> str:
    (found,) = (f for f in bureau.figures("social_insurance_centre") if f.indicator == "employee_pension.participants")
    return f"{found.value:,f}"


def missing(bureau: Bureau) -> list[str]:
    with bureau.installation.records.read() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        return [office.id for office in queries.missing_centres(session, bureau.catalog, cycle)]


def audited(bureau: Bureau, body: str) -> list[Finding]:
    """What the audit says of a text, beside right workbooks."""
    bureau.hand_in_all()
    assert hand_in(bureau, document(bureau, body)).is_accepted
    bureau.compile()
    return [finding for finding in bureau.audit().findings if finding.rule == "R80"]


def test_required_text_is_awaited_taken_kept_and_told(open_bureau: Callable[..., Bureau], profile: Any) -> None:
    bureau = open_bureau(profile=profile("required"))
    assert WRITER in missing(bureau)
    content = document(bureau)
    receipt = hand_in(bureau, content)
    assert (receipt.is_accepted, receipt.is_repeat, receipt.sections) == (True, False, ("参保情况",))
    assert receipt.taken == "1 个部分的文字（参保情况）"
    assert WRITER not in missing(bureau)
    assert hand_in(bureau, content).is_repeat
    (row,) = rows(bureau, Narrative)
    assert (row.author, row.office, row.sections) == ("郑起草", WRITER, {"participation": "<p>参保工作平稳。</p>"})
    assert file_path(bureau.installation.settings.files, hashlib.sha256(content).hexdigest()).read_bytes() == content
    assert [e.event for e in rows(bureau, LedgerEntry)][-1] == "narrative.accepted"


def test_text_with_something_wrong_is_kept_with_its_problems_and_does_not_count(bureau: Bureau) -> None:
    good = hand_in(bureau, document(bureau))
    bad = hand_in(bureau, document(bureau, "见[网站](https://example.org)"))
    assert not bad.is_accepted
    (old, new) = rows(bureau, Narrative)
    assert (old.id, new.sections, new.is_accepted) == (good.record_id, {}, False)
    assert "超链接" in new.problems[0]["words"]
    with bureau.installation.records.read() as session:
        standing = queries.standing_narratives(session, queries.get_cycle(session, bureau.cycle_id))
        assert standing[WRITER].id == good.record_id


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"轮次": "2"}, "现在是第 1 轮"),
        ({"期间": "2017-annual"}, "尚未开启"),
        ({"地区配置": "kunming-2017"}, "本系统为“gaogang-2016”"),
        ({"科室编号": "policy_section"}, "不报送文字部分，应为 社会保险行政科室"),
    ],
)
def test_what_is_not_due_is_refused_and_kept(bureau: Bureau, changed: dict[str, str], words: str) -> None:
    content = document(bureau, **changed)
    with pytest.raises(DisclosureError, match=re.escape(words)):
        hand_in(bureau, content)
    (refused,) = rows(bureau, RefusedFile)
    assert (refused.sha256, words in refused.reason) == (hashlib.sha256(content).hexdigest(), True)
    assert rows(bureau, Narrative) == []


def test_a_profile_without_text_takes_none_and_waits_for_none(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    assert WRITER not in missing(bureau)
    with pytest.raises(DisclosureError, match="不收文字部分"):
        hand_in(bureau, document(bureau))
    assert not [path for path in hand_out(bureau.installation, bureau.cycle_id) if is_text_document(path.name)]


def test_optional_text_is_not_awaited_and_changes_the_content_when_it_comes(
    new_bureau: Callable[..., Bureau], profile: Any
) -> None:
    without, with_text = (new_bureau(profile=profile("optional")) for _ in range(2))
    assert WRITER not in missing(without)
    for bureau in (without, with_text):
        bureau.hand_in_all()
    hand_in(with_text, document(with_text))
    plain, compiled = without.compile(), with_text.compile()
    assert "narratives" not in plain.content
    assert "参保工作平稳" in compiled.content
    assert plain.digest != compiled.digest
    assert plain.text_digest != compiled.text_digest
    with pytest.raises(DisclosureError, match="已经汇总"):
        hand_in(with_text, document(with_text, "又。"))


def test_the_same_text_in_another_file_changes_no_digest(new_bureau: Callable[..., Bureau], profile: Any) -> None:
    digests = set()
    for author in ("郑起草", "王起草"):
        bureau = new_bureau(profile=profile("required"))
        bureau.hand_in_all()
        hand_in(bureau, document(bureau, 起草人=author))
        digests.add(bureau.compile().digest)
    assert len(digests) == 1


def test_the_compiler_may_go_on_without_the_text_with_a_printed_reason(bureau: Bureau) -> None:
    bureau.hand_in_all()
    assert missing(bureau) == [WRITER]
    (one,) = [one for one in load_overview(bureau.installation, bureau.now).cycles if one.view.is_opened]
    assert "社会保险行政科室" in one.waits
    compiler = bureau.enrol("周宣传", "publicity_section")
    raw = {"action": GO_ON_WITHOUT, "name": compiler, "code": bureau.code(compiler), "reason": "科室人员出差"}
    assert bureau.fill_in(bureau.cycle_id, raw, bureau.ask("collect", "")) == ""
    assert "社会保险行政科室未报送本期文字：科室人员出差" in bureau.compile().content


def test_text_is_approved_with_the_content_and_printed_in_its_section(bureau: Bureau) -> None:
    value = participants(bureau)
    hostile = f"{RIGHT.format(value=value)}\n\n<script>alert(1)</script>**重点**\n\n- 甲\n- 乙\n\n## 小标题\n\n正文。"
    assert audited(bureau, hostile) == []
    told = briefing.of_review(bureau.installation, bureau.cycle_id)
    assert "文字部分（社会保险行政科室，起草人 郑起草）：参保情况" in told
    assert "/review/" in told
    bureau.approve("policy", "finance", "confidentiality")
    release = bureau.render()
    folder = bureau.installation.settings.releases / release.digest[:16]
    page = (folder / "index.html").read_text(encoding="utf-8")
    section = page[page.index('id="participation"') :]
    section = section[: section.index("</section>")]
    assert f"<p>{RIGHT.format(value=value)}</p>" in section
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;<strong>重点</strong></p>" in section
    assert "<script>" not in page
    assert re.search(r"<ul>\s*<li>甲</li>\s*<li>乙</li>\s*</ul>\s*<h3>小标题</h3>", section)
    printed = re.sub(r"\s", "", pdf_text((folder / "disclosure.pdf").read_bytes()))
    assert all(words in printed for words in ("<script>alert(1)</script>重点", "小标题", "甲", "正文。"))
    bureau.approve("leader")
    assert bureau.publish().file_count == len(public_paths(release.files))
    # Next year's document has this year's text beside.
    following = bureau.another("2017-annual")
    (_, plain) = sorted(p for p in hand_out(following.installation, following.cycle_id) if is_text_document(p.name))
    assert f"> 〔上期〕{RIGHT.format(value=value)}" in plain.read_text(encoding="utf-8")


def test_a_wrong_figure_in_the_text_blocks_finance(bureau: Bureau) -> None:
    (finding,) = audited(bureau, RIGHT.format(value="52,003"))
    assert (finding.severity, finding.centre, finding.indicator) == (
        "critical",
        WRITER,
        "employee_pension.participants",
    )
    assert (finding.value, finding.expected, finding.file_name) == ("52,003人", f"{participants(bureau)}人", "文稿.md")
    quoted = RIGHT.format(value="52,003")
    assert finding.message.startswith(f"“参保情况”部分“{quoted}”写的 52,003人，")
    assert bureau.audit().is_blocking
    assert "只能退回" in bureau.answer("finance")


def test_a_doubtful_figure_must_be_explained_and_an_untied_one_is_listed(bureau: Bureau) -> None:
    doubtful, untied = audited(bureau, "企业职工基本养老保险参保人数约9万人，惠及企业320户。")
    assert (doubtful.severity, untied.severity) == ("warning", "info")
    assert "如指" in doubtful.message
    assert "320户 没有自动核对" in untied.message
    assert "还没有说明" in bureau.answer("finance", opinion="同意。")
    assert bureau.answer("finance", opinion="1：系概数。") == ""


def test_who_drafted_the_text_cannot_review_it(bureau: Bureau) -> None:
    bureau.hand_in_all()
    hand_in(bureau, document(bureau, 起草人="郑法规、王起草"))
    bureau.compile()
    bureau.audit()
    assert "不能审核自己经手的数据" in bureau.answer("policy")


def test_returned_text_is_written_again_and_opens_the_first_review_again(bureau: Bureau) -> None:
    audited(bureau, "旧的文字。")
    bureau.approve("policy", "confidentiality")
    assert "社会保险行政科室" in briefing.returnable(bureau.installation, bureau.cycle_id)
    bureau.send_back("finance", WRITER, opinion="请写明原因。")
    bureau.begin_next_round()
    assert missing(bureau) == [WRITER]
    (word, plain) = sorted(p for p in hand_out(bureau.installation, bureau.cycle_id) if is_text_document(p.name))
    assert (word.suffix, plain.suffix) == (".docx", ".md")
    handed_out = plain.read_text(encoding="utf-8")
    assert "〔审核意见〕钱财务：请写明原因。" in handed_out
    assert "旧的文字。" in handed_out
    assert "起草人: 郑起草" in handed_out
    changed = handed_out.replace("旧的文字。", "新的文字。").encode()
    with pytest.raises(DisclosureError, match="第 1 轮的文稿"):
        hand_in(bureau, document(bureau, 轮次="1"))
    assert hand_in(bureau, changed).is_accepted
    bureau.compile()
    bureau.audit()
    assert bureau.carry_over() == {}


def test_text_sent_back_unchanged_keeps_every_approval(bureau: Bureau) -> None:
    audited(bureau, "旧的文字。\n\n- 甲\n\n| 项 | 数 |\n| --- | --- |\n| 甲 | 乙 |\n")
    bureau.approve("policy", "confidentiality")
    bureau.send_back("finance", WRITER, opinion="请核对文字。")
    bureau.begin_next_round()
    for path in hand_out(bureau.installation, bureau.cycle_id):
        if is_text_document(path.name):
            assert hand_in(bureau, path.read_bytes(), path.name).is_accepted
    bureau.compile()
    bureau.audit()
    assert set(bureau.carry_over()) == {"policy", "confidentiality"}


def test_the_command_takes_text_and_workbooks_alike(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "open_installation", lambda: bureau.installation)
    bureau_file, wrong = tmp_path / "文稿.md", tmp_path / "错.docx"
    bureau_file.write_bytes(document(bureau))
    wrong.write_bytes(b"no document")
    with pytest.raises(SystemExit):
        commands.submit(bureau_file, wrong)
    said = capsys.readouterr().out.replace("\n", "")
    assert "社会保险行政科室 2016年度第 1 轮已收到 1 个部分的文字（参保情况）。" in said
    assert "不是 Word 文档" in said


def test_required_text_is_owed_by_its_author(bureau: Bureau) -> None:
    bureau.enrol("何编写", WRITER)
    now = dt.datetime(2017, 2, 24, 9, tzinfo=SHANGHAI)
    with bureau.installation.records.read() as session:
        owed: list[Duty] = load_duties(session, bureau.catalog, now)
    due = due_now(owed, bureau.catalog.reminders, bureau.catalog.holidays, now)
    letters = write_letters(bureau.catalog, bureau.installation.settings, due)
    theirs = next(letter for letter in letters if letter.recipient.name == "何编写")
    assert "编写报送（社会保险行政科室）" in theirs.text
    assert "写好文字《2016年度-社会保险行政科室-文字部分-第1轮.docx》" in theirs.text
