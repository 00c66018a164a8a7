"""Protects one-time codes: each counts once, the fifth wrong one locks, and the clock is what the caller says."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.errors import DisclosureError
from disclosure.records.tables import LedgerEntry, Person, UsedCode
from disclosure.review import people
from disclosure.settings import Settings
from disclosure.workplace import Workplace

pytestmark = pytest.mark.records

#: In the middle of a 30-second step; 09:00:15 in Shanghai.
NOW = dt.datetime(2026, 3, 2, 1, 0, 15, tzinfo=dt.UTC)
STEP = dt.timedelta(seconds=people.STEP_SECONDS)


class Desk:
    """One enrolled person and their authenticator."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        with place.records.write() as session:
            made = people.enrol(session, place.catalog, place.cipher, "郑法规", "policy_section")
            self.secret, self.uri = made.secret, made.uri

    def code(self, at: dt.datetime = NOW) -> str:
        return pyotp.TOTP(self.secret).at(at)

    def wrong(self, at: dt.datetime = NOW) -> str:
        """A code that is right at no moment near ``at``."""
        near = {self.code(at + STEP * steps) for steps in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)

    def check(self, code: str, now: dt.datetime = NOW) -> str:
        with self.place.records.write() as session:
            person = people.find_person(session, "郑法规")
            assert person is not None
            return people.check_code(session, self.place.cipher, person, code, now)

    def person(self) -> Person:
        with self.place.records.read() as session:
            return session.scalars(select(Person)).one()

    def events(self) -> list[str]:
        with self.place.records.read() as session:
            return list(session.scalars(select(LedgerEntry.event).order_by(LedgerEntry.number)))


@pytest.fixture
def desk(tmp_path: Path, records_url: str) -> Iterator[Desk]:
    place = Workplace(Settings(home=tmp_path, profile="gaogang-2016", database_url=records_url))
    yield Desk(place)
    place.records.engine.dispose()


def test_the_right_code_counts_once(desk: Desk) -> None:
    assert desk.check(desk.code()) == ""
    assert "已经用过" in desk.check(desk.code())
    # Its replay a little later, while it would still be good, is refused as well.
    assert "已经用过" in desk.check(desk.code(), NOW + STEP)
    assert desk.person().wrong_codes == 0
    with desk.place.records.read() as session:
        assert len(session.scalars(select(UsedCode)).all()) == 1


def test_a_code_may_be_typed_with_a_space_or_in_full_width_digits(desk: Desk) -> None:
    code = desk.code()
    assert desk.check(f"{code[:3]} {code[3:]}") == ""
    later = desk.code(NOW + STEP)
    assert desk.check(later.translate({48 + n: 0xFF10 + n for n in range(10)}), NOW + STEP) == ""


def test_only_this_step_and_the_one_just_past_are_good(desk: Desk) -> None:
    for steps in (-2, 1, 2, -2880):
        assert "口令不对或已过期" in desk.check(desk.code(NOW + STEP * steps)), steps
    for steps in (-1, 0):
        assert desk.check(desk.code(NOW + STEP * steps)) == "", steps


def test_the_step_just_past_is_used_up_too(desk: Desk) -> None:
    assert desk.check(desk.code(NOW - STEP)) == ""
    assert "已经用过" in desk.check(desk.code(NOW - STEP))
    assert desk.check(desk.code()) == ""


def test_what_is_no_code_is_a_wrong_one(desk: Desk) -> None:
    for times, code in enumerate(["", "12345", "abcdef", "'; DROP TABLE people; --"], 1):
        assert f"再错 {5 - times} 次将锁定" in desk.check(code)
        assert desk.person().wrong_codes == times


def test_a_right_code_forgets_the_wrong_ones(desk: Desk) -> None:
    for left in (4, 3, 2, 1):
        assert f"再错 {left} 次" in desk.check(desk.wrong())
    assert desk.check(desk.code()) == ""
    assert desk.person().wrong_codes == 0
    assert "再错 4 次" in desk.check(desk.wrong())
    assert "person.locked" not in desk.events()


def test_the_fifth_wrong_code_locks_for_a_quarter_of_an_hour(desk: Desk) -> None:
    for _ in range(4):
        desk.check(desk.wrong())
    told = desk.check(desk.wrong())
    assert "已锁定到 2026年3月2日 09:15" in told
    assert desk.events()[-2:] == ["code.wrong", "person.locked"]
    # Even the right code is of no use now, is not used up, and what is wrong does not prolong the lock.
    almost = NOW + people.LOCK - dt.timedelta(seconds=1)
    for moment in (NOW, almost):
        assert "2026年3月2日 09:15 以后再试" in desk.check(desk.code(moment), moment)
        assert "以后再试" in desk.check(desk.wrong(moment), moment)
    assert desk.person().locked_until == NOW + people.LOCK
    free = NOW + people.LOCK
    assert desk.check(desk.code(free), free) == ""
    assert desk.person().locked_until is None


def test_after_the_lock_five_more_attempts(desk: Desk) -> None:
    for _ in range(5):
        desk.check(desk.wrong())
    free = NOW + people.LOCK
    assert "再错 4 次" in desk.check(desk.wrong(free), free)


def test_two_wrong_attempts_at_the_same_moment_are_both_counted(desk: Desk) -> None:
    with desk.place.records.write() as session:
        person = people.find_person(session, "郑法规")
        assert person is not None
        people.check_code(session, desk.place.cipher, person, desk.wrong(), NOW)
        thread = threading.Thread(target=desk.check, args=(desk.wrong(),))
        thread.start()
        thread.join(0.3)
    thread.join()
    assert desk.person().wrong_codes == 2


def test_rolled_back_a_code_is_not_used_up(desk: Desk) -> None:
    with Session(desk.place.records.engine) as session:
        person = people.find_person(session, "郑法规")
        assert person is not None
        assert people.check_code(session, desk.place.cipher, person, desk.code(), NOW) == ""
        session.rollback()
    assert desk.check(desk.code()) == ""


def test_the_secret_lies_encrypted_and_only_its_key_opens_it(desk: Desk) -> None:
    assert desk.secret in desk.uri
    stored = desk.person().secret
    assert desk.secret not in stored
    settings = desk.place.settings
    assert settings.secret_key_file.stat().st_mode & 0o777 == 0o600
    assert desk.place.cipher.decrypt(stored) == desk.secret
    other = Workplace(Settings(home=settings.home, secret_key=Fernet.generate_key().decode()))  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match=r"secret\.key"):
        other.cipher.decrypt(stored)


def test_enrolling(desk: Desk) -> None:
    def enrol(name: str, office: str) -> Person:
        with desk.place.records.write() as session:
            return people.enrol(session, desk.place.catalog, desk.place.cipher, name, office).person

    assert enrol(" 王·小明 ", "规划财务科").office == "finance_section"
    with desk.place.records.read() as session:
        assert people.find_person(session, "王·小明") is not None
    for name, office, words in (
        ("郑法规", "policy_section", "已经登记"),
        (" 郑法规 ", "policy_section", "已经登记"),
        ("某人", "没有的科", "规划财务科"),
        ("", "policy_section", "不合要求"),
        ("某" * 31, "policy_section", "不合要求"),
        ("<b>某</b>", "policy_section", "不合要求"),
    ):
        with pytest.raises(DisclosureError, match=words):
            enrol(name, office)
