"""Names that notices use are known in every insurance that has the indicator."""

import pytest

from disclosure.catalog import load_catalog

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
#: Alike in every insurance; 离退休人数 is two indicators of the enterprise pension and finds neither there.
ALIKE = ("in_service", "retired", "income", "expenditure", "accumulated_balance", "current_surplus")


@pytest.mark.parametrize("indicator", ALIKE)
def test_an_alias_of_one_insurance_is_one_of_all_that_share_the_indicator(indicator):
    sharing = [i for i in CATALOG.indicators.values() if i.id.partition(".")[2] == indicator]
    assert len(sharing) > 2
    spellings = {name for each in sharing for name in (each.name, *each.aliases)} - {"累计结余(含储备金)"}
    lacking = [
        (each.insurance, name)
        for each in sharing
        for name in sorted(spellings)
        if CATALOG.find_indicator(each.insurance, name) != each
        and len(CATALOG.indicators_named(each.insurance, name)) < 2
    ]
    assert lacking == []


@pytest.mark.parametrize(
    ("insurance", "name", "indicator"),
    [
        ("employee_pension", "退休", "retired"),
        ("employee_pension", "退休人数", "retired"),
        ("employee_pension", "退休人员", "retired"),
        ("employee_medical", "退休人数", "retired"),
        ("employee_pension", "月人均养老金", "monthly_average_pension"),
        ("all_insurances", "月缴费基数上限", "contribution_base_cap"),
        ("all_insurances", "月缴费基数下限", "contribution_base_floor"),
        ("work_injury", "享受保险待遇人数", "beneficiaries"),
    ],
)
def test_names_seen_in_print_are_known(insurance, name, indicator):
    found = CATALOG.find_indicator(insurance, name)
    assert found is not None
    assert found.id == f"{insurance}.{indicator}"


@pytest.mark.parametrize(("text", "unit"), [("家", "户"), ("万家", "万户")])
def test_employers_are_counted_in_households_too(text, unit):
    assert CATALOG.find_unit(text) is CATALOG.units[unit]
