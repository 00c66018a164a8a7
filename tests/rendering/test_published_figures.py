"""Protects that what governments really published is what comes out: every figure of a profile's file, exactly.

The file is read here by the csv module alone: names are matched as printed, numbers compared as text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import disclosure.catalog
from disclosure.publication.proof.manifest import Manifest

pytestmark = pytest.mark.records

Bureau = Any
PROFILES = Path(disclosure.catalog.__file__).parent / "profiles"
#: How the files write the periods of the two profiles.
WRITTEN = {
    "2016-annual": ("2016", "2016-12-31"),
    "2017-q1": ("2017Q1",),
    "2017-h1": ("2017Q1-Q2",),
    "2017-q3": ("2017Q1-Q3",),
    "2017-annual": ("2017",),
}
#: 昆明市 printed this one with a decimal less than all others of its unit; a workbook's number cannot tell
#: 100.5 from 100.50, and every figure of a unit is published with the same decimals.
PADDED = {("2017", "74 城镇职工参加生育保险人数(期末时点数)", "100.5"): "100.50"}


def given(profile: str, period: str) -> list[dict[str, str]]:
    """The rows of the profile's file of this period, as they stand there."""
    rows = csv.DictReader(io.StringIO((PROFILES / profile / "figures.csv").read_text(encoding="utf-8")))
    return [
        {**row, "value": PADDED.get((row["period"], row["indicator"], row["value"]), row["value"])}
        for row in rows
        if row["period"] in WRITTEN[period]
    ]


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


def check_published(bureau: Bureau, profile: str, period: str) -> None:
    folder = bureau.site / "releases" / period
    table = list(csv.DictReader(io.StringIO((folder / "figures.csv").read_bytes().decode("utf-8-sig"), newline="")))
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    rows = given(profile, period)
    assert len(table) == len(rows) >= 11
    assert {row["period"] for row in table} == {period}
    # Row by row in the file's own words: the same region, insurance, unit and digits, each used once.
    left = list(table)
    for row in rows:
        found = [
            seen
            for seen in left
            if (seen["region"], seen["unit"], seen["value"]) == (row["region"], row["unit"], row["value"])
            and names_agree(seen, row)
        ]
        assert len(found) == 1, (row, [seen for seen in left if names_agree(seen, row)])
        left.remove(found[0])
        seen = found[0]
        key = f"{seen['region_code']}/{seen['indicator_id']}/{period}"
        assert page.shown[key] == {with_separators(row["value"])}
    assert left == []
    assert {key for key in page.shown if key.endswith(f"/{period}")} == {
        f"{seen['region_code']}/{seen['indicator_id']}/{period}" for seen in table
    }
    Manifest.from_json((folder / "manifest.json").read_bytes())


def names_agree(seen: dict[str, str], row: dict[str, str]) -> bool:
    """The catalogue's printed name, or one of the aliases it gives, is the name in the file."""
    return printed_name(row["indicator"]) in NAMES[seen["indicator_id"]] and row["insurance"] in INSURANCES[
        seen["insurance"]
    ] | {seen["insurance"]}


def with_separators(value: str) -> str:
    """``1234567.80`` as ``1,234,567.80``, without arithmetic."""
    whole, point, rest = value.partition(".")
    return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", whole) + point + rest


NAMES: dict[str, set[str]] = {}
INSURANCES: dict[str, set[str]] = {}


@pytest.fixture(autouse=True)
def names() -> None:
    """What the catalogue calls each indicator and insurance, aliases included."""
    for profile in {file.parent.name for file in PROFILES.glob("*/figures.csv")}:
        catalog = disclosure.catalog.load_catalog(profile)
        for indicator in catalog.reported.values():
            NAMES.setdefault(indicator.id, set()).update(
                printed_name(name) for name in (indicator.name, *indicator.aliases)
            )
        for insurance in catalog.insurances.values():
            known = {insurance.name, insurance.short_name, *insurance.aliases}
            INSURANCES.setdefault(insurance.name, set()).update(known)


def test_the_files_are_what_this_test_thinks_they_are() -> None:
    counts = {period: len(given("kunming-2017", period)) for period in WRITTEN}
    assert counts == dict.fromkeys(WRITTEN, 11)
    assert len(given("gaogang-2016", "2016-annual")) == 34
    assert with_separators("1234567.80") == "1,234,567.80"
    assert with_separators("123") == "123"


def test_gaogang_2016_is_published_exactly(bureau: Bureau) -> None:
    bureau.sign_all()
    bureau.publish()
    check_published(bureau, "gaogang-2016", "2016-annual")


def test_kunming_2016_to_2017_is_published_exactly_period_by_period(open_bureau: Callable[..., Bureau]) -> None:
    """Five cycles in a row; each compares with those before it, and the site keeps all."""
    bureau = open_bureau(profile="kunming-2017", period="2016-annual")
    for period in WRITTEN:
        current = bureau.another(period)
        current.sign_all()
        current.publish()
        bureau.now = current.now
    for period in WRITTEN:
        check_published(bureau, "kunming-2017", period)
    listed = json.loads((bureau.site / "releases.json").read_bytes())["releases"]
    assert {entry["period"] for entry in listed} == set(WRITTEN)
