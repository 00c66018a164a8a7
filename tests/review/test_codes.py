"""Protects one-time codes: each counts once, whoever guesses waits, and the clock is what the caller says."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records import attempts
from disclosure.records.installation import Installation
from disclosure.records.tables import FailedAttempts, LedgerEntry, Person, UsedCode
from disclosure.review import people
from tests.support.outcomes import words_of

pytestmark = [pytest.mark.records, pytest.mark.both_databases]

USE = people.CodeUse("policy/approved")
#: In the middle of a 30-second step; 09:00:15 in Shanghai.
NOW = dt.datetime(2026, 3, 2, 1, 0, 15, tzinfo=dt.UTC)
STEP = dt.timedelta(seconds=people.STEP_SECONDS)


class Desk:
    """One enrolled person and their authenticator."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        with installation.records.write() as session:
            made = people.enrol(session, installation.catalog, installation.cipher, "郑法规", "policy_section")
            self.secret, self.uri = made.secret, made.uri

    def code(self, at: dt.datetime = NOW) -> str:
        return pyotp.TOTP(self.secret).at(at)

    def wrong(self, at: dt.datetime = NOW) -> str:
        """A code that is right at no moment near ``at``."""
        near = {self.code(at + STEP * steps) for steps in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)

    def check(self, code: str, now: dt.datetime = NOW, source: str = "") -> str:
        with self.installation.records.write() as session:
            person = people.find_person(session, "郑法规")
            assert person is not None
            return words_of(
                people.check_code(session, self.installation.cipher, person, code, now, use=replace(USE, source=source))
            )

    def person(self) -> Person:
        with self.installation.records.read() as session:
            return session.scalars(select(Person)).one()

    def failures(self) -> int:
        """How often this name failed in a row, from wherever."""
        with self.installation.records.read() as session:
            named = select(func.sum(FailedAttempts.failures)).where(FailedAttempts.name_digest != "")
            return session.scalar(named) or 0

    def events(self) -> list[str]:
        with self.installation.records.read() as session:
            return list(session.scalars(select(LedgerEntry.event).order_by(LedgerEntry.number)))


@pytest.fixture
def desk(tmp_path: Path, records_url: str) -> Iterator[Desk]:
    installation = Installation(Settings(home=tmp_path, profile="gaogang-2016", database_url=records_url))
    yield Desk(installation)
    installation.records.engine.dispose()


def test_the_right_code_counts_once(desk: Desk) -> None:
    assert desk.check(desk.code()) == ""
    assert "已经用过" in desk.check(desk.code())
    # Its replay a little later, while it would still be good, is refused as well.
    assert "已经用过" in desk.check(desk.code(), NOW + STEP)
    assert desk.failures() == 0
    with desk.installation.records.read() as session:
        assert len(session.scalars(select(UsedCode)).all()) == 1


def test_a_code_may_be_typed_with_a_space_or_in_full_width_digits(desk: Desk) -> None:
    code = desk.code()
    assert desk.check(f"{code[:3]} {code[3:]}") == ""
    later = desk.code(NOW + STEP)
    assert desk.check(later.translate({48 + n: 0xFF10 + n for n in range(10)}), NOW + STEP) == ""


def test_only_this_step_and_the_one_just_past_are_good(desk: Desk) -> None:
    for steps in (-2, 1, 2, -2880):
        assert "口令不对或已过期" in desk.check(desk.code(NOW + STEP * steps), source=str(steps)), steps
    for steps in (-1, 0):
        assert desk.check(desk.code(NOW + STEP * steps)) == "", steps


def test_the_step_just_past_is_used_up_too(desk: Desk) -> None:
    assert desk.check(desk.code(NOW - STEP)) == ""
    assert "已经用过" in desk.check(desk.code(NOW - STEP))
    assert desk.check(desk.code()) == ""


def test_an_older_code_is_not_valid_after_a_newer_one(desk: Desk) -> None:
    assert desk.check(desk.code()) == ""
    assert "已经用过更新的口令" in desk.check(desk.code(NOW - STEP))


def test_a_code_that_the_clock_gives_twice_counts_once(desk: Desk) -> None:
    """Set back by ten minutes, the clock gives codes that nobody has used; they are older than one that was."""
    assert desk.check(desk.code()) == ""
    earlier = NOW - dt.timedelta(minutes=10)
    assert "时钟可能被调慢了" in desk.check(desk.code(earlier), earlier)
    with desk.installation.records.write() as session:
        made = people.re_enrol(session, desk.installation.catalog, desk.installation.cipher, "郑法规")
    desk.secret = made.secret
    # The codes of a new secret are counted anew.
    assert desk.check(desk.code(earlier), earlier) == ""
    assert "已经用过一次" in desk.check(desk.code(earlier), earlier)


def test_what_is_no_code_is_a_wrong_one(desk: Desk) -> None:
    for times, code in enumerate(["", "12345", "abcdef", "'; DROP TABLE people; --"], 1):
        moment = NOW + times * attempts.LONGEST_WAIT
        assert "口令不对或已过期" in desk.check(code, moment)
        assert desk.failures() == times


def test_a_right_code_forgets_the_wrong_ones(desk: Desk) -> None:
    for _ in range(attempts.FREE_FAILURES - 1):
        assert desk.check(desk.wrong()).endswith("正在显示的 6 位数字。")
    assert desk.check(desk.code()) == ""
    assert desk.failures() == 0
    assert desk.events()[-2:] == ["code.wrong", "code.wrong"]


def test_whoever_fails_waits_longer_each_time_and_the_right_code_is_not_used_up(desk: Desk) -> None:
    moment = NOW
    for failures in range(1, 7):
        told = desk.check(desk.wrong(moment), moment)
        wait = max(0, 5 * 2 ** (failures - attempts.FREE_FAILURES)) if failures >= attempts.FREE_FAILURES else 0
        assert ("再试" in told) == bool(wait)
        if wait:
            early = moment + dt.timedelta(seconds=wait - 1)
            assert "本人在别处不受影响" in desk.check(desk.code(early), early)
            assert desk.failures() == failures
        moment += dt.timedelta(seconds=wait)
    assert desk.check(desk.code(moment), moment) == ""


def test_nobody_is_kept_out_by_somebody_elsewhere(desk: Desk) -> None:
    for _ in range(20):
        desk.check(desk.wrong(), source="10.0.0.66")
    assert "再填" in desk.check(desk.code(), source="10.0.0.66")
    assert desk.check(desk.code(), source="10.0.0.7") == ""


def test_two_wrong_attempts_at_the_same_moment_are_both_counted(desk: Desk) -> None:
    with desk.installation.records.write() as session:
        person = people.find_person(session, "郑法规")
        assert person is not None
        people.check_code(session, desk.installation.cipher, person, desk.wrong(), NOW, use=USE)
        thread = threading.Thread(target=desk.check, args=(desk.wrong(),))
        thread.start()
        thread.join(0.3)
    thread.join()
    assert desk.failures() == 2


def test_rolled_back_a_code_is_not_used_up(desk: Desk) -> None:
    with Session(desk.installation.records.engine) as session:
        person = people.find_person(session, "郑法规")
        assert person is not None
        assert people.check_code(session, desk.installation.cipher, person, desk.code(), NOW, use=USE) is None
        session.rollback()
    assert desk.check(desk.code()) == ""


def test_the_secret_lies_encrypted_and_only_its_key_opens_it(desk: Desk) -> None:
    assert desk.secret in desk.uri
    stored = desk.person().secret
    assert desk.secret not in stored
    settings = desk.installation.settings
    assert settings.secret_key_file.stat().st_mode & 0o777 == 0o600
    assert desk.installation.cipher.decrypt(stored) == desk.secret
    other = Installation(Settings(home=settings.home, secret_key=Fernet.generate_key().decode()))  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match=r"secret\.key"):
        other.cipher.decrypt(stored)


def test_enrolling(desk: Desk) -> None:
    def enrol(name: str, office: str) -> Person:
        with desk.installation.records.write() as session:
            return people.enrol(session, desk.installation.catalog, desk.installation.cipher, name, office).person

    assert enrol(" 王·小明 ", "规划财务科").office == "finance_section"
    with desk.installation.records.read() as session:
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
