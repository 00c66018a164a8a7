"""Protects correction: a new version through every gate, a public note made from both versions, the old one kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest

from disclosure.collection.handout import hand_out
from disclosure.cycle import compilation
from disclosure.monitoring.board.overview import load_overview
from disclosure.platform.errors import DisclosureError
from disclosure.rendering.read_numbers import figures_in_csv, figures_in_page
from tests.support.bureau import Bureau, bureau_at
from tests.support.corrections import (
    CENTRE,
    INDICATOR,
    REASON,
    approve_all,
    begin,
    correct,
    published_bureau,
    releases,
    site_files,
)

pytestmark = pytest.mark.records

HOME = "releases/2016-annual/"
OLD = "releases/2016-annual.v1/"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """Version 1 published, with the demonstration's figures."""
    home = tmp_path_factory.mktemp("published")
    return published_bureau(bureau_at(home, f"sqlite:///{home / 'records.db'}"))


@pytest.fixture(scope="module")
def corrected(base: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """Version 2 published; nobody may change it."""
    bureau = base.copy_to(tmp_path_factory.mktemp("corrected"))
    correct(bureau, {INDICATOR: new_value(bureau)})
    return bureau


@pytest.fixture
def published(base: Bureau, tmp_path: Path) -> Iterator[Bureau]:
    """A copy of version 1 to work on."""
    bureau = base.copy_to(tmp_path / "own")
    yield bureau
    bureau.installation.records.engine.dispose()


def old_value(bureau: Bureau) -> str:
    (figure,) = (f for f in bureau.figures(CENTRE) if f.indicator == INDICATOR)
    return f"{figure.value:f}"


def new_value(bureau: Bureau) -> str:
    return str(int(old_value(bureau)) + 7)


def test_the_page_says_what_why_and_which_figures(corrected: Bureau) -> None:
    files = site_files(corrected)
    page = files[f"{HOME}index.html"].decode()
    assert "第2版</span>" in page
    assert REASON.rstrip("。") in page
    old, new = (f"{int(value):,}" for value in (old_value(corrected), new_value(corrected)))
    document = json.loads(files[f"{HOME}document.json"])
    (group,) = document["correction"]["table"]["groups"]
    (row,) = group["rows"]
    assert [cell["text"] for cell in row["cells"]][2:] == [old, new]
    assert f"由{old}人更正为{new}人" in document["notes"][0]
    assert document["summary"].startswith("第2版（更正1项数据）。更正原因：")
    # The note tells of the correction in every channel, not on the page alone.
    release = releases(corrected)[1]
    folder = corrected.installation.settings.releases / release.digest[:16]
    for path in ("packages/handover/content.html", "packages/wechat/article.html"):
        assert f"由{old}人更正为{new}人" in (folder / path).read_text(encoding="utf-8")


def test_every_channel_carries_the_new_figures_and_the_version(corrected: Bureau) -> None:
    files = site_files(corrected)
    key = f"{corrected.catalog.prefecture.code}/{INDICATOR}/2016-annual"
    assert figures_in_page(files[f"{HOME}index.html"], "2016-annual")[key] == new_value(corrected)
    assert figures_in_csv(files[f"{HOME}figures.csv"])[key] == new_value(corrected)
    rows = csv.DictReader(io.StringIO(files[f"{HOME}figures.csv"].decode("utf-8-sig"), newline=""))
    assert {row["version"] for row in rows} == {"2"}
    assert json.loads(files[f"{HOME}manifest.json"])["release"]["version"] == "2"
    assert json.loads(files[f"{HOME}datapackage.json"])["version"] == "2"


def test_the_old_version_stays_with_a_banner_and_the_signed_page_beside_it(base: Bureau, corrected: Bureau) -> None:
    before, after = site_files(base), site_files(corrected)
    bannered = after[f"{OLD}index.html"].decode()
    assert "这是第1版，已经更正。" in bannered
    assert 'href="../2016-annual/index.html"' in bannered
    # A search engine is not to show what was corrected; the signed page is not its to fetch (robots.txt).
    assert '<meta name="robots" content="noindex">' in bannered.partition("</head>")[0]
    assert after[f"{OLD}signed.html"] == before[f"{HOME}index.html"]
    same = [
        path
        for path in before
        if path.startswith(HOME) and not path.endswith(("/index.html", "manifest.json", "manifest.jws"))
    ]
    assert same
    assert all(after[OLD + path.removeprefix(HOME)] == before[path] for path in same)
    manifest = json.loads(after[f"{OLD}manifest.json"])
    assert manifest["release"]["superseded_by"] == "2"
    assert {"index.html", "signed.html"} <= manifest["files"].keys()


def test_home_list_and_feed_tell_of_it(corrected: Bureau) -> None:
    files = site_files(corrected)
    home = files["index.html"].decode()
    assert "第2版</span>" in home
    assert f"{OLD}index.html" in home
    (entry,) = json.loads(files["releases.json"])["releases"]
    assert (entry["version"], [old["version"] for old in entry["earlier_versions"]]) == (2, [1])
    assert "更正1项数据" in entry["summary"]
    assert "更正1项数据" in files["feed.xml"].decode()


def test_all_gates_are_open_again_even_where_text_and_tables_stayed(published: Bureau) -> None:
    assert begin(published) == ""
    published.hand_in_all({INDICATOR: new_value(published)}, centres=[CENTRE])
    published.compile()
    published.audit()
    assert published.carry_over() == {}
    # A return within the correction is an ordinary next round: the first look at this content stands.
    published.approve("policy", "confidentiality")
    published.send_back("finance", CENTRE)
    published.begin_next_round()
    published.hand_in_all({INDICATOR: str(int(new_value(published)) + 1)}, centres=[CENTRE])
    published.compile()
    published.audit()
    assert set(published.carry_over()) == {"policy", "confidentiality"}


def test_a_correction_that_changes_no_figure_is_another_content(published: Bureau) -> None:
    first = releases(published)[0].compilation_id
    assert begin(published) == ""
    published.hand_in_all(centres=[CENTRE])
    approve_all(published)
    published.publish()
    second = releases(published)[1]
    assert second.compilation_id != first
    assert "各项数据没有改动" in (published.site / HOME / "index.html").read_text(encoding="utf-8")


def test_workbooks_come_prefilled_with_what_was_published(published: Bureau) -> None:
    assert begin(published) == ""
    (path,) = (path for path in hand_out(published.installation, published.cycle_id) if path.suffix == ".xlsx")
    cells = {str(cell.value) for sheet in openpyxl.load_workbook(path) for row in sheet for cell in row}
    assert old_value(published) in cells
    assert any(REASON.rstrip("。") in text for text in cells)


def test_while_it_is_under_way_the_published_figures_stand(published: Bureau) -> None:
    assert begin(published) == ""
    published.hand_in_all({INDICATOR: new_value(published)}, centres=[CENTRE])
    with published.installation.records.read() as session:
        known = compilation.published_figures(session, published.catalog)
        key = (published.catalog.prefecture.code, INDICATOR, "2016-annual")
        assert f"{known[key].value:f}" == old_value(published)
    seen = load_overview(published.installation, published.now)
    assert any("正在更正，将发布第 2 版" in concern.what for concern in seen.concerns)
    (one,) = (one for one in seen.cycles if one.view.is_opened)
    assert one.view.published
    assert not one.is_late
    assert not [each for each in seen.awaited if each.period == one.label]


def test_one_at_a_time_and_only_what_was_published(published: Bureau, new_bureau: Callable[..., Bureau]) -> None:
    with pytest.raises(DisclosureError, match="没有报送过这一期"):
        begin(published, offices=("policy_section",))
    assert begin(published) == ""
    with pytest.raises(DisclosureError, match="第 2 版正在办理"):
        begin(published)
    fresh = new_bureau()
    with pytest.raises(DisclosureError, match="还没有发布，不用更正"):
        begin(fresh, name="李局长")
