"""Protects that an acceptance lets one datum through, and that what stands for a datum tells nothing without a key."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.catalog import load_catalog
from disclosure.confidentiality.personal_data import PersonalDatum, PersonalKind, find_personal_data
from disclosure.confidentiality.public_text import Acceptances, search_accepted, search_public_text
from disclosure.platform.cipher import Cipher

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
KEY = Cipher(Fernet.generate_key().decode())
NAMELESS = Acceptances(lambda: KEY)
MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


def digests(*data: PersonalDatum) -> frozenset[str]:
    return frozenset(NAMELESS.named(datum).digest for datum in data)


def mobile(number: str) -> PersonalDatum:
    return PersonalDatum(PersonalKind.MOBILE, "", number)


@settings(max_examples=20)
@given(st.sets(MOBILES, min_size=1, max_size=5), st.data())
def test_exactly_what_is_accepted_passes(numbers: set[str], data: st.DataObject) -> None:
    accepted = data.draw(st.sets(st.sampled_from(sorted(numbers))))
    acceptances = Acceptances(lambda: KEY, digests(*map(mobile, accepted)))
    texts = [f"请拨{number}。" for number in sorted(numbers)]
    assert {datum.value for datum in search_public_text(CATALOG, texts, acceptances)} == numbers - accepted
    assert {datum.value for datum in search_accepted(CATALOG, texts, acceptances)} == accepted


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("13987654321", "１３９-8765 4321"),
        ("13987654321", "一三九八七六五四三二一"),
        ("13987654321", "+86 139 8765 4321"),
        ("53230119850715002X", "53230119850715002x"),
        ("微信：zhang_san88", "微信号: ZHANG_SAN88"),
        ("wang.wu@qq.com", "Wang.Wu (at) qq [dot] com"),
        ("护照：e1234567 8", "护照号码 E12345678"),
        ("家住楚雄市鹿城镇团结路5号2栋301", "住址：楚雄市鹿城镇团结路５号 2栋 301"),
    ],
)
def test_a_datum_is_the_same_in_whatever_disguise(first: str, second: str) -> None:
    one, other = find_personal_data(first), find_personal_data(second)
    assert one
    assert digests(*one) == digests(*other)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("13987654321", "13987654322"),
        ("微信：zhangsan88", "微信：zhangsan89"),
        ("微信：123456789", "QQ：123456789"),
        ("wang.wu@qq.com", "wang.wu@163.com"),
        ("家住楚雄市鹿城镇团结路5号2栋301", "家住楚雄市鹿城镇团结路5号2栋302"),
        ("家住楚雄市鹿城镇团结路5号", "家住楚雄市鹿城镇团结路15号"),
        ("家庭电话：0878-3123456", "家庭电话：0878-3123457"),
    ],
)
def test_another_datum_is_another(first: str, second: str) -> None:
    assert digests(*find_personal_data(first)).isdisjoint(digests(*find_personal_data(second)))


def test_without_the_key_nothing_has_a_number_and_nothing_is_accepted() -> None:
    (found,) = search_public_text(CATALOG, ["请拨13987654321"])
    assert (found.digest, str(found)) == ("", "手机号码（139****4321）")
    other = Acceptances(lambda: Cipher(Fernet.generate_key().decode()), digests(found))
    assert search_public_text(CATALOG, ["请拨13987654321"], other) == (found,), "the digests are another key's"


def test_a_datum_is_not_shown_by_itself() -> None:
    (found,) = find_personal_data("请拨13987654321")
    assert "13987654321" not in f"{found} {found!r}"
