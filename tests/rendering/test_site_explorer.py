"""查数 holds every figure of the pages over several periods and no other, and what a correction replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import FigureSource
from disclosure.publication import SiteRelease, Tree, build_site
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.site_releases import release_of

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CHUXIONG = load_catalog("chuxiong")
YEARS = (Period(2024, "annual"), Period(2025, "annual"))


@pytest.fixture(scope="module")
def releases() -> list[SiteRelease]:
    return [release_of(CHUXIONG, period) for period in YEARS]


@pytest.fixture(scope="module")
def site(releases: list[SiteRelease]) -> Tree:
    imported = [replace(figure, source=FigureSource()) for figure in demo_history(CHUXIONG, YEARS[0])]
    return build_site(CHUXIONG, releases, imported=imported)


def data_of(site: Mapping[str, bytes]) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', site["data.html"].decode())
    assert found is not None
    return dict(json.loads(found[1]))


def told_by(site: Mapping[str, bytes]) -> dict[str, str]:
    """Every figure of the page: key -> what stands there."""
    data = data_of(site)
    return {
        f"{data['regions'][region][0]}/{indicator['id']}/{data['periods'][place][0]}": value
        for indicator in data["indicators"]
        for region, _, values in indicator["rows"]
        for place, value in enumerate(values)
        if value
    }


def test_it_holds_what_was_published_to_the_last_digit(site: Tree) -> None:
    told = told_by(site)
    given = {
        "/".join(figure.key): f"{figure.value:f}"
        for period in YEARS
        for figure in demo_figures(CHUXIONG, period)
        if figure.value is not None
    }
    assert given.items() <= told.items()
    own = set(given) | {key for key, value in told.items() if value.startswith("~")}
    # Beside these stand only the years that releases compared themselves with.
    assert {key.rpartition("/")[2] for key in set(told) - own} == {"2023-annual"}
    assert told["532300/unemployment.participants/2021-annual"].startswith("~")


def test_a_figure_of_another_unit_keeps_it_and_a_state_is_no_number() -> None:
    figures = list(demo_figures(CHUXIONG, YEARS[1]))
    place = next(n for n, f in enumerate(figures) if f.key[:2] == ("532322", "unemployment.beneficiaries"))
    figures[place] = replace(figures[place], value=None, state="withheld")
    told = told_by(build_site(CHUXIONG, [release_of(CHUXIONG, YEARS[1], figures=figures)]))
    assert told["532322/unemployment.beneficiaries/2025-annual"] == "!未公布"


def test_what_a_correction_replaced_is_told_with_its_version(releases: list[SiteRelease]) -> None:
    figures = list(demo_figures(CHUXIONG, YEARS[1]))
    place = next(n for n, f in enumerate(figures) if f.key[:2] == ("532300", "unemployment.participants"))
    wrong = figures[place]
    assert wrong.value is not None
    figures[place] = replace(wrong, value=wrong.value + 7)
    site = build_site(CHUXIONG, [*releases, release_of(CHUXIONG, YEARS[1], version=2, figures=figures)])
    key = "/".join(wrong.key)
    assert data_of(site)["replaced"] == {key: [[1, wrong.printed]]}
    assert told_by(site)[key] == f"{wrong.value + 7:f}"


def test_what_is_no_longer_public_is_not_told_as_replaced(releases: list[SiteRelease]) -> None:
    figures = list(demo_figures(CHUXIONG, YEARS[1]))
    place = next(n for n, f in enumerate(figures) if f.key[:2] == ("532322", "unemployment.beneficiaries"))
    figures[place] = replace(figures[place], value=None, state="withheld")
    site = build_site(CHUXIONG, [*releases, release_of(CHUXIONG, YEARS[1], version=2, figures=figures)])
    assert data_of(site)["replaced"] == {}


def test_without_scripts_every_indicator_leads_to_its_figure(site: Tree) -> None:
    page = site["data.html"].decode()
    plain = page[page.index('<div id="plain">') : page.index("<script")]
    links = re.findall(r'<a href="(insurances/\w+\.html)#([^"]+)">([^<]+)</a>', plain)
    whole = [i for i in CHUXIONG.indicators.values() if f'"id":"{i.id}"' in page]
    assert len(links) >= len(whole) > 100
    for path, key, _ in links:
        assert f'id="{key}" data-figure="{key}"' in site[path].decode()


def test_what_it_says_beside_the_figures_does_not_end_the_page(site: Tree) -> None:
    page = site["data.html"].decode()
    assert page.count("</script>") == page.count("<script") == 2
    assert len(page) < 200_000, "small enough for a phone on the road"


def test_site_without_a_release_says_so() -> None:
    page = build_site(CHUXIONG, [])["data.html"].decode()
    assert "尚未发布披露信息。" in page
    assert "<script" not in page
