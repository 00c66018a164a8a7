"""Protects the 20-working-day clocks: the national calendar day by day, local days above it, unknown years refused.

``tests/data/holidays_national_2024_2026.csv`` is the State Council's notices, entered by hand; its last column
names the notice each day comes from.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.calendar.holidays import Holiday, Holidays
from disclosure.calendar.workdays import (
    NATIONAL_HOLIDAYS,
    WorkingDay,
    add_workdays,
    count_workdays,
    is_probable_workday,
    is_workday,
    missing_holidays,
    missing_local_holidays,
    on_or_before,
    probable_workdays,
    shifted,
)
from disclosure.catalog import PROFILES, HolidayCorrection, load_catalog
from disclosure.platform.errors import DisclosureError

pytestmark = pytest.mark.unit

NOTICES = Path(__file__).parent.parent / "data" / "holidays_national_2024_2026.csv"
CHUXIONG = load_catalog("chuxiong").holidays
NONE = Holidays()
KNOWN_DAYS = st.dates(dt.date(2024, 3, 1), dt.date(2026, 9, 1))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def own_days(**kinds: str) -> Holidays:
    """``own_days(_2027_01_01="off 元旦")`` as a profile would write it."""
    found = {}
    for key, value in kinds.items():
        date, (kind, name) = key.strip("_").replace("_", "-"), value.split()
        found[date] = Holiday.model_validate({"date": date, "kind": kind, "name": name})
    return Holidays(found, "profile/holidays.yaml")


def year_2027(without: str = "", **more: str) -> Holidays:
    """One made-up day off for each national holiday, to say that the year has been entered."""
    days = {f"_2027_{month:02}_10": f"off {name}" for month, name in enumerate(NATIONAL_HOLIDAYS, 1) if name != without}
    return own_days(**days, **more)


def test_every_day_of_three_years_is_as_the_notices_say() -> None:
    with NOTICES.open(encoding="utf-8", newline="") as file:
        notices = {row["date"]: row["kind"] for row in csv.DictReader(file)}
    assert len(notices) > 100

    differing = []
    for ordinal in range(day("2024-01-01").toordinal(), day("2026-12-31").toordinal() + 1):
        date = dt.date.fromordinal(ordinal)
        expected = notices.get(date.isoformat(), "work" if date.weekday() < 5 else "off") == "work"
        if is_workday(date, NONE) != expected:
            differing.append(date)
    assert differing == []


@pytest.mark.parametrize(
    ("start", "limit"),
    [
        # 春节 2024. 2 Feb =1; Sun 4 (make-up) =2; 5-9 =7; off 10-17; Sun 18 (make-up) =8; 19-23 =13;
        # 26-1 March =18; 4, 5 =20
        ("2024-02-01", "2024-03-05"),
        # 清明, 州庆 and 劳动节 2024. Off 15, 16 April (州庆); 17-19 =3; 22-26 =8; Sun 28 (make-up) =9; 29, 30 =11;
        # off 1-5 May; 6-10 =16; Sat 11 (make-up) =17; 13-15 =20
        ("2024-04-12", "2024-05-15"),
        # 火把节 2024. 11, 12 July =2; 15-19 =7; 22-26 =12; off 29-31; 1, 2 Aug =14; 5-9 =19; 12 =20
        ("2024-07-10", "2024-08-12"),
        # 国庆 2024. 23-27 Sept =5; Sun 29 (make-up) =6; 30 =7; off 1-7 Oct; 8-11 =11; Sat 12 (make-up) =12;
        # 14-18 =17; 21-23 =20
        ("2024-09-20", "2024-10-23"),
        # 彝族年 2024. 6 Dec =1; 9-13 =6; 16-20 =11; off 21-24; 25-27 =14; 30, 31 =16; off 1 Jan; 2, 3 =18; 6, 7 =20
        ("2024-12-05", "2025-01-07"),
        # 清明 and 州庆 2025. 31 March =1; 1-3 April =4; off 4-6; 7-11 =9; off 14, 15 (州庆); 16-18 =12; 21-25 =17;
        # Sun 27 (make-up) =18; 28, 29 =20
        ("2025-03-28", "2025-04-29"),
        # 春节 2026. 9-13 Feb =5; Sat 14 (make-up) =6; off 15-23; 24-27 =10; Sat 28 (make-up) =11; 2-6 March =16;
        # 9-12 =20
        ("2026-02-06", "2026-03-12"),
        # 劳动节 2026. 20-24 April =5; 27-30 =9; off 1-5 May; 6-8 =12; Sat 9 (make-up) =13; 11-15 =18; 18, 19 =20
        ("2026-04-17", "2026-05-19"),
        # 中秋 and 国庆 2026. 17, 18 Sept =2; Sun 20 (make-up) =3; 21-24 =7; off 25-27; 28-30 =10; off 1-7 Oct;
        # 8, 9 =12; Sat 10 (make-up) =13; 12-16 =18; 19, 20 =20
        ("2026-09-16", "2026-10-20"),
    ],
)
def test_twenty_working_days_in_chuxiong_counted_by_hand(start: str, limit: str) -> None:
    assert add_workdays(day(start), 20, CHUXIONG) == day(limit)
    assert count_workdays(day(start), day(limit), CHUXIONG) == 20


@pytest.mark.parametrize(
    ("start", "limit"),
    [
        # 21-24 January, Sunday 26 (make-up), 27; off to 4 February; 5-7, Saturday 8 (make-up), 10-14, 17-21
        ("2025-01-20", "2025-02-21"),
        # 23-26 September, Sunday 28 (make-up), 29, 30; off to 8 October; 9, 10, Saturday 11 (make-up), 13-17, 20-24
        ("2025-09-22", "2025-10-24"),
        # from a day off: Wednesday 1 October; 9, 10, 11 (make-up), 13-17, 20-24, 27-31, 3-4 November
        ("2025-10-01", "2025-11-04"),
    ],
    ids=["Spring Festival", "National Day", "from a day off"],
)
def test_twenty_working_days_counted_by_hand(start: str, limit: str) -> None:
    assert add_workdays(day(start), 20, NONE) == day(limit)


def test_torch_festival_moves_the_limit_by_three_working_days() -> None:
    # 2-4, 7-11, 14-18, 21-25, 28-29 July where 16-18 July are ordinary days
    assert add_workdays(day("2025-07-01"), 20, NONE) == day("2025-07-29")
    assert add_workdays(day("2025-07-01"), 20, CHUXIONG) == day("2025-08-01")
    assert count_workdays(day("2025-07-29"), day("2025-08-01"), NONE) == 3


def test_own_days_stand_above_the_national_calendar() -> None:
    assert not is_workday(day("2025-04-14"), CHUXIONG)
    assert is_workday(day("2025-04-14"), NONE)
    assert is_workday(day("2025-10-01"), own_days(_2025_10_01="work 更正"))


def test_a_correction_stands_above_the_profiles_own_day(tmp_path: Path) -> None:
    (tmp_path / "profile.yaml").write_text((PROFILES / "chuxiong" / "profile.yaml").read_text(encoding="utf-8"))
    (tmp_path / "regions.yaml").write_text((PROFILES / "chuxiong" / "regions.yaml").read_text(encoding="utf-8"))
    (tmp_path / "outlets.yaml").write_text((PROFILES / "chuxiong" / "outlets.yaml").read_text(encoding="utf-8"))
    written = (PROFILES / "chuxiong" / "holidays.yaml").read_text(encoding="utf-8")
    (tmp_path / "holidays.yaml").write_text(
        f"{written}\ncorrections:\n"
        '  "2025-07-18": {kind: work, name: 火把节, reason: 通知更正，只放两天, source: 楚雄州政府办 2025-07-01}\n'
        '  "2025-10-11": {kind: off, name: 国庆节, reason: 停电检修, source: 州局通知}\n',
        encoding="utf-8",
    )
    corrected = load_catalog(tmp_path).holidays
    assert is_workday(day("2025-07-18"), corrected)
    assert not is_workday(day("2025-07-17"), corrected)
    assert not is_workday(day("2025-10-11"), corrected)
    assert isinstance(corrected["2025-07-18"], HolidayCorrection)


@pytest.mark.parametrize("missing", ["reason", "source"])
def test_a_correction_says_why_and_on_whose_word(tmp_path: Path, missing: str) -> None:
    fields = {"kind": "work", "name": "火把节", "reason": "通知更正", "source": "州政府办"}
    del fields[missing]
    (tmp_path / "profile.yaml").write_text((PROFILES / "chuxiong" / "profile.yaml").read_text(encoding="utf-8"))
    (tmp_path / "regions.yaml").write_text((PROFILES / "chuxiong" / "regions.yaml").read_text(encoding="utf-8"))
    (tmp_path / "outlets.yaml").write_text((PROFILES / "chuxiong" / "outlets.yaml").read_text(encoding="utf-8"))
    (tmp_path / "holidays.yaml").write_text(f'corrections:\n  "2025-07-18": {fields}\n'.replace("'", '"'))
    with pytest.raises(DisclosureError, match=rf"holidays\.yaml 第 2 行：.*{missing} 缺少这一项"):
        load_catalog(tmp_path)


def test_neighbouring_working_days_skip_a_holiday() -> None:
    assert add_workdays(day("2025-10-09"), -1, NONE) == day("2025-09-30")
    assert add_workdays(day("2025-09-30"), 1, NONE) == day("2025-10-09")
    assert add_workdays(day("2025-07-15"), 1, CHUXIONG) == day("2025-07-21")


def test_a_year_nobody_knows_is_refused_with_what_to_fill_in() -> None:
    told = r"2027年.*holidays\.yaml.*元旦、春节.*2027-01-01.*kind: off"
    with pytest.raises(DisclosureError, match=told) as caught:
        add_workdays(day("2026-12-25"), 20, CHUXIONG)
    assert CHUXIONG.place in str(caught.value)
    assert "disclosure profile own" in CHUXIONG.place
    with pytest.raises(DisclosureError, match=told):
        count_workdays(day("2026-12-25"), day("2027-01-05"), CHUXIONG)


def test_what_is_only_shown_of_an_unknown_year_says_that_it_is_provisional() -> None:
    # A Sunday of 2027 might be a make-up day: it stays where it is.
    shown = on_or_before(day("2027-02-28"), CHUXIONG)
    assert (shown.day, shown.is_provisional) == (day("2027-02-28"), True)
    with pytest.raises(DisclosureError, match="2027年"):
        shown.binding()
    # Monday to Friday count meanwhile: 28-31 December, then 1 January, a Friday.
    assert shifted(day("2026-12-27"), 5, CHUXIONG) == WorkingDay(day("2027-01-01"), shown.unknown)
    assert probable_workdays(day("2026-12-27"), day("2027-01-01"), CHUXIONG) == 5
    assert is_probable_workday(day("2027-01-01"), CHUXIONG)
    certain = on_or_before(day("2026-05-10"), CHUXIONG)
    assert (certain, certain.binding()) == (WorkingDay(day("2026-05-09")), day("2026-05-09"))


@given(
    start=st.dates(dt.date(1990, 1, 1), dt.date(2050, 12, 31)),
    days=st.integers(-900, 900),
    holidays=st.sampled_from(
        (
            NONE,
            CHUXIONG,
            year_2027(),
            Holidays(CHUXIONG.days, unpublished=frozenset({2025})),
            own_days(_2030_01_05="work 调休"),
        )
    ),
)
def test_days_shown_are_counted_as_one_by_one_however_far_apart(start, days, holidays):
    end = start + dt.timedelta(days=days)
    first, last = sorted((start, end))
    between = [first + dt.timedelta(days=n) for n in range(1, (last - first).days + 1)]
    one_by_one = sum(is_probable_workday(one, holidays) for one in between)
    assert probable_workdays(start, end, holidays) == (one_by_one if days > 0 else -one_by_one)


def test_own_holidays_that_other_years_have_are_missed() -> None:
    assert missing_local_holidays(2024, CHUXIONG) == ()
    assert missing_local_holidays(2025, CHUXIONG) == ("彝族年",)
    assert set(missing_local_holidays(2026, CHUXIONG)) == {"自治州成立纪念日", "火把节", "彝族年"}
    assert missing_local_holidays(2027, year_2027()) == ()


@pytest.mark.parametrize("forgotten", NATIONAL_HOLIDAYS)
def test_a_year_with_one_national_holiday_missing_is_still_refused(forgotten: str) -> None:
    assert missing_holidays(2027, year_2027(without=forgotten)) == (forgotten,)
    with pytest.raises(DisclosureError, match=forgotten):
        is_workday(day("2027-12-01"), year_2027(without=forgotten))


def test_a_year_entered_in_full_follows_the_profile_and_the_week() -> None:
    entered = year_2027(_2027_12_04="work 补班")
    assert missing_holidays(2027, entered) == ()
    assert not is_workday(day("2027-03-10"), entered)  # a Wednesday, entered as a day off
    assert is_workday(day("2027-12-03"), entered)  # a Friday
    assert is_workday(day("2027-12-04"), entered)  # a Saturday, entered as a working day
    assert not is_workday(day("2027-12-05"), entered)  # a Sunday


def test_a_moment_is_not_a_day() -> None:
    with pytest.raises(TypeError, match="Asia/Shanghai"):
        is_workday(dt.datetime(2025, 4, 14, 23, 30, tzinfo=dt.UTC), CHUXIONG)


@given(start=KNOWN_DAYS, count=st.integers(-40, 40).filter(bool))
def test_counting_undoes_adding(start: dt.date, count: int) -> None:
    end = add_workdays(start, count, CHUXIONG)
    assert is_workday(end, CHUXIONG)
    if count > 0 or is_workday(start, CHUXIONG):
        assert count_workdays(start, end, CHUXIONG) == count


@given(days=st.lists(KNOWN_DAYS, min_size=3, max_size=3).map(sorted))
def test_counts_of_adjoining_spans_add_up(days: list[dt.date]) -> None:
    first, middle, last = days
    parts = count_workdays(first, middle, CHUXIONG) + count_workdays(middle, last, CHUXIONG)
    assert parts == count_workdays(first, last, CHUXIONG)
