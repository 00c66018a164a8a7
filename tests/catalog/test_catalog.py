"""The catalogue: mistakes are told with file and line, profiles overlay it, and no statutory indicator is missing.

``tests/data/indicator_list.csv`` is the list of indicators that published disclosures carry (人社部发〔2014〕82号 and
the work-injury items 35-40 of the openness catalogue), each with its id in the catalogue.
"""

import csv
import datetime as dt
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import BASE, PROFILES, load_catalog, normalise
from disclosure.catalog.loading import forget_changed_catalogs
from disclosure.platform.errors import DisclosureError

pytestmark = pytest.mark.unit

CHUXIONG = load_catalog("chuxiong")
INDICATOR_LIST = list(
    csv.DictReader((Path(__file__).parents[1] / "data" / "indicator_list.csv").read_text(encoding="utf-8").splitlines())
)
DEMANDS = {"Y": "required", "opt": "optional", "N": "none", "": "none"}


@pytest.fixture
def profile(tmp_path):
    """A copy of 楚雄's profile to spoil: ``profile(file, old, new)`` returns the line of ``new``."""
    folder = tmp_path / "profile"
    shutil.copytree(CHUXIONG.folder, folder)

    def change(name, old, new):
        file = folder / name
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        assert old in text
        changed = text.replace(old, new, 1) if old else new
        file.write_text(changed, encoding="utf-8")
        return changed[: changed.index(new)].count("\n") + 1

    change.folder = folder
    return change


def complaint(profile):
    with pytest.raises(DisclosureError) as refused:
        load_catalog(profile.folder)
    return str(refused.value)


# --- what must be there ---------------------------------------------------------------------------------------------


def test_the_list_is_whole():
    assert len(INDICATOR_LIST) == 216
    assert sum(row["priority"] in ("core", "catalogue") for row in INDICATOR_LIST) == 136
    assert len({row["id"] for row in INDICATOR_LIST}) == 216


@pytest.mark.parametrize("row", INDICATOR_LIST, ids=lambda row: row["code"])
def test_every_indicator_of_the_list_is_in_the_catalogue(row):
    indicator = CHUXIONG.indicators[row["id"]]
    kind = {"flow(YTD)": "flow", "period": "level"}.get(row["kind"], row["kind"])
    if row["code"] == "ALL.rates":
        # Two rates in one cell, 单位 and 个人: text.
        assert (indicator.kind, indicator.unit) == ("text", "")
    else:
        assert (indicator.kind, indicator.unit) == (kind, row["unit"])
    assert indicator.priority == row["priority"]
    assert (indicator.annual, indicator.quarterly) == (DEMANDS[row["annual"]], DEMANDS[row["quarterly"]])
    assert CHUXIONG.insurances[indicator.insurance].name == row["insurance"].replace("(", "（").replace(")", "）")


def test_chuxiong_reports_all_core_and_catalogue_indicators_but_those_it_gives_a_reason_for():
    left_out = {
        row["id"]
        for row in INDICATOR_LIST
        if row["priority"] in ("core", "catalogue") and row["id"] not in CHUXIONG.reported
    }
    assert left_out
    assert all(name.startswith("maternity.") for name in left_out)
    assert all("合并" in reason for reason in CHUXIONG.profile.indicators.except_.values())


def test_chuxiong_is_the_prefecture_its_own_level_and_ten_counties():
    assert CHUXIONG.prefecture.code == "532300"
    levels = [region.level for region in CHUXIONG.parts_of_prefecture]
    assert (levels.count("own"), levels.count("county")) == (1, 10)
    county = CHUXIONG.indicators["employee_pension.participants"]
    assert len(CHUXIONG.regions_for(county)) == 12
    assert CHUXIONG.regions_for(CHUXIONG.indicators["employee_pension.income"]) == (CHUXIONG.prefecture,)


@pytest.mark.parametrize("name", ["532302", "532331", "禄丰市", "禄丰县", " 禄丰市 ", "５３２３３１"])
def test_lufeng_is_found_by_its_old_code_and_name_too(name):
    assert CHUXIONG.find_region(name).code == "532302"


@pytest.mark.parametrize("name", sorted(path.parent.name for path in PROFILES.glob("*/profile.yaml")))
def test_every_shipped_profile_loads_and_can_be_demonstrated(name):
    catalog = load_catalog(name)
    assert catalog.profile.id == name
    assert catalog.reported
    assert catalog.centres
    year, kind = catalog.profile.demo_period.split("-")
    assert catalog.indicators_for(Period(int(year), kind))
    assert set(catalog.cycles) >= set(catalog.profile.cycles)


def test_milestones_fall_in_the_year_after_for_annual_figures():
    annual = CHUXIONG.milestones(Period(2025, "annual"))
    assert (annual["draft"], annual["publish"]) == (dt.date(2026, 2, 25), dt.date(2026, 3, 15))
    assert CHUXIONG.milestones(Period(2025, "q3"))["publish"] == dt.date(2025, 11, 15)
    assert CHUXIONG.milestones(Period(2025, "special", "工伤")) == {}


# --- asking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        ("68.1 其中:参保农民工", "其中：参保农民工"),
        ("参保人数(含退休)", "参保人数（含退休）"),
        (" 享受 待遇人数 ", "享受待遇人数"),
        ("１０ 基金收入", "基金收入"),
    ],
)
def test_spellings_that_differ_in_width_space_or_number_are_one_name(spelling, same):
    assert normalise(spelling) == normalise(same)


def test_words_are_never_dropped_from_a_name():
    assert normalise("其中：参保人数") != normalise("参保人数")
    assert CHUXIONG.find_indicator("work_injury", "参保人") is None
    assert CHUXIONG.find_indicator("maternity", "参保农民工") is None


def test_a_name_that_two_share_finds_neither():
    assert CHUXIONG.find_indicator("employee_pension", "离退休人数") is None
    assert CHUXIONG.find_indicator("employee_medical", "离退休人数").id == "employee_medical.retired"


def test_indicators_are_asked_for_by_period_centre_and_selection():
    annual, quarter = Period(2025, "annual"), Period(2025, "q1")
    texts = {i.id for i in CHUXIONG.indicators_for(annual)} - {i.id for i in CHUXIONG.indicators_for(quarter)}
    assert "all_insurances.violations_found" in texts
    assert {i.centre for i in CHUXIONG.indicators_for(annual, centre="employment_centre")} == {"employment_centre"}
    special = CHUXIONG.indicators_for(Period(2025, "special", "工伤"), only=["work_injury.medical_treatment.*"])
    assert [i.id.rpartition(".")[2] for i in special] == ["amount", "person_times"]
    assert {i.demand("special") for i in special} == {"optional"}


def test_decimals_are_the_indicators_or_else_the_units():
    indicator = CHUXIONG.indicators["employee_pension.income"]
    assert CHUXIONG.decimals(indicator) == CHUXIONG.units["万元"].decimals == 2
    assert CHUXIONG.decimals(indicator.model_copy(update={"decimals": 0})) == 0
    assert CHUXIONG.decimals(CHUXIONG.indicators["all_insurances.violations_found"]) == 0


def test_where_a_profile_names_its_indicators_their_order_is_the_printed_one():
    names = ("work_injury.income", "employee_pension.retired", "employee_pension.participants")
    selection = CHUXIONG.profile.indicators.model_copy(update={"only": names})
    catalog = replace(CHUXIONG, profile=CHUXIONG.profile.model_copy(update={"indicators": selection}))
    assert tuple(catalog.reported) == names


# --- overlaying -----------------------------------------------------------------------------------------------------


def test_an_overlay_changes_what_it_names_and_leaves_the_rest(profile):
    profile(
        "indicators.yaml",
        "",
        "indicators:\n"
        "  work_injury.income: {name: 收入合计, aliases: [总收入], part_of: null}\n"
        "  work_injury.employers: null\n"
        "  work_injury.new_one: {insurance: work_injury, section: other, name: 新指标, kind: stock, unit: 人,"
        " centre: social_insurance_centre}\n",
    )
    catalog = load_catalog(profile.folder)
    old, new = CHUXIONG.indicators["work_injury.income"], catalog.indicators["work_injury.income"]
    assert (new.name, new.aliases) == ("收入合计", ("总收入",))
    assert new.model_copy(update={"name": old.name, "aliases": old.aliases}) == old
    assert "work_injury.employers" not in catalog.indicators
    assert "work_injury.new_one" in catalog.reported
    untouched = set(CHUXIONG.indicators) - {"work_injury.income", "work_injury.employers"}
    assert all(catalog.indicators[name] == CHUXIONG.indicators[name] for name in untouched)


def test_a_catalogue_is_read_anew_once_a_file_of_it_changed(profile):
    before = load_catalog(profile.folder)
    forget_changed_catalogs()
    assert load_catalog(profile.folder) is before
    profile("indicators.yaml", "", "indicators: {work_injury.income: {name: 收入合计}}\n")
    forget_changed_catalogs()
    assert load_catalog(profile.folder).indicators["work_injury.income"].name == "收入合计"


def test_an_office_renamed_keeps_its_duty():
    base = load_catalog("gaogang-2016").offices["publicity_section"]
    assert base.name == CHUXIONG.offices["publicity_section"].name
    assert CHUXIONG.offices["employment_centre"].name == "州就业中心"
    assert "失业保险" in CHUXIONG.offices["employment_centre"].duty


def test_the_order_of_the_base_is_kept():
    assert list(CHUXIONG.offices)[:4] == [
        "social_insurance_centre",
        "employment_centre",
        "medical_centre",
        "institution_pension_centre",
    ]


def test_loaded_facts_cannot_be_changed():
    assert isinstance(CHUXIONG.indicators, MappingProxyType)
    with pytest.raises(TypeError):
        CHUXIONG.indicators["x"] = None
    with pytest.raises(ValueError, match="frozen"):
        CHUXIONG.prefecture.name = "别处"
    assert CHUXIONG.units["万元"].factor == Decimal(10000)


# --- mistakes -------------------------------------------------------------------------------------------------------

NEW = "  work_injury.new_one: {insurance: %s, section: %s, name: 新, kind: %s, unit: %s, centre: %s%s}\n"
GOOD = ("work_injury", "funds", "stock", "人", "social_insurance_centre", "")


@pytest.mark.parametrize(
    ("place", "given", "told"),
    [
        (0, "accident", ["险种", "accident"]),
        (1, "history", ["章节", "history"]),
        (2, "count", ["kind", "应为", "'stock'", "count"]),
        (3, "百人", ["计量单位", "百人"]),
        (4, "somebody", ["科室", "somebody"]),
        (5, ", part_of: work_injury.none", ["part_of", "work_injury.none"]),
        (5, ", prioritty: core", ["prioritty", "不认识"]),
        (5, ", decimals: 两位", ["decimals", "整数", "两位"]),
        (5, ", by_county: 是", ["by_county", "true 或 false"]),
        (5, ", annual: maybe", ["annual", "maybe"]),
    ],
)
def test_a_wrong_indicator_is_told_with_file_and_line(profile, place, given, told):
    values = [*GOOD[:place], given, *GOOD[place + 1 :]]
    profile("indicators.yaml", "", "# 本州的指标\nindicators:\n" + NEW % tuple(values))
    said = complaint(profile)
    assert f"{profile.folder / 'indicators.yaml'} 第 3 行" in said
    assert all(word in said for word in told)


def test_a_mistake_in_an_overlay_points_to_the_overlay_not_the_base(profile):
    profile("indicators.yaml", "", "indicators:\n  work_injury.income:\n    unit: 百元\n")
    said = complaint(profile)
    assert f"{profile.folder / 'indicators.yaml'} 第 3 行" in said
    assert "百元" in said
    assert str(BASE / "indicators") not in said


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("profile.yaml", "demo_figures_are: sample", "demo_figures_are: invented", ["demo_figures_are", "invented"]),
        ("profile.yaml", "title: 楚雄州社会保险信息披露", 'title: ""', ["title", "不能为空"]),
        ("profile.yaml", "short_title:", "shorttitle:", ["shorttitle", "不认识"]),
        ("regions.yaml", '"532301": {name: 楚雄市', '"53230": {name: 楚雄市', ["53230", "样式"]),
        ("regions.yaml", "level: own", "level: town", ["level", "town"]),
        ("holidays.yaml", '"2024-04-15": {kind: off', '"2024-04-15": {kind: rest', ["2024-04-15", "rest"]),
        ("regions.yaml", '"532301": {name: 楚雄市, level: county}', '"532301": 楚雄市', ["532301", "键: 值"]),
        ("organisation.yaml", "{name: 州就业中心}", "{name: 州就业中心, name: 就业局}", ["name", "两次"]),
        ("organisation.yaml", "{name: 州就业中心}", "{name: 州就业中心", ["YAML"]),
    ],
)
def test_a_wrong_value_is_told_with_file_and_line(profile, name, old, new, told):
    line = profile(name, old, new)
    said = complaint(profile)
    if "YAML" in told:
        # An open bracket is noticed where the text stops making sense, on this line or the next.
        assert f"第 {line} 行" in said or f"第 {line + 1} 行" in said
    else:
        assert f"第 {line} 行" in said
    assert name in said
    assert all(word in said for word in told)


def test_a_missing_entry_is_told(profile):
    profile("profile.yaml", "publisher: 楚雄州人力资源和社会保障局\n", "")
    said = complaint(profile)
    assert "publisher" in said
    assert "缺少" in said


def test_all_mistakes_of_a_file_are_told_at_once(profile):
    first = profile("regions.yaml", "level: own", "level: town")
    second = profile("regions.yaml", "双柏县, level: county", "双柏县, level: village")
    said = complaint(profile)
    assert f"第 {first} 行" in said
    assert f"第 {second} 行" in said


def test_there_is_exactly_one_prefecture(profile):
    profile("regions.yaml", "level: own", "level: prefecture")
    assert "正好有一个" in complaint(profile)


@pytest.mark.parametrize("group", ["only", "also"])
def test_a_selection_of_nothing_is_told(profile, group):
    profile("profile.yaml", "  priorities: [core, catalogue]\n", "  priorities: []\n")
    profile("profile.yaml", "  also:\n", f"  {group}:\n    - work_injury.nothing\n")
    assert "work_injury.nothing" in complaint(profile)


def test_an_identity_of_unknown_indicators_and_a_role_of_no_office_are_told(profile):
    profile(
        "identities.yaml",
        "",
        "identities:\n  R699: {name: 甲, for_each: [maternity], total: income, parts: [income.gifts],"
        " severity: critical, description: 乙, reason: 丙, source: 丁}\n",
    )
    profile("organisation.yaml", "offices:", "roles:\n  leader: {offices: [nobody]}\noffices:")
    said = complaint(profile)
    assert f"{profile.folder / 'identities.yaml'} 第 2 行" in said
    assert "maternity.income.gifts" in said
    # Under the line that names the file's schema.
    assert f"{profile.folder / 'organisation.yaml'} 第 3 行" in said
    assert "nobody" in said


def test_a_gate_in_the_hands_of_two_offices_is_told(profile):
    two = "roles:\n  leader: {offices: [policy_section, finance_section]}\noffices:"
    profile("organisation.yaml", "offices:", two)
    assert "局领导审核的角色 leader 应当只属于一个科室" in complaint(profile)


def test_a_gate_whose_reviewer_sees_nothing_or_has_no_date_is_told(profile):
    profile("access.yaml", "", "embargo:\n  policy_reviewer: null\n  leader: {briefing: own}\n")
    profile("cycles.yaml", "", "milestones:\n  confidentiality: {roles: [supervisor]}\n")
    said = complaint(profile)
    for gate, role in (("政策审核", "policy_reviewer"), ("局领导审核", "leader")):
        assert f"{gate}由角色 {role} 作出，embargo 中它的 briefing（审核材料）应为 at_gate 或 always。" in said
    assert "access.yaml 第 3 行：局领导审核由" in said
    assert "保密性审核的角色 confidentiality_reviewer 应当写进它那个节点的 roles。" in said
    assert "数据审核" not in said


RATIO = (
    "ratios:\n  {number}: {{name: 甲, for_each: [maternity], quotients: [{{name: 乙, numerator: [{above}],"
    " denominator: [participants]}}], {bounds}severity: info, description: 丙, reason: 丁, source: 戊}}\n"
)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"number": "R699", "above": "gifts", "bounds": "low: 1, high: 2, "}, "maternity.gifts"),
        ({"number": "R699", "above": "beneficiaries", "bounds": ""}, "应只有一个，并写明 low 与 high"),
        ({"number": "R50", "above": "beneficiaries", "bounds": "low: 1, high: 2, "}, "编号 R50 已有另一条规则使用"),
    ],
)
def test_a_ratio_that_cannot_be_checked_is_told(profile, written, sentence):
    profile("ratios.yaml", "", RATIO.format(**written))
    said = complaint(profile)
    assert sentence in said
    assert f"{profile.folder / 'ratios.yaml'} 第 2 行" in said


def test_a_milestone_too_few_is_told(profile):
    profile("cycles.yaml", "", "milestones:\n  review: null\n")
    said = complaint(profile)
    assert "正好有这六个节点" in said
    assert "draft、compile、review、confidentiality、sign_off、publish" in said


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("ahead: []", "ahead"),
        ("ahead: [50]", "ahead"),
        ('not_before: "25:00"', "not_before"),
        ("head_after: 0", "head"),
    ],
)
def test_reminder_rules_that_make_no_sense_are_told(profile, given, told):
    profile("reminders.yaml", "", f"# 本州的提醒\n{given}\n")
    said = complaint(profile)
    assert f"{profile.folder / 'reminders.yaml'} 第 2 行" in said
    assert told in said


def test_an_unknown_profile_lists_those_that_exist():
    with pytest.raises(DisclosureError, match=r"atlantis.*chuxiong.*gaogang-2016.*kunming-2017"):
        load_catalog("atlantis")


def test_a_special_cycle_requires_what_it_was_opened_for():
    asked, period = CHUXIONG.indicators["work_injury.referrals"], Period(2025, "special", "工伤")
    assert CHUXIONG.requires(asked, period, ["work_injury.*"])
    assert not CHUXIONG.requires(asked, period, ["unemployment.*"])
    assert not CHUXIONG.requires(asked, period)
