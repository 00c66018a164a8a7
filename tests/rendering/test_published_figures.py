"""Protects that what governments really published is what comes out: every figure of a profile's file, exactly.

The file is read here by the csv module alone: names are matched as printed, numbers compared as text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from disclosure.catalog import Catalog, load_catalog
from disclosure.publication.proof.manifest import Manifest

pytestmark = pytest.mark.records

Bureau = Any
#: Places that are no shipped profile; their figures lie in ``tests/data/real``.
PLACES = Path(__file__).parents[1] / "profiles"


@dataclass(frozen=True)
class Place:
    """A place that published: its profile's name or folder, how its file writes each period, and how many rows of it.

    ``plain``: its sentences have no thousands separators.
    """

    profile: str
    written: dict[str, tuple[str, ...]]
    counts: dict[str, int]
    plain: bool = False

    @property
    def catalog(self) -> Catalog:
        return load_catalog(self.profile)

    def given(self, period: str) -> list[dict[str, str]]:
        """The rows of the place's file of this period, as they stand there."""
        file = self.catalog.file(self.catalog.profile.demo_figures)
        rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
        return [row for row in rows if row["period"] in self.written[period]]


GAOGANG = Place("gaogang-2016", {"2016-annual": ("2016", "2016-12-31")}, {"2016-annual": 34})
KUNMING = Place(
    "kunming-2017",
    {
        "2016-annual": ("2016-12-31",),
        "2017-q1": ("2017Q1",),
        "2017-h1": ("2017Q1-Q2",),
        "2017-q3": ("2017Q1-Q3",),
        "2017-annual": ("2017",),
    },
    dict.fromkeys(("2016-annual", "2017-q1", "2017-h1", "2017-q3", "2017-annual"), 11),
)


def place(name: str, *cycles: tuple[str, str, int], plain: bool = False) -> Place:
    """A place of ``tests/profiles``; each of its cycles with how the file writes it, and its rows."""
    written = {period: (spelling,) for period, spelling, _ in cycles}
    return Place(str(PLACES / name), written, {period: count for period, _, count in cycles}, plain)


#: One cycle or several in a row of each.
OTHERS = {
    "county": place("dongan", ("2022-annual", "2022", 10)),
    "city": place("zhanjiang", ("2023-annual", "2023", 29)),
    "press notice": place("shenzhen-2020", ("2020-annual", "2020", 13), plain=True),
    "three quarters": place("qujing-2025", ("2025-q3", "2025Q1-Q3", 14)),
    "quarterly series": place("tunxi", ("2022-h1", "2022Q1-Q2", 22), ("2023-q1", "2023Q1", 22)),
    "second quarter": place("panjin-2017", ("2017-h1", "2017Q2", 20)),
    "province yearbook": place(
        "fujian",
        ("2005-annual", "2005", 13),
        ("2006-annual", "2006", 12),
        ("2010-annual", "2010", 10),
        ("2020-annual", "2020", 13),
        ("2021-annual", "2021", 13),
        ("2022-q3", "2022-09(快报)", 12),
    ),
}


def printed_name(text: str) -> str:
    """Letters and figures of a name without its running number, 其中 and what stands in brackets."""
    bare = re.sub(r"^[\d.]+\s+", "", text).replace("其中:", "").replace("其中：", "")
    return re.sub(r"[（(](?!职|含)[^）)]*[）)]", "", bare).replace("(", "（").replace(")", "）")


class Page(HTMLParser):
    """data-figure -> every text that stands under it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shown: dict[str, set[str]] = {}
        self._key: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self._key = dict(attrs).get("data-figure")

    def handle_data(self, data: str) -> None:
        if self._key:
            self.shown.setdefault(self._key, set()).add(data)
            self._key = None


def check_published(bureau: Bureau, place: Place, period: str) -> None:
    folder = bureau.site / "releases" / period
    table = list(csv.DictReader(io.StringIO((folder / "figures.csv").read_bytes().decode("utf-8-sig"), newline="")))
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    rows = place.given(period)
    assert len(table) == len(rows) == place.counts[period]
    assert {row["period"] for row in table} == {period}
    # Row by row in the file's own words: the same region, insurance, unit and digits, each used once.
    left = list(table)
    in_order = []
    for row in rows:
        alike = [seen for seen in left if are_alike(place.catalog, seen, row)]
        found = [
            seen for seen in alike if (seen["unit"], seen["value"] or seen["state"]) == (row["unit"], row["value"])
        ]
        assert len(found) == 1, (row, alike)
        left.remove(found[0])
        in_order.append(found[0])
        shown = page.shown[f"{found[0]['region_code']}/{found[0]['indicator_id']}/{period}"]
        printed = with_separators(row["value"])
        assert {printed} <= shown <= {printed, row["value"] if place.plain else printed}
    assert left == []
    assert {key for key in page.shown if key.endswith(f"/{period}")} == {
        f"{seen['region_code']}/{seen['indicator_id']}/{period}" for seen in table
    }
    assert ordered(place.catalog, table) == ordered(place.catalog, in_order)
    # Publishing itself read every other channel back and held it against these figures, digit by digit.
    Manifest.from_json((folder / "manifest.json").read_bytes())


def ordered(catalog: Catalog, rows: list[dict[str, str]]) -> list[tuple[str, object]]:
    """Insurances in the order of ``rows``, each with its indicators in that order by section and whole."""
    found: dict[str, dict[tuple[str, str | None], list[str]]] = {}
    for row in rows:
        indicator = catalog.indicators[row["indicator_id"]]
        of_insurance = found.setdefault(indicator.insurance, {})
        of_insurance.setdefault((indicator.section, indicator.part_of), []).append(indicator.id)
    return [(insurance, sorted(groups.items(), key=str)) for insurance, groups in found.items()]


def are_alike(catalog: Catalog, seen: dict[str, str], row: dict[str, str]) -> bool:
    """Whether both are of one place, and the catalogue's printed names or aliases are the names in the file."""
    region, insurance = catalog.regions[seen["region_code"]], catalog.find_insurance(seen["insurance"])
    assert insurance is not None
    indicator = catalog.indicators[seen["indicator_id"]]
    return (
        row["region"] in {region.name, *region.aliases}
        and row["insurance"] in {insurance.name, insurance.short_name, *insurance.aliases}
        and printed_name(row["indicator"]) in {printed_name(name) for name in (indicator.name, *indicator.aliases)}
    )


def with_separators(value: str) -> str:
    """``1234567.80`` as ``1,234,567.80``, without arithmetic."""
    whole, point, rest = value.partition(".")
    return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", whole) + point + rest


def test_the_files_are_what_this_test_thinks_they_are() -> None:
    for each in (GAOGANG, KUNMING, *OTHERS.values()):
        assert {period: len(each.given(period)) for period in each.written} == each.counts
    assert with_separators("1234567.80") == "1,234,567.80"
    assert with_separators("123") == "123"


def test_gaogang_2016_is_published_exactly(bureau: Bureau) -> None:
    publish_all(bureau, GAOGANG)


@pytest.mark.full  # two whole years
def test_kunming_2016_to_2017_is_published_exactly_period_by_period(open_bureau: Callable[..., Bureau]) -> None:
    """Five cycles in a row; each compares with those before it, and the site keeps all."""
    bureau = open_bureau(profile=KUNMING.profile, period="2016-annual")
    publish_all(bureau, KUNMING)
    listed = json.loads((bureau.site / "releases.json").read_bytes())["releases"]
    assert {entry["period"] for entry in listed} == set(KUNMING.written)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.full] if len(each.written) > 2 else []) for name, each in OTHERS.items()],
)
def test_a_place_of_another_shape_is_published_exactly(new_bureau: Callable[..., Bureau], name: str) -> None:
    each = OTHERS[name]
    publish_all(new_bureau(profile=each.profile, period=next(iter(each.written))), each)


def publish_all(bureau: Bureau, place: Place) -> None:
    for period in place.written:
        current = bureau.another(period)
        current.sign_all()
        current.publish()
        bureau.now = current.now
    for period in place.written:
        check_published(bureau, place, period)
