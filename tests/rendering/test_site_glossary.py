"""Every indicator the site may show is explained once, out of the catalogue; notes for fillers stay inside."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from disclosure.catalog import load_catalog
from disclosure.catalog.catalog import PROFILES as FOLDER
from disclosure.rendering.document.phrases import load_phrases
from disclosure.rendering.site.glossary import Term, explained
from disclosure.rendering.site.pages import glossary_page

pytestmark = pytest.mark.unit

PROFILES = ("chuxiong", "gaogang-2016", "kunming-2017")


@pytest.mark.parametrize("profile", PROFILES)
def test_each_reported_indicator_is_explained_once_at_its_own_address(profile: str) -> None:
    catalog = load_catalog(profile)
    page = glossary_page(catalog).decode()
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(catalog.reported) <= set(ids)
    for note in load_phrases(catalog).notes_for_fillers:
        assert note not in page


def terms_of(profile: str) -> dict[str, Term]:
    return {
        term.indicator.id: term
        for each in explained(load_catalog(profile))
        for group in each.groups
        for term in group.terms
    }


def test_a_total_is_explained_by_its_parts_and_a_balance_by_its_equation() -> None:
    terms = terms_of("chuxiong")
    assert terms["unemployment.current_surplus"].lines == ("等于基金收入减基金支出，可以为负数",), "said once"
    assert any(line.startswith("包括保险费征缴收入、") for line in terms["unemployment.income"].lines)
    assert terms["unemployment.participants"].compared_with == "上年末"
    assert terms["unemployment.income"].compared_with == "上年同期"
    assert terms["unemployment.participants"].scope == "楚雄彝族自治州和各县市区"
    assert terms["unemployment.income"].scope == "楚雄彝族自治州"


def test_parts_of_other_insurances_are_told_apart(tmp_path: Path) -> None:
    """For a bureau that reports the sum of all insurances as well."""
    own = shutil.copytree(FOLDER / "chuxiong", tmp_path / "own")
    profile = (own / "profile.yaml").read_text(encoding="utf-8")
    wanted = profile.replace("\n  also:\n", "\n  also:\n    - all_insurances.person_times\n", 1)
    assert wanted != profile
    (own / "profile.yaml").write_text(wanted, encoding="utf-8")
    person_times = terms_of(str(own))["all_insurances.person_times"].lines
    assert any("失业保险参保人数" in line for line in person_times)


def test_what_a_profile_changes_is_explained_as_it_prints_it() -> None:
    page = glossary_page(load_catalog("kunming-2017")).decode()
    assert '享受工伤待遇人数</th><td class="t">万人次</td>' in page
    assert "机关事业单位基本养老保险" not in page
