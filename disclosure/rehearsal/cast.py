"""Everybody who takes part in a rehearsal: enrolled, reachable, with a device that shows their codes."""

from __future__ import annotations

import datetime as dt
import re
from itertools import count

import pyotp

from disclosure.catalog import GateId, Messenger, Office, RoleId
from disclosure.clock import said_day
from disclosure.rehearsal.behaviour import Away, day_in
from disclosure.rehearsal.stage import Stage
from disclosure.review import people

_NOT_IN_NAMES = re.compile(r"[^\w·.\- ]")


class Cast:
    """One person for each role of each office; ``enrol`` makes them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.secrets: dict[str, str] = {}
        self.registered: set[Away] = set()

    def enrol(self) -> None:
        """Enrol everybody, with an address each."""
        stage = self.stage
        numbers = count(1)
        with stage.place.records.write() as session:
            for role in stage.catalog.roles.values():
                for office in (stage.catalog.offices[each] for each in role.offices):
                    name = self.name(role.id, office)
                    made = people.enrol(
                        session, stage.catalog, stage.place.cipher, name, office.id, roles=[role.id], is_demo=True
                    )
                    self.secrets[name], stage.offices[name] = made.secret, office.name
                    messenger = self._messenger(office)
                    address = _address(messenger, next(numbers))
                    people.set_contact(session, stage.catalog, name, messenger.id, address)

    def name(self, role: RoleId, office: Office) -> str:
        """Of the person in this role there: ``规划财务科数据审核人``."""
        return _NOT_IN_NAMES.sub("", f"{office.name}{self.stage.catalog.roles[role].name}")[:30]

    def reviewer(self, gate: GateId) -> str:
        """Who decides at ``gate`` ordinarily."""
        return self.name(self.stage.catalog.gates[gate].role, self.stage.catalog.gate_office(gate))

    def deputy(self, gate: GateId) -> str:
        """Who stands in at ``gate``: the office's head; for the leader the head of the office that supervises."""
        catalog = self.stage.catalog
        office = catalog.gate_office(gate)
        if office.id not in catalog.roles["head"].offices:
            office = catalog.offices[catalog.roles["supervisor"].offices[0]]
        return self.name("head", office)

    def absence(self, name: str, day: dt.date) -> Away | None:
        """Why ``name`` is not there on ``day``, if so."""
        return next(
            (away for away in self.stage.behaviour.away if away.covers(day) and self.reviewer(away.gate) == name), None
        )

    def register_substitutes(self) -> None:
        """What the operator enters on the first day of an absence, or as soon as the machine is on."""
        stage, day = self.stage, self.stage.clock.today
        for away in stage.behaviour.away:
            first, last = day_in(day.year, away.first), day_in(day.year, away.last)
            if not away.covers(day) or away in self.registered:
                continue
            self.registered.add(away)
            absent, deputy = self.reviewer(away.gate), self.deputy(away.gate)
            until = f"{absent}{said_day(first)}至{said_day(last)}不在"
            if not away.substitute:
                stage.note(f"{until}，没有人代理", delays=False)
                continue
            with stage.place.records.write() as session:
                people.substitute(session, deputy, absent, day, last)
            stage.note(f"{until}，由{deputy}代理", delays=False)

    def code(self, name: str) -> str:
        """What the device of ``name`` shows, on a clock that has gone on to the next code."""
        self.stage.clock.pass_(people.STEP_SECONDS)
        return pyotp.TOTP(self.secrets[name]).at(self.stage.clock.moment)

    def _messenger(self, office: Office) -> Messenger:
        known = self.stage.catalog.messengers
        chosen = self.stage.behaviour.messengers.get(office.id)
        return known[chosen] if chosen else next(iter(known.values()))


def _address(messenger: Messenger, number: int) -> str:
    """An address of the right shape that is nobody's."""
    return f"r{number}@example.cn" if messenger.kind == "email" else f"1{number:010d}"
