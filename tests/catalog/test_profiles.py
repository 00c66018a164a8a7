"""The two profiles with real published figures: every printed row is there, and its printed form is unchanged.

Figures: 高港区 2016 and 昆明市 2016-2017, as their governments published them (``figures.csv`` of each profile).
"""

import csv
import hashlib
from decimal import Decimal

import pytest

from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import load_catalog
from disclosure.collection.history.importer import import_table
from disclosure.platform.errors import DisclosureError
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = pytest.mark.unit

#: SHA-256 of the files as they were collected: the copies must never be touched up.
PUBLISHED = {
    "gaogang-2016": "34965424bc06cf14ee59ff2b64c22861938b2de04a52a081b6ae63032a415fce",
    "kunming-2017": "c3d4e4372151d821da3e03784abfb9609ca71db32c90ef84f6f0c4f209ed9f6c",
}
ROWS = {"gaogang-2016": 34, "kunming-2017": 55}


@pytest.fixture(params=PUBLISHED)
def catalog(request):
    return load_catalog(request.param)


@pytest.fixture
def content(catalog):
    return (catalog.folder / catalog.profile.demo_figures).read_bytes()


@pytest.fixture
def report(catalog, content):
    return import_table(content, "figures.csv", catalog)


def test_the_figures_are_the_published_file_unchanged(catalog, content):
    assert hashlib.sha256(content).hexdigest() == PUBLISHED[catalog.profile.id]


def test_every_row_is_imported_with_value_and_unit_as_printed(catalog, content, report):
    printed = list(csv.DictReader(content.decode().splitlines()))
    assert report.unmatched == ()
    assert report.rows == len(printed) == len(report.figures) == ROWS[catalog.profile.id]
    for row, figure in zip(printed, report.figures, strict=True):
        assert (str(figure.value), figure.unit) == (row["value"], row["unit"]), row
        assert figure.period == parse_period(row["period"])
        assert catalog.find_region(row["region"]).code == figure.region == catalog.prefecture.code
        assert catalog.insurances[catalog.indicators[figure.indicator].insurance].name == row["insurance"]


def test_different_printed_names_are_different_indicators(content, report):
    names = {(row["insurance"], row["indicator"]) for row in csv.DictReader(content.decode().splitlines())}
    assert len({figure.indicator for figure in report.figures}) == len(names)


def test_exactly_the_indicators_with_figures_are_required(catalog, report):
    periods = {figure.period for figure in report.figures}
    assert {period.kind for period in periods} == set(catalog.profile.cycles)
    for period in periods:
        asked = catalog.indicators_for(period)
        assert {i.demand(period.kind) for i in asked} == {"required"}
        assert {i.id for i in asked} == {f.indicator for f in report.figures if f.period == period}
        assert all(catalog.regions_for(indicator) == (catalog.prefecture,) for indicator in asked)


def test_every_value_fits_its_printed_decimals(catalog, report):
    most: dict[str, int] = {}
    for figure in report.figures:
        most[figure.indicator] = max(most.get(figure.indicator, 0), figure.decimals)
    assert most == {name: catalog.decimals(catalog.indicators[name]) for name in most}


def test_printed_order_is_the_sources(catalog):
    assert tuple(catalog.reported) == catalog.profile.indicators.only


def test_every_identity_that_can_be_checked_holds_to_the_last_digit(catalog, report):
    values = {(f.indicator, f.period): f.value for f in report.figures}
    checked = set()
    for period in {f.period for f in report.figures}:
        for identity in catalog.identities.values():
            for insurance in identity.for_each:
                names = [f"{insurance}.{part.removeprefix('-')}" for part in (identity.total, *identity.parts)]
                if identity.opening or any((name, period) not in values for name in names):
                    continue
                total, *parts = (values[name, period] for name in names)
                pairs = zip(identity.parts, parts, strict=True)
                summed = sum((-value if part.startswith("-") else value for part, value in pairs), Decimal(0))
                assert summed <= total if identity.relation == "at_most" else summed == total, (identity.id, period)
                checked.add(identity.id)
    expected = {"gaogang-2016": {"R20", "R26", "R601", "R602"}, "kunming-2017": {"R28", "R603"}}
    assert checked == expected[catalog.profile.id]


def test_year_to_date_figures_never_fall_in_kunming():
    catalog = load_catalog("kunming-2017")
    flows = {i.id for i in catalog.reported.values() if i.kind == "flow"}
    assert len(flows) == 6
    by_kind = {
        kind: {f.indicator: f.value for f in demo_figures(catalog, Period(2017, kind))}
        for kind in ("q1", "h1", "q3", "annual")
    }
    for name in flows:
        path = [by_kind[kind][name] for kind in by_kind]
        assert path == sorted(path)


@pytest.mark.parametrize(
    ("profile", "code", "unreported"),
    [("gaogang-2016", "321203", ["失业保险", "累计结余"]), ("kunming-2017", "530100", ["养老", "失业保险"])],
)
def test_the_profile_says_what_it_is_and_what_it_lacks(profile, code, unreported):
    catalog = load_catalog(profile)
    facts = catalog.profile
    assert catalog.prefecture.code == code
    assert catalog.parts_of_prefecture == ()
    assert facts.demo_figures_are == "real"
    assert catalog.prefecture.name in facts.demo_figures_origin
    assert facts.not_everything.endswith("。")
    assert all(word in facts.not_everything for word in unreported)
    assert all("假设" in office.duty for office in catalog.centres)


def test_the_demonstration_shows_one_period_and_knows_those_before_it():
    catalog = load_catalog("kunming-2017")
    shown = demo_figures(catalog, Period(2017, "h1"))
    assert {f.period.id for f in shown} == {"2017-h1"}
    assert [f.indicator for f in shown] == list(catalog.profile.indicators.only)
    known = [f.period.id for f in demo_history(catalog, Period(2017, "h1"))]
    assert list(dict.fromkeys(known)) == ["2016-annual", "2017-q1"]
    assert len(known) == 22
    assert demo_history(catalog, Period(2016, "annual")) == ()
    narrowed = demo_figures(catalog, Period(2017, "h1"), only=["maternity.*"])
    assert [f.indicator for f in narrowed] == ["maternity.participants", "maternity.beneficiaries"]


def test_a_period_that_was_not_published_is_refused():
    with pytest.raises(DisclosureError, match=r"2018年度.*2016年度、2017年1季度"):
        demo_figures(load_catalog("kunming-2017"), Period(2018, "annual"))
