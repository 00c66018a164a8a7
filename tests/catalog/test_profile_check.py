"""Checking a profile tells everything that is wrong with it at once, at the place where it is to be mended."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from disclosure.catalog import PROFILES
from disclosure.catalog.profile_check import check_profile

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "gaogang"
    shutil.copytree(PROFILES / "gaogang-2016", folder)
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_shipped_profiles_have_no_mistake_and_tell_what_they_change() -> None:
    for name in ("chuxiong", "gaogang-2016", "kunming-2017"):
        assert check_profile(name).mistakes == (), name
    changes = {(each.file, each.key): each for each in check_profile("gaogang-2016").changes}
    assert changes["identities", "identities"].added == ("R601", "R602")
    assert "employee_pension.socialised_payment" in changes["indicators", "indicators"].added
    assert any(told.startswith("work_injury.participants（") for told in changes["indicators", "indicators"].altered)


def test_mistakes_of_several_files_are_told_together_by_file_and_line(profile: Path) -> None:
    edit(profile / "profile.yaml", "publisher: 泰州市高港区人力资源和社会保障局\n", "")
    edit(profile / "regions.yaml", "level: prefecture", "level: city")
    edit(profile / "identities.yaml", "severity: critical", "severity: grave")
    found = check_profile(profile).mistakes
    assert any(told.startswith(f"{profile / 'profile.yaml'}") and "publisher 缺少这一项" in told for told in found)
    assert any(told.startswith(f"{profile / 'regions.yaml'} 第 4 行") for told in found)
    assert any("identities.yaml 第" in told and "severity" in told for told in found)
    assert not any(told.startswith("None") for told in found)


def test_nothing_is_ignored_in_silence(profile: Path) -> None:
    (profile / "indicator.yaml").write_text("indicators: {}\n", encoding="utf-8")
    (profile / "rules.yml").write_text("rules: {}\n", encoding="utf-8")
    edit(profile / "insurances.yaml", "insurances:", "insurance: {}\ninsurances:")
    found = "\n".join(check_profile(profile).mistakes)
    assert "indicator.yaml：不认识这个文件" in found
    assert "rules.yml：文件名应以 .yaml 结尾" in found
    assert "insurances.yaml 第 3 行：不认识 insurance" in found


def test_what_the_profile_must_give_is_not_blamed_on_the_program(profile: Path) -> None:
    (profile / "outlets.yaml").unlink()
    found = check_profile(profile).mistakes
    assert found
    assert all(told.startswith(str(profile)) for told in found), found


def test_parts_in_a_circle_and_a_name_of_two_indicators_are_told(profile: Path) -> None:
    edit(
        profile / "indicators.yaml",
        "    name: 离退休（职）社会化发放人数\n",
        "    name: 离退休（职）社会化发放人数\n    part_of: employee_pension.socialised_payment.retirees\n",
    )
    edit(profile / "indicators.yaml", "work_injury.contributors: {", "work_injury.contributors: {aliases: [参保人数], ")
    found = "\n".join(check_profile(profile).mistakes)
    assert "的 part_of 连成了圈" in found
    assert "“参保人数”也是 work_injury.participants 的叫法" in found


def test_what_was_mended_is_found_right_at_once(profile: Path) -> None:
    right = (profile / "regions.yaml").read_text(encoding="utf-8")
    edit(profile / "regions.yaml", "level: prefecture", "level: city")
    assert check_profile(profile).mistakes
    (profile / "regions.yaml").write_text(right, encoding="utf-8")
    assert check_profile(profile).mistakes == ()


def test_what_is_taken_away_is_told_as_such(profile: Path) -> None:
    edit(profile / "identities.yaml", "identities:\n", "identities:\n  R25: null\n")
    changes = {each.key: each for each in check_profile(profile).changes}
    assert changes["identities"].removed == ("R25",)
