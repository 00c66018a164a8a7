"""Protects: who may act for whom and until when, and that a lost or disabled person's codes stop working."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyotp
import pytest
from sqlalchemy.orm import Session

from disclosure.catalog import load_catalog
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.review import people
from disclosure.review.people import check_code, roles_of

pytestmark = pytest.mark.records

NOON = dt.datetime(2026, 3, 4, 4, tzinfo=dt.UTC)
USE = people.CodeUse("policy/approved")


@pytest.fixture
def installation(tmp_path: Path, records_url: str) -> Installation:
    """Somebody of policy and somebody of finance."""
    made = Installation(Settings(home=tmp_path, profile="chuxiong", database_url=records_url))
    with made.records.write() as session:
        people.enrol(session, made.catalog, made.cipher, "郑法规", "政策法规科")
        people.enrol(session, made.catalog, made.cipher, "钱财务", "规划财务科")
    return made


def roles(session: Session, name: str, now: dt.datetime = NOON) -> tuple[str, ...]:
    person = people.find_person(session, name)
    assert person is not None
    return roles_of(session, load_catalog("chuxiong"), person, now)


def test_a_substitute_acts_from_the_first_to_the_last_day_of_shanghai(installation: Installation) -> None:
    with installation.records.write() as session:
        people.substitute(session, "钱财务", "郑法规", dt.date(2026, 3, 4), dt.date(2026, 3, 5))
        # 2026-03-03 23:59 and 2026-03-06 00:00 in Shanghai are 15:59 and 16:00 UTC.
        before = dt.datetime(2026, 3, 3, 15, 59, tzinfo=dt.UTC)
        after = dt.datetime(2026, 3, 5, 16, 0, tzinfo=dt.UTC)
        assert roles(session, "钱财务", before) == ("finance_reviewer",)
        assert roles(session, "钱财务", before + dt.timedelta(minutes=1)) == ("finance_reviewer", "policy_reviewer")
        assert roles(session, "钱财务", after - dt.timedelta(minutes=1)) == ("finance_reviewer", "policy_reviewer")
        assert roles(session, "钱财务", after) == ("finance_reviewer",)
        assert roles(session, "郑法规", NOON) == ("policy_reviewer",)


@pytest.mark.parametrize(
    ("name", "absent", "last", "words"),
    [
        ("钱财务", "钱财务", dt.date(2026, 3, 5), "不能代自己"),
        ("钱财务", "郑法规", dt.date(2026, 3, 3), "早于开始日期"),
        ("钱财务", "无此人", dt.date(2026, 3, 5), "没有登记"),
    ],
)
def test_an_impossible_substitution_is_refused(
    installation: Installation, name: str, absent: str, last: dt.date, words: str
) -> None:
    with installation.records.write() as session, pytest.raises(DisclosureError, match=words):
        people.substitute(session, name, absent, dt.date(2026, 3, 4), last)


def test_a_new_secret_ends_the_old_one_and_lifts_a_lock(installation: Installation) -> None:
    with installation.records.write() as session:
        person = people.find_person(session, "郑法规")
        assert person is not None
        old = installation.cipher.decrypt(person.secret)
        people.disable(session, "郑法规")
        assert not person.is_active
        for _ in range(5):
            assert check_code(session, installation.cipher, person, "abc", NOON, use=USE)
        made = people.re_enrol(session, installation.catalog, installation.cipher, "郑法规")
        assert person.is_active
        assert check_code(session, installation.cipher, person, pyotp.TOTP(old).at(NOON), NOON, use=USE)
        assert check_code(session, installation.cipher, person, pyotp.TOTP(made.secret).at(NOON), NOON, use=USE) is None


def test_a_person_has_the_roles_of_the_office_or_those_named(installation: Installation) -> None:
    with installation.records.write() as session:
        people.enrol(session, installation.catalog, installation.cipher, "孙办公", "局办公室")
        people.enrol(session, installation.catalog, installation.cipher, "刘督办", "局办公室", roles=["督办人"])
        assert roles(session, "孙办公") == ("confidentiality_reviewer", "supervisor")
        assert roles(session, "刘督办") == ("supervisor",)
        # One is head of an office only when named.
        people.enrol(
            session, installation.catalog, installation.cipher, "赵主任", "局办公室", roles=["科室负责人", "督办人"]
        )
        assert roles(session, "赵主任") == ("supervisor", "head")
        people.disable(session, "赵主任")
        # A substitute takes over what the absent person may do, no more.
        people.substitute(session, "钱财务", "刘督办", dt.date(2026, 3, 4), dt.date(2026, 3, 4))
        assert roles(session, "钱财务") == ("finance_reviewer", "supervisor")
        names = [person.name for person in people.holders(session, installation.catalog, "supervisor", NOON)]
        assert names == ["钱财务", "孙办公", "刘督办"]
        people.disable(session, "孙办公")
        names = [person.name for person in people.holders(session, installation.catalog, "supervisor", NOON)]
        assert names == ["钱财务", "刘督办"]


def test_a_role_of_another_office_is_refused(installation: Installation) -> None:
    with installation.records.write() as session, pytest.raises(DisclosureError) as told:
        people.enrol(
            session, installation.catalog, installation.cipher, "刘督办", "局办公室", roles=["签发人", "supervisor"]
        )
    assert str(told.value) == "局办公室的人不能担任“签发人”，可以担任：保密审核人、督办人、科室负责人、运维人。"
