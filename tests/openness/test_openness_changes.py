"""Protects the way of a change of the openness catalogue: who may hand it in and review it, that an approval is of
exactly one content, that each content is published once wherever the work was interrupted, and its clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from disclosure.monitoring.board.overview import load_overview
from disclosure.monitoring.supervision import plan_rules
from disclosure.monitoring.supervision.our_snapshots import snapshot_records
from disclosure.monitoring.supervision.snapshots import Snapshots
from disclosure.openness import changes, review
from disclosure.openness.contents import draft_of, find_element, read_content
from disclosure.openness.words import words
from disclosure.platform.errors import DisclosureError
from disclosure.publication import openness
from disclosure.publication.switch import ChannelSwitch
from disclosure.records.states import AskState, ChangeStep
from disclosure.records.tables import OpennessRelease
from disclosure.review import asks
from tests.support.openness_staff import Keepers, finished, keepers_at
from tests.support.outcomes import words_of

pytestmark = pytest.mark.records


@pytest.fixture
def keepers(tmp_path: Path, sqlite_url: str) -> Iterator[Keepers]:
    with keepers_at(tmp_path, sqlite_url, "2025-07-01") as made:
        yield made


@pytest.fixture
def on_both(tmp_path: Path, records_url: str) -> Iterator[Keepers]:
    with keepers_at(tmp_path, records_url, "2025-07-01") as made:
        yield made


def test_a_guide_is_handed_in_reviewed_and_published_and_its_clock_stops(on_both: Keepers) -> None:
    keepers = on_both
    change = keepers.start(keepers.new("07", "guide", keepers.guide("07"), "<b>改了流程</b>"))
    owed = keepers.owed()
    assert [(o.item, o.limit.isoformat(), o.time.left, o.step) for o in owed] == [
        ("07", "2025-08-01", 20, "政策审核、保密性审核")  # three days of 火把节 among them
    ]
    assert owed[0].people == ("郑法规", "孙保密")
    assert keepers.publish() == []
    assert not keepers.bureau.site.exists()

    assert keepers.decide(change, "policy") == ""
    assert keepers.publish() == []
    assert keepers.decide(change, "confidentiality") == ""
    keepers.at("2025-08-04")
    assert keepers.publish() == [change]
    page = keepers.page("07")
    assert "0878-0000000" in page
    assert "&lt;b&gt;改了流程&lt;/b&gt;" in page
    assert "逾期公开" in page
    assert "示例" not in page.replace("标有“示例”", "")
    assert "尚无可以公布的一期" in keepers.page("35")
    assert 'href="openness/index.html"' in (keepers.bureau.site / "index.html").read_text(encoding="utf-8")

    (one,) = keepers.clocks()
    assert (one.clock.state, one.clock.used) == ("late", 21)
    assert keepers.owed() == []
    (told,) = keepers.ledger("openness.published")
    assert json.loads(told.details)["limits"] == {"07/guide/1": "2025-08-01"}
    # Again, on another day: the same bytes stand, nothing is published.
    keepers.at("2025-08-20")
    assert keepers.publish() == []
    assert len(keepers.ledger("openness.published")) == 1


def test_only_its_office_hands_in_and_nobody_reviews_their_own(keepers: Keepers) -> None:
    new = keepers.new("07", "guide", keepers.guide("07"))
    assert "须由州社保中心的人报送" in words_of(keepers.hand_in(new, by="周就业", code="000000"))
    assert "没有登记" in words_of(keepers.hand_in(new, by="路人", code="000000"))
    assert "口令不对" in words_of(keepers.hand_in(new, code=keepers.bureau.wrong_code("吴社保")))
    assert "还没有到" in words_of(keepers.hand_in(keepers.new("07", "guide", new.content, on="2025-07-02"), code="0"))
    assert keepers.clocks() == []

    # A keeper who also reviews (as a substitute) still cannot review what is their own.
    keepers.bureau.substitute("吴社保", "孙保密")
    change = keepers.start(new)
    assert "不能审核自己经手的数据" in keepers.decide(change, "confidentiality", name="吴社保")
    assert "须由局办公室的人作出" in keepers.decide(change, "confidentiality", name="郑法规")
    assert "没有登记" in keepers.decide(change, "confidentiality", name="路人")
    assert "完全相同" in words_of(keepers.hand_in(new, code="0"))
    assert "早于上一版" in words_of(keepers.hand_in(keepers.new("07", "guide", "别的", on="2025-06-30"), code="0"))
    keepers.bureau.substitute("钱财务", "孙保密")
    keepers.bureau.substitute("钱财务", "郑法规")
    assert keepers.decide(change, "confidentiality", name="钱财务") == ""
    assert "本轮已作过保密性审核" in keepers.decide(change, "policy", name="钱财务")


def test_a_returned_change_goes_on_as_the_next_round_and_an_approval_is_of_one_content(keepers: Keepers) -> None:
    change = keepers.start(keepers.new("07", "guide", keepers.guide("07"), "首次内容"))
    assert keepers.decide(change, "policy") == ""
    assert keepers.decide(change, "confidentiality", "returned", opinion="电话不是公开的号码，请换。") == ""
    assert keepers.publish() == []
    with keepers.bureau.installation.records.write() as session:
        review.begin_next_round(session, changes.get_change(session, change))
    assert [(o.office, o.step) for o in keepers.owed()] == [("州社保中心", "已退回，科室修改")]

    # The office says it stands: policy approved exactly this and is not asked again, confidentiality is.
    assert "须由州社保中心的人答复" in keepers.answer_office(change, "ready", by="周就业")
    assert keepers.answer_office(change, "ready") == ""
    keepers.enter_review(change)
    assert [o.step for o in keepers.owed()] == ["保密性审核"]
    assert len(keepers.ledger("decision.carried_over")) == 1

    # While that waits the office hands in another text: the old question is given up and its answer refused.
    old_ask = keepers.put(change, "review")
    keepers.at("2025-07-10")
    taken = keepers.hand_in(keepers.new("07", "guide", keepers.guide("07", "0878-1111111"), "换了电话"))
    assert taken.id == change
    keepers.enter_review(change)
    assert "已不再需要答复" in keepers.decide(change, "confidentiality", ask_id=old_ask)
    with keepers.bureau.installation.records.read() as session:
        assert asks.get(session, old_ask).state is AskState.ABANDONED
        assert review.standing_of(session, keepers.catalog, changes.get_change(session, change)).open_gates == (
            "policy",
            "confidentiality",
        )
    keepers.approve(change)
    keepers.at("2025-07-31")
    assert keepers.publish() == [change]
    page = keepers.page("07")
    assert "0878-1111111" in page
    assert "0878-0000000" not in page
    assert "首次内容" not in page  # it never was public, but its clock ran
    assert "由更新的版本代替" in page
    assert [(c.number, c.clock.limit.isoformat(), c.clock.state) for c in keepers.clocks()] == [
        (1, "2025-08-01", "on_time"),
        (2, "2025-08-12", "on_time"),
    ]


def test_two_changes_of_two_elements_do_not_touch_each_other(keepers: Keepers) -> None:
    first = keepers.start(keepers.new("07", "guide", keepers.guide("07")))
    second = keepers.start(keepers.new("42", "guide", keepers.guide("42")))
    keepers.approve(second)
    assert keepers.publish() == [second]
    assert "0878-0000000" not in keepers.page("07")
    assert "0878-0000000" in keepers.page("42")
    assert "服务指南：州社保中心尚未提供" in keepers.page("07")
    keepers.approve(first)
    assert keepers.publish() == [first]
    assert "0878-0000000" in keepers.page("07")


def test_what_an_office_withdraws_has_no_clock_and_can_be_handed_in_again(keepers: Keepers) -> None:
    new = keepers.new("07", "guide", keepers.guide("07"))
    change = keepers.start(new)
    assert keepers.decide(change, "policy", "returned", opinion="依据已经废止，请核对。") == ""
    with keepers.bureau.installation.records.write() as session:
        review.begin_next_round(session, changes.get_change(session, change))
    assert "原因" in keepers.answer_office(change, "withdraw")
    assert keepers.answer_office(change, "withdraw", opinion="误报，事项没有变") == ""
    assert (keepers.clocks(), keepers.owed()) == ([], [])
    again = keepers.start(new)
    assert again != change
    keepers.approve(again)
    assert keepers.publish() == [again]
    assert [c.number for c in keepers.clocks()] == [2]


@pytest.mark.parametrize(
    ("owner", "name"), [(ChannelSwitch, "stage"), (ChannelSwitch, "_switch"), (openness, "_finish")]
)
def test_a_publication_that_was_cut_off_is_made_once_when_it_runs_again(
    keepers: Keepers, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    change = keepers.start(keepers.new("07", "guide", keepers.guide("07")))
    keepers.approve(change)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, cut_off)
    with pytest.raises(KeyboardInterrupt):
        keepers.publish()
    monkeypatch.undo()
    begun = keepers.now
    # What comes meanwhile is another change: this one is on its way out.
    other = keepers.hand_in(keepers.new("07", "guide", keepers.guide("07", "0878-2222222"), "又换"))
    assert other.id != change
    keepers.at("2025-07-03")
    assert keepers.publish() == [change]
    with keepers.bureau.installation.records.read() as session:
        (release,) = session.query(OpennessRelease).all()
        assert release.change.step is ChangeStep.DONE
        # What nobody had seen counts from when it is seen.
        assert (release.published_at <= begun) == (owner is openness)
    assert len(keepers.ledger("openness.publishing")) == len(keepers.ledger("openness.published")) == 1
    assert f"2025年7月{1 if owner is openness else 3}日" in keepers.page("07")
    assert "0878-2222222" not in keepers.page("07")


def test_a_clock_that_runs_out_is_seen_like_a_milestone(keepers: Keepers) -> None:
    change = keepers.start(keepers.new("07", "guide", keepers.guide("07")))

    def seen() -> tuple[list[tuple[str, str, int, int]], list[str]]:
        installation, now = keepers.bureau.installation, keepers.now
        awaited = [each for each in load_overview(installation, now).awaited if each.period == "政务公开"]
        found = plan_rules.openness_overdue(Snapshots(now, snapshot_records(installation, now)))
        return [(e.milestone, e.office, e.time.over, e.time.left) for e in awaited], [
            one.facts["days"] for one in found
        ]

    asked = "城乡居民养老保险参保登记：服务指南，政策审核、保密性审核"
    assert seen() == ([(asked, "政策法规科、局办公室", 0, 20)], [])
    keepers.at("2025-08-04")
    assert seen() == ([(asked, "政策法规科、局办公室", 1, 0)], ["1"])
    keepers.approve(change)
    assert keepers.publish() == [change]
    assert seen() == ([], [])


def test_content_altered_in_the_records_is_never_published(keepers: Keepers) -> None:
    change = keepers.start(keepers.new("07", "guide", keepers.guide("07")))
    keepers.approve(change)
    with keepers.bureau.installation.records.write() as session:
        version = changes.get_change(session, change).versions[0]
        version.content = version.content.replace("0878-0000000", "0878-9999999")
    with pytest.raises(DisclosureError, match="与审核通过时的摘要不符"):
        keepers.publish()
    assert not keepers.bureau.site.exists()


def test_pages_altered_on_the_channel_are_mended(keepers: Keepers) -> None:
    change = keepers.start(keepers.new("07", "guide", keepers.guide("07")))
    keepers.approve(change)
    keepers.publish()
    page = keepers.bureau.site / "openness" / "07.html"
    good = page.read_bytes()
    page.write_bytes(b"overwritten")
    assert keepers.publish() == []
    assert (keepers.bureau.site / "openness" / "07.html").read_bytes() == good


def test_files_of_an_office_are_read_by_the_kind_of_their_element(keepers: Keepers, tmp_path: Path) -> None:
    catalog = keepers.catalog

    def read(item: str, element: str, text: str, name: str = "f.yaml") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        found, key, _ = find_element(catalog, item, element)
        return read_content(found, key, path)

    rates = "rows:\n- {name: 失业保险（单位）, value: '0.7', unit: '%', effective: 2025-01-01, source: 通知}\n"
    once = read("1", "rates", rates)
    assert once == read("01", "rates", "# 说明\n" + rates.replace("'0.7'", '"0.7"'))
    assert once != read("01", "rates", rates.replace("0.7", "0.5"))
    for text, why in (
        (rates + "sample: true\n", "示例"),
        ("rows:\n- {name: 甲, unit: '%', to_fill: 由州社保中心填写}\n", "由州社保中心填写"),
        (rates.replace("通知", "〔由州社保中心填写：文号〕"), "由州社保中心填写：文号"),
        ("rows:\n- {name: 甲, value: 八, unit: '%', effective: 2025-01-01}\n", "第 2 行.*应为数字"),
        ("rowz: []\n", "rowz"),
    ):
        with pytest.raises(DisclosureError, match=why):
            read("1", "rates", text)
    with pytest.raises(DisclosureError, match="应写成"):
        read("1", "rates", "文字", "f.md")
    with pytest.raises(DisclosureError, match="自动取自"):
        read("35", "treatment_amount", "x: 1")
    with pytest.raises(DisclosureError, match="没有第 51 项"):
        read("51", "guide", "")
    with pytest.raises(DisclosureError, match=r"没有要素.*guide（服务指南）"):
        read("1", "没有的", "")
    sample = next((catalog.folder / "openness").glob("07-*.md")).read_text(encoding="utf-8")
    with pytest.raises(DisclosureError, match="示例"):
        read("7", "服务指南", sample, "g.md")
    unmarked = "\n".join(line for line in sample.splitlines() if not line.startswith(">"))
    with pytest.raises(DisclosureError, match="还有没填的地方：由州社保中心填写"):
        read("7", "服务指南", unmarked, "g.md")
    assert read("7", "guide", finished(sample, "1"), "g.md") == read(
        "7", "guide", finished(sample, "1").replace("\n", " \r\n"), "g.md"
    )


def test_every_element_has_a_draft_to_start_from_but_the_statistics(keepers: Keepers, tmp_path: Path) -> None:
    for item in keepers.catalog.openness_items.values():
        for name, element in item.elements.items():
            if element.kind == "statistic":
                continue
            file_name, content = draft_of(keepers.catalog, item, name)
            path = tmp_path / file_name
            path.write_bytes(content)
            with pytest.raises(DisclosureError, match="示例"):  # it is of the right shape, and only a draft
                read_content(item, name, path)
    assert set(words()["examples"]) == {
        element.kind for item in keepers.catalog.openness_items.values() for element in item.elements.values()
    } - {"guide", "statistic"}
