"""Protects the way in: name, password and code, all three; sessions that end; invitations good once."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from disclosure.access import accounts, devices, invitations, sessions
from disclosure.access.openid import identify_by_claims
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records import attempts
from disclosure.records.installation import Installation
from disclosure.records.tables import FailedAttempts, Invitation, LedgerEntry, Person, SignIn
from disclosure.review import people
from disclosure.review.refusals import Refusal, RefusalCode
from disclosure.simulation.actors import Actors, SimulatedClock
from tests.support.visitors import PASSWORD

pytestmark = pytest.mark.records

NAME, HERE, THERE = "郑法规", "10.0.0.7", "10.0.0.66"
SECOND = dt.timedelta(seconds=1)


class Entrance:
    """One person with a password, and a clock."""

    def __init__(self, installation: Installation) -> None:
        self.clock = SimulatedClock(dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC))
        self.actors = Actors(installation, self.clock)
        self.installation = installation
        self.actors.enrol(NAME, "policy_section")
        self.set_password(PASSWORD)

    def set_password(self, password: str) -> None:
        with self.installation.begin(self.clock()) as work:
            assert accounts.set_password(work, self.person(), password) is None

    def person(self) -> Person:
        with self.installation.read() as work:
            found = people.find_person(work.session, NAME)
            assert found is not None
            return found

    def sign_in(
        self, name: str = NAME, password: str = PASSWORD, code: str | None = None, source: str = HERE
    ) -> Person | Refusal:
        code = self.actors.code(NAME) if code is None else code
        with self.installation.begin(self.clock()) as work:
            return accounts.sign_in(work, name, password, code, source)

    def present_code(self) -> str:
        return self.actors._code_of(NAME, self.actors.step_now())

    def open(self) -> str:
        with self.installation.begin(self.clock()) as work:
            return sessions.open_session(work, self.person(), HERE)

    def holder(self, token: str) -> sessions.OpenSession | None:
        with self.installation.read(self.clock()) as work:
            return sessions.find_session(work, token)

    def events(self, event: str) -> list[LedgerEntry]:
        with self.installation.read() as work:
            return list(work.session.scalars(select(LedgerEntry).where(LedgerEntry.event == event)))


@pytest.fixture
def entrance(tmp_path: Path, records_url: str) -> Iterator[Entrance]:
    installation = Installation(Settings(home=tmp_path, profile="gaogang-2016", database_url=records_url))
    yield Entrance(installation)
    installation.records.engine.dispose()


def test_all_three_are_needed_and_what_was_wrong_is_not_said(entrance: Entrance) -> None:
    assert isinstance(entrance.sign_in(), Person)
    right = entrance.actors.code
    told = set()
    for name, password, code in (
        ("路人", PASSWORD, right(NAME)),
        (NAME, "wrong password 1", right(NAME)),
        (NAME, PASSWORD, entrance.actors.wrong_code(NAME)),
        (NAME, "", ""),
        ("", "", ""),
    ):
        refusal = entrance.sign_in(name, password, code, source=f"{name}{code}")
        assert isinstance(refusal, Refusal)
        told.add(refusal.sentence)
    assert len(told) == 1


def test_a_code_is_used_up_by_coming_in_and_not_by_a_wrong_password(entrance: Entrance) -> None:
    code = entrance.actors.code(NAME)
    assert isinstance(entrance.sign_in(password="wrong password 1", code=code), Refusal)
    assert isinstance(entrance.sign_in(code=code), Person)
    again = entrance.sign_in(code=code)
    assert isinstance(again, Refusal)
    assert again.code is RefusalCode.USED_CODE


def test_disabled_people_do_not_come_in(entrance: Entrance) -> None:
    with entrance.installation.records.write() as session:
        people.disable(session, NAME)
    assert isinstance(entrance.sign_in(), Refusal)


@pytest.mark.usefixtures("costly_passwords")
def test_an_unknown_name_takes_as_long_as_a_wrong_password(entrance: Entrance) -> None:
    entrance.sign_in("路人", source="warm")

    def seconds(name: str, number: int) -> float:
        begun = time.perf_counter()
        entrance.sign_in(name, "wrong password 1", "000000", source=f"{name} {number}")
        return time.perf_counter() - begun

    pairs = [(seconds("路人", number), seconds(NAME, number)) for number in range(7)]
    unknown, known = (statistics.median(column) for column in zip(*pairs, strict=True))
    assert 0.6 < unknown / known < 1.6


def test_waits_double_for_one_name_from_one_source_and_nobody_else_is_kept_out(entrance: Entrance) -> None:
    for failures in range(1, 8):
        assert isinstance(entrance.sign_in(code="000000", password="wrong password 1", source=THERE), Refusal)
        if failures >= attempts.FREE_FAILURES:
            wait = min(attempts.FIRST_WAIT * 2 ** (failures - attempts.FREE_FAILURES), attempts.LONGEST_WAIT)
            entrance.clock.pass_(wait.total_seconds() - 1)
            held = entrance.sign_in(code=entrance.present_code(), source=THERE)
            assert isinstance(held, Refusal)
            assert held.code is RefusalCode.LOCKED
            entrance.clock.pass_(1)
    # From elsewhere the same person comes in at once, and may still come in from there afterwards.
    assert isinstance(entrance.sign_in(source=HERE), Person)


def test_a_browser_known_from_before_is_not_held_up_by_others_at_its_address(entrance: Entrance) -> None:
    device = devices.new_device(entrance.installation.cipher, entrance.person())
    with entrance.installation.read() as work:
        known = devices.source_of_attempt(work, NAME, device, THERE)
        assert known != THERE
        for other_name, other_device in (
            ("路人", device),
            (NAME, "forged"),
            (NAME, ""),
            (NAME, device + "x"),
            (NAME, "é"),
        ):
            assert devices.source_of_attempt(work, other_name, other_device, THERE) == THERE
    for _ in range(4):
        entrance.sign_in(password="wrong password 1", code="000000", source=THERE)
    held = entrance.sign_in(code=entrance.present_code(), source=THERE)
    assert isinstance(held, Refusal)
    assert held.code is RefusalCode.LOCKED
    assert isinstance(entrance.sign_in(source=known), Person)


def test_a_source_that_tries_many_names_waits_and_is_told_of(entrance: Entrance) -> None:
    for number in range(attempts.FREE_FAILURES_OF_SOURCE):
        entrance.sign_in(f"路人{number}", "wrong password 1", "000000", source=THERE)
    held = entrance.sign_in("路人甲", "wrong password 1", "000000", source=THERE)
    assert isinstance(held, Refusal)
    assert held.code is RefusalCode.LOCKED
    alarms = entrance.events("sign_in.alarm")
    assert len(alarms) == 1
    assert THERE in alarms[0].details
    with entrance.installation.read(entrance.clock()) as work:
        assert [(row.source, row.failures) for row in attempts.alarms(work.session, work.now)] == [
            (THERE, attempts.FREE_FAILURES_OF_SOURCE)
        ]
        later = work.now + attempts.FORGOTTEN_AFTER + SECOND
        assert attempts.alarms(work.session, later) == []


def test_one_name_guessed_from_many_sources_is_told_of(entrance: Entrance) -> None:
    for number in range(attempts.ALARM_FAILURES):
        entrance.sign_in(password="wrong password 1", code="000000", source=f"10.0.1.{number}")
    assert len(entrance.events("sign_in.alarm")) == 1
    assert isinstance(entrance.sign_in(), Person)


def test_a_day_later_failures_are_forgotten(entrance: Entrance) -> None:
    for _ in range(3):
        entrance.sign_in(password="wrong password 1", code="000000", source=THERE)
    entrance.clock.pass_(attempts.FORGOTTEN_AFTER.total_seconds() + 1)
    entrance.sign_in("路人", "wrong password 1", "000000")
    with entrance.installation.read() as work:
        assert {row.source for row in work.session.scalars(select(FailedAttempts))} == {HERE}


@pytest.mark.parametrize(
    "password",
    ["", "short", "a" * 11, "password1234", "123456789012", "郑法规郑法规郑法规郑法规", "x" * 129, "qwertyuiop12"],
)
def test_a_password_that_is_guessed_easily_is_not_taken(entrance: Entrance, password: str) -> None:
    with entrance.installation.begin() as work:
        refusal = accounts.set_password(work, entrance.person(), password)
    assert isinstance(refusal, Refusal)
    assert isinstance(entrance.sign_in(), Person)


@pytest.mark.usefixtures("costly_passwords")
def test_a_password_lies_as_argon2_and_a_token_as_its_hash(entrance: Entrance) -> None:
    token = entrance.open()
    with entrance.installation.read() as work:
        account = accounts.find_account(work.session, entrance.person())
        assert account is not None
        assert account.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        kept = work.session.scalars(select(SignIn)).one()
    assert token not in (kept.token_hash, kept.source)


def test_a_session_ends_after_an_idle_half_hour(entrance: Entrance) -> None:
    token = entrance.open()
    for _ in range(4):
        entrance.clock.pass_(sessions.IDLE.total_seconds() - 1)
        holder = entrance.holder(token)
        assert holder is not None
        assert (holder.name, holder.roles, holder.is_stale) == (NAME, {"policy_reviewer"}, True)
        with entrance.installation.begin(entrance.clock()) as work:
            sessions.note_seen(work, holder.id)
    entrance.clock.pass_(sessions.IDLE.total_seconds())
    assert entrance.holder(token) is None


def test_a_session_ends_after_twelve_hours_whatever_is_done(entrance: Entrance) -> None:
    token = entrance.open()
    begun = entrance.clock()
    while (holder := entrance.holder(token)) is not None:
        with entrance.installation.begin(entrance.clock()) as work:
            sessions.note_seen(work, holder.id)
        entrance.clock.pass_(600)
    assert entrance.clock() - begun == sessions.LONGEST


def test_disabling_a_new_password_a_new_secret_and_signing_out_end_it_at_once(entrance: Entrance) -> None:
    def disable() -> None:
        with entrance.installation.records.write() as session:
            people.disable(session, NAME)

    def re_enrol() -> None:
        with entrance.installation.records.write() as session:
            people.re_enrol(session, entrance.installation.catalog, entrance.installation.cipher, NAME)

    def sign_out() -> None:
        with entrance.installation.begin(entrance.clock()) as work:
            holder = sessions.find_session(work, token)
            assert holder is not None
            sessions.end_session(work, holder.id)

    for end in (lambda: entrance.set_password(PASSWORD + "2"), sign_out, re_enrol, disable):
        token = entrance.open()
        assert entrance.holder(token) is not None
        end()
        assert entrance.holder(token) is None
    # Enabled again, what ended stays ended.
    re_enrol()
    assert entrance.holder(token) is None


def test_a_substitute_holds_the_roles_of_the_day(entrance: Entrance) -> None:
    entrance.actors.enrol("钱财务", "finance_section")
    token = entrance.open()
    day = entrance.clock.today
    with entrance.installation.records.write() as session:
        people.substitute(session, NAME, "钱财务", day, day)
    holder = entrance.holder(token)
    assert holder is not None
    assert holder.roles == {"policy_reviewer", "finance_reviewer"}
    assert holder.offices == {"policy_section", "finance_section"}


class TestInvitations:
    @staticmethod
    def invite(entrance: Entrance) -> str:
        with entrance.installation.begin(entrance.clock()) as work:
            return invitations.invite(work, NAME)

    @staticmethod
    def accept(entrance: Entrance, token: str, password: str = PASSWORD, code: str | None = None) -> Person | Refusal:
        code = entrance.actors.code(NAME) if code is None else code
        with entrance.installation.begin(entrance.clock()) as work:
            return invitations.accept(work, token, password, code, HERE)

    def test_it_is_good_once(self, entrance: Entrance) -> None:
        token = self.invite(entrance)
        fresh = "four unrelated 词 lantern"
        assert isinstance(self.accept(entrance, token, fresh), Person)
        again = self.accept(entrance, token, fresh)
        assert isinstance(again, Refusal)
        assert again.code is RefusalCode.NOT_INVITED
        assert isinstance(entrance.sign_in(password=fresh), Person)
        assert isinstance(entrance.sign_in(), Refusal)

    def test_it_needs_the_code_and_a_fit_password_and_stays_open_until_then(self, entrance: Entrance) -> None:
        token = self.invite(entrance)
        for password, code in (("short", None), (PASSWORD, entrance.actors.wrong_code(NAME)), (PASSWORD, "")):
            assert isinstance(self.accept(entrance, token, password, code), Refusal)
        assert isinstance(self.accept(entrance, token), Person)

    def test_it_lasts_seven_days_and_a_newer_one_ends_it(self, entrance: Entrance) -> None:
        first = self.invite(entrance)
        second = self.invite(entrance)
        assert isinstance(self.accept(entrance, first), Refusal)
        entrance.clock.pass_(invitations.LASTS.total_seconds() - 60)
        with entrance.installation.read(entrance.clock()) as work:
            assert invitations.find_invited(work, second) is not None
        entrance.clock.pass_(60)
        assert isinstance(self.accept(entrance, second), Refusal)
        with entrance.installation.read() as work:
            assert second not in {row.token_hash for row in work.session.scalars(select(Invitation))}

    def test_nobody_unknown_or_disabled_is_invited(self, entrance: Entrance) -> None:
        with entrance.installation.begin() as work, pytest.raises(DisclosureError, match="没有登记"):
            invitations.invite(work, "路人")
        token = self.invite(entrance)
        with entrance.installation.records.write() as session:
            people.disable(session, NAME)
        with entrance.installation.begin() as work, pytest.raises(DisclosureError, match="已停用"):
            invitations.invite(work, NAME)
        assert isinstance(self.accept(entrance, token), Refusal)


def test_a_provider_s_subject_counts_and_is_registered_by_name_once(entrance: Entrance) -> None:
    def identify(**claims: object) -> Person | Refusal:
        with entrance.installation.begin() as work:
            return identify_by_claims(work, claims, "name")

    first = identify(sub="s-1", name=NAME)
    assert isinstance(first, Person)
    # The subject stays theirs whatever the name becomes; another subject does not become theirs by the name.
    renamed = identify(sub="s-1", name="改名")
    assert isinstance(renamed, Person)
    assert renamed.name == NAME
    for claims in (
        {"sub": "s-2", "name": NAME},
        {"sub": "s-3", "name": "路人"},
        {"name": NAME},
        {"sub": 7},
        {"sub": ""},
    ):
        assert isinstance(identify(**claims), Refusal)
    with entrance.installation.records.write() as session:
        people.disable(session, NAME)
    assert isinstance(identify(sub="s-1", name=NAME), Refusal)
