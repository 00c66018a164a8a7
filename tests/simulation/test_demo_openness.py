"""The openness catalogue of a demonstration: every draft comes through its own gates, and the pages say it is 演示."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from deployments.bootstrap import prepare_home
from deployments.demo_openness import play_openness
from deployments.local import Child
from disclosure.catalog.catalog import PROFILES
from disclosure.catalog.models.openness import blanks_in
from disclosure.openness.contents import restore
from disclosure.openness.words import words
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.publication.openness import publish_openness
from disclosure.records.installation import Installation
from disclosure.records.tables import Decision, OpennessRequest
from disclosure.simulation.actors import Actors
from disclosure.simulation.demo_openness import demo_contents
from disclosure.simulation.openness import OpennessActors, new_contents

pytestmark = pytest.mark.records


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A bureau whose offices handed in the profile's drafts, all approved and published, and a request answered."""
    home = tmp_path_factory.mktemp("home")
    prepare_home(home)
    made = Installation(Settings(home=home, profile="chuxiong", database_url=""))
    players = OpennessActors(Actors(made, is_demo=True))
    items = made.catalog.openness_items
    on = shanghai(utc_now()).date() - dt.timedelta(days=1)
    contents = new_contents(demo_contents(made.catalog, home / "drafts"), "首次公开", on)
    for office in dict.fromkeys(items[new.item].owner for new in contents):
        players.approve(players.hand_in([new for new in contents if items[new.item].owner == office]))
    players.answer_request("01")
    publish_openness(made)
    yield made
    made.records.engine.dispose()


def pages(installation: Installation) -> dict[str, str]:
    """Every page and file of the openness catalogue that is live."""
    folder = installation.settings.home / "site"
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in [folder / "index.html", *(folder / "openness").iterdir()]
    }


def test_all_fifty_guides_are_public_each_marked_as_a_demonstration(installation: Installation) -> None:
    live = pages(installation)
    for number in installation.catalog.openness_items:
        html = live[f"openness/{number}.html"]
        assert '服务指南<span class="tag">演示</span>' in html, number
        assert "标有“演示”的内容是为演示编写的" in html, number
        assert "演示号码" in html, number


def test_no_public_page_or_file_shows_brackets_or_what_staff_note_to_each_other(installation: Installation) -> None:
    for name, text in pages(installation).items():
        for internal in ("〔由", "请政策法规科核定", "原目录此处"):
            assert internal not in text, (name, internal)


def test_what_no_draft_has_words_for_is_told_as_not_provided_yet(installation: Installation) -> None:
    live = pages(installation)
    assert "减免政策：州社保中心尚未提供，提供后在这里公开。" in live["openness/01.html"]
    assert "制卡网点" not in re.findall(r"<h2[^>]*>([^<]*)", live["openness/48.html"])


def test_each_change_passed_policy_and_confidentiality(installation: Installation) -> None:
    with installation.records.read() as session:
        made = session.scalars(select(Decision).where(Decision.change_id.is_not(None))).all()
        assert {(d.change_id, d.gate, d.outcome) for d in made} == {
            (change, gate, "approved") for change in (1, 2, 3) for gate in ("policy", "confidentiality")
        }
        assert all(decision.person.is_demo for decision in made)


def test_the_register_counts_the_request_and_home_leads_to_what_happens_to_people(installation: Installation) -> None:
    with installation.records.read() as session:
        assert session.scalars(select(OpennessRequest)).one().outcome == "disclosed"
    live = pages(installation)
    assert "受理和答复情况" in live["openness/requests.html"]
    assert '<a href="openness/index.html#lost_job">失业了</a>' in live["index.html"]
    assert '<a href="index.html#openness">政务公开</a>' in live["index.html"]


def test_the_steps_of_a_calculation_stay_in_their_order(installation: Installation, tmp_path: Path) -> None:
    text = demo_contents(installation.catalog, tmp_path)["18", "calculation"]
    content = restore(installation.catalog.openness_items["18"], "calculation", text).content
    assert list(getattr(content, "steps", ())) == [
        "pension_by_employer",
        "unemployment_by_employer",
        "injury_by_employer",
        "by_employer",
        "pension_by_employee",
        "unemployment_by_employee",
        "by_employee",
    ]


def test_every_blank_of_every_draft_is_filled_in(installation: Installation, tmp_path: Path) -> None:
    texts = demo_contents(installation.catalog, tmp_path)
    assert len(texts) > len(installation.catalog.openness_items)
    assert [key for key, text in texts.items() if blanks_in(text)] == []
    assert all(said and "〔" not in said for said in words()["demo_fill"].values())


def test_a_demonstration_whose_openness_part_fails_fails_and_names_the_text(tmp_path: Path) -> None:
    """It fails on a guide without sections, before any run is started: no server is needed."""
    profile = tmp_path / "chuxiong"
    shutil.copytree(PROFILES / "chuxiong", profile)
    draft = next((profile / "openness").glob("01-*.md"))
    draft.write_text("没有标题的一句话。\n", encoding="utf-8")
    prepare_home(tmp_path / "home")
    made = Installation(Settings(home=tmp_path / "home", profile=str(profile), database_url=""))
    runner = Child("runner", "执行", [], made.settings, lambda _child: False)
    with pytest.raises(DisclosureError) as failed:
        play_openness(Actors(made, is_demo=True), runner, lambda _said: None)
    made.records.engine.dispose()
    said = str(failed.value)
    assert said.startswith("演示没有走完：社会保险信息已经发布，而政务公开没有演示完：")
    assert "01-guide.md：缺少“受理条件”一节。" in said
    assert str(tmp_path / "home" / "site" / "index.html") in said


def test_content_of_two_offices_is_not_handed_in_together(installation: Installation) -> None:
    players = OpennessActors(Actors(installation, is_demo=True), numbers=iter(range(900, 910)))
    texts = {("01", "guide"): "甲", ("42", "guide"): "乙"}
    with pytest.raises(DisclosureError, match="第 42 项由州就业中心负责，不能与别的科室的内容一起报送"):
        players.hand_in(new_contents(texts, "首次公开", shanghai(utc_now()).date()))
