"""Protects that a datum of a person blocks until it is removed or the confidentiality reviewer accepts it by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from disclosure.confidentiality.public_text import search_public_text
from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import render_text
from disclosure.publication.contents.contents import release_folder
from disclosure.publication.contents.personal import PersonalDataError, refuse_taken_back
from disclosure.records.states import HeldState
from disclosure.records.tables import HeldDatum, HeldPlace, LedgerEntry, Release
from disclosure.review.identify import Proof
from disclosure.review.personal.holding import load_acceptances, search_and_hold
from disclosure.review.personal.judging import count_waiting, find_held, judge, list_held, name_of
from disclosure.workspace.personal import list_lines, may_judge
from tests.support.narrative_files import document
from tests.support.outcomes import words_of

pytestmark = pytest.mark.records

Bureau = Any
REASON = "该号码是村级服务点对外公布的值班手机"
AUTHOR = "郑起草"


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau]) -> Bureau:
    opened = new_bureau(profile="chuxiong", period="2025-annual")
    opened.enrol_all({AUTHOR: "social_insurance_section"})
    return opened


def text_with(words: str) -> bytes:
    return document(lambda _opened, paragraph: paragraph.add_run(words))


def number_in(sentence: str) -> str:
    found = re.search(r"编号 (\w{8})）", sentence)
    assert found, sentence
    return found[1]


def held(bureau: Bureau, words: str = "咨询手机13800001234。", by: str = AUTHOR) -> str:
    """The number of the first datum that a search of ``words`` holds."""
    with bureau.installation.begin(bureau.now) as work:
        found = search_and_hold(work, [words], door="content", place="第 7 项 办事指南", by=by)
    return found[0].number


def is_let_through(bureau: Bureau, words: str) -> bool:
    with bureau.installation.read() as work:
        return not search_public_text(work.catalog, [words], load_acceptances(work.session, work.installation))


def decide(
    bureau: Bureau,
    number: str,
    verdict: HeldState = HeldState.ACCEPTED,
    *,
    by: str = "孙保密",
    reason: str = REASON,
) -> str:
    code = bureau.code(by)
    with bureau.installation.begin(bureau.now) as work:
        return words_of(judge(work, number, verdict, Proof(by, code, bureau.now, reason)))


def events(session: Session, event: str) -> list[LedgerEntry]:
    return list(session.scalars(select(LedgerEntry).where(LedgerEntry.event == event)))


def test_what_is_refused_is_held_once_and_never_in_clear(bureau: Bureau) -> None:
    receipt = bureau.hand_in(text_with("咨询请找张三，手机13800001234。"), "文稿.docx")
    sentence = receipt.problems[0].sentence
    assert "请局办公室按编号同意" in sentence
    bureau.hand_in(text_with("咨询请找张三，手机13800001234！"), "另一份.docx")
    with bureau.installation.records.read() as session:
        rows = session.scalars(select(HeldDatum)).all()
        assert {(row.kind, row.shown, row.state) for row in rows} == {
            ("MOBILE", "138****1234", "waiting"),
            ("NAME", "张**", "waiting"),
        }
        assert number_in(sentence) in {row.digest[:8] for row in rows}
        places = session.scalars(select(HeldPlace)).all()
        assert {(each.door, each.handed_in_by) for each in places} == {("file", AUTHOR)}
        assert all(each.place.startswith("2025年度第 1 轮 社会保险行政科室") for each in places)
        kept = "\n".join(str({**vars(row)}) for row in (*rows, *places, *events(session, "personal.held")))
        assert "13800001234" not in kept
        assert "张三" not in kept
        assert len(events(session, "personal.held")) == 2, "one for each find of the first file, none for the second"


def test_only_the_reviewer_accepts_and_only_with_a_reason(bureau: Bureau) -> None:
    number = held(bureau)
    assert "保密性审核须由局办公室的人作出" in decide(bureau, number, by=AUTHOR)
    assert "数据审核" not in decide(bureau, number, by="钱财务")
    assert "须由局办公室的人作出" in decide(bureau, number, by="钱财务")
    assert "理由应为" in decide(bureau, number, reason="可以")
    assert "没有同意过公开" in decide(bureau, number, HeldState.TAKEN_BACK)
    with bureau.installation.records.read() as session:
        assert find_held(session, bureau.catalog, number).state is HeldState.WAITING
        assert not events(session, "personal.accepted")
    assert decide(bureau, number) == ""
    assert "已经同意公开" in decide(bureau, number)
    with bureau.installation.records.read() as session:
        (event,) = events(session, "personal.accepted")
        assert event.actor == "孙保密"
        assert REASON in event.details
        assert "13800001234" not in event.details


def test_nobody_accepts_what_they_handed_in_themselves(bureau: Bureau) -> None:
    assert "不能由本人同意" in decide(bureau, held(bureau, by="孙 保密、吴填报"))


def test_an_acceptance_lets_that_very_datum_through_in_any_disguise_and_nothing_beside_it(bureau: Bureau) -> None:
    content = text_with("咨询手机13800001234。")
    number = number_in(bureau.hand_in(content, "文稿.docx").problems[0].sentence)
    assert decide(bureau, number) == ""
    again = bureau.hand_in(content, "文稿.docx")
    assert (again.is_accepted, again.is_repeat) == (True, False), "the very file that was refused counts now"
    assert is_let_through(bureau, "咨询手机１３８-0000-1234。")
    other = bureau.hand_in(text_with("咨询手机13800001234、13800001235。"), "文稿.docx")
    assert [problem.sentence.count("138****123") for problem in other.problems] == [1]
    assert "138****1235" in other.problems[0].sentence


def test_taking_back_blocks_again(bureau: Bureau) -> None:
    content = text_with("咨询手机13800001234。")
    number = number_in(bureau.hand_in(content, "文稿.docx").problems[0].sentence)
    assert decide(bureau, number) == ""
    assert bureau.hand_in(content, "文稿.docx").is_accepted
    assert decide(bureau, number, HeldState.TAKEN_BACK, reason="机主来电要求不再公布") == ""
    assert held(bureau) == number
    with pytest.raises(DisclosureError, match=number):
        bureau.hand_in(content, "文稿.docx")
    assert decide(bureau, number) == "", "accepted after all"
    assert is_let_through(bureau, "请拨13800001234。")


@pytest.mark.parametrize("forged", [{"state": "accepted"}, {"reason": "另一个理由"}, {"digest": "0" * 64}])
def test_who_writes_to_the_database_alone_accepts_nothing(bureau: Bureau, forged: dict[str, str]) -> None:
    """A forged row, a changed reason, an acceptance moved to another datum."""
    number = held(bureau)
    if "state" not in forged:
        assert decide(bureau, number) == ""
    with bureau.installation.records.engine.begin() as connection:
        connection.execute(update(HeldDatum).values(person_id=1, judged_at=bureau.now, **forged))
    assert not is_let_through(bureau, "咨询手机13800001234！")


def test_a_reason_with_a_datum_is_held_for_the_reviewer_and_taken_once_accepted(bureau: Bureau) -> None:
    told = decide(bureau, held(bureau), reason="机主13900004321已书面同意")
    number = number_in(told)
    with bureau.installation.records.read() as session:
        datum = find_held(session, bureau.catalog, number)
        assert name_of(datum) == "手机号码（139****4321）"
        assert [(each.door, each.handed_in_by) for each in datum.places] == [("reason", "孙保密")]
    assert "不能由本人同意" in decide(bureau, number)


def test_a_place_that_tells_of_a_person_itself_is_not_repeated(bureau: Bureau) -> None:
    with bureau.installation.begin() as work:
        search_and_hold(work, ["13800001234"], door="content", place="手机13800001234", by="孙保密")
    with bureau.installation.records.read() as session:
        (datum,) = list_held(session, bureau.catalog)
        assert "1380000" not in datum.places[0].place


def test_a_number_there_is_none_of_is_told(bureau: Bureau) -> None:
    held(bureau)
    with bureau.installation.records.read() as session:
        for typed in ("", "13800001", "zzzzzzzz", "%%%%%%%%", "12", "________"):
            with pytest.raises(DisclosureError, match="没有编号"):
                find_held(session, bureau.catalog, typed)


def test_the_page_shows_what_waits_and_what_was_accepted_by_whom_and_why(bureau: Bureau) -> None:
    number, other = held(bureau), held(bureau, "请拨13900004321。")
    assert decide(bureau, number) == ""
    with bureau.installation.read() as work:
        lines = list_lines(work)
        assert count_waiting(work.session, work.catalog) == 1
    assert [(line.number, line.is_accepted) for line in lines] == [(other, False), (number, True)]
    assert f"孙保密：{REASON}" in lines[1].judged
    visitor = SimpleNamespace(name="孙保密", office="general_office", roles={"confidentiality_reviewer"})
    page = render_text(
        "door/personal.html.j2",
        lines=lines,
        form={},
        told="",
        is_good=True,
        visitor=visitor,
        navigation=[],
        here="/personal",
        form_token="",
        site_title="",
        longest=200,
    )
    for told in ("138****1234", "139****4321", REASON, "同意公开<", "收回同意<", "第 7 项 办事指南", AUTHOR):
        assert told in page
    assert "13800001234" not in page
    assert [may_judge(bureau.catalog, [role]) for role in ("confidentiality_reviewer", "compiler")] == [True, False]


def test_what_was_taken_back_after_rendering_is_not_published(bureau: Bureau) -> None:
    number, at = held(bureau), bureau.now
    assert decide(bureau, number) == ""
    release = Release(digest="d" * 64, files={"页.txt": ""}, rendered_at=at)
    folder = release_folder(bureau.installation.settings.releases, release.digest)
    folder.mkdir(parents=True)
    (folder / "页.txt").write_text("请拨13800001234", encoding="utf-8")
    with bureau.installation.records.read() as session:
        refuse_taken_back(session, bureau.installation, release)
    assert decide(bureau, number, HeldState.TAKEN_BACK) == ""
    with (
        bureau.installation.records.read() as session,
        pytest.raises(PersonalDataError, match=rf"页\.txt里有手机号码（138\*{{4}}1234，编号 {number}）"),
    ):
        refuse_taken_back(session, bureau.installation, release)
