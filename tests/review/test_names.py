"""Protects second eyes from the ways a name is written: spaces, 和, brackets, and two people in one cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.review.names import people_named, spell

pytestmark = pytest.mark.unit

#: Enrolled: among them a name with 和 in it, one that begins another, and one with a space.
ENROLLED = ["郑法规", "郑法", "张和平", "欧阳法规", "John Smith", "王·小明"]
BETWEEN = ["、", "，", ",", "；", ";", "／", "/", "和", " 和 ", "与", "及", " ", "\u3000", "\n", "以及", "\u3000、"]
TITLES = ["", "（兼）", "(经办)", "【代】", " （兼）"]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("", set()),
        (" 、 ", set()),
        ("张三", {"张三"}),
        ("张　三、李 四 ,王五", {"张三", "李四", "王五"}),
        ("郑　法规", {"郑法规"}),
        ("郑法规（兼）", {"郑法规"}),
        ("王二和郑法规", {"王二", "郑法规"}),
        ("郑法规 王二", {"郑法规", "王二"}),
        ("郑 法 规及张和平", {"郑法规", "张和平"}),
        ("张和平和郑法", {"张和平", "郑法"}),
        ("john　smith/王二", {"johnsmith", "王二"}),
        ("郑法规\u200b、郑\u200b法", {"郑法规", "郑法"}),
        # Nobody enrolled: a space is within one name, and a word between two names of two characters parts them.
        ("王 五", {"王五"}),
        ("王五和赵六", {"王五", "赵六"}),
        ("李和平", {"李和平"}),
        ("郑法规定", {"郑法规定"}),
    ],
)
def test_names_in_one_cell(written: str, names: set[str]) -> None:
    assert people_named(written, ENROLLED) == names


@given(
    people=st.lists(st.sampled_from(ENROLLED), min_size=1, max_size=4),
    between=st.sampled_from(BETWEEN),
    title=st.sampled_from(TITLES),
    inner=st.sampled_from(["", " ", "\u3000"]),
)
def test_whoever_is_enrolled_is_found_however_the_cell_is_written(
    people: list[str], between: str, title: str, inner: str
) -> None:
    written = between.join(inner.join(name.replace(" ", "")) + title for name in people)
    assert people_named(written, ENROLLED) == {spell(name) for name in people}


@given(written=st.text(alphabet="郑法规张和平与及 \u3000、，/（）兼王五a", max_size=12))
def test_any_text_names_people_without_spaces(written: str) -> None:
    named = people_named(written, ENROLLED)
    assert all(name and name == spell(name) for name in named)
    # Whoever is not enrolled changes nothing of who is.
    assert named & {spell(name) for name in ENROLLED} <= people_named(f"{written}、赵六", ENROLLED)
