"""The form of a run as the one who opens it can answer it now.

Prefect keeps the form as it was when the run fell asleep, the same for everybody. By the time somebody opens it others
have signed, an hour or a deadline has gone by, and most of its choices are not this person's. So what they are shown is
told anew and offers only what the rules would take from them; what they send is judged as ever.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from copy import deepcopy
from typing import Any

from sqlalchemy import select

from disclosure.catalog import Catalog, GateId
from disclosure.cycle import queries
from disclosure.openness import briefing as openness_briefing
from disclosure.openness import review as openness_review
from disclosure.platform.clock import utc_now
from disclosure.records.installation import Installation, Work
from disclosure.records.states import AskState, Outcome
from disclosure.records.tables import Ask, Cycle, OpennessChange
from disclosure.review import briefing, decisions
from disclosure.review.authority import Answer, RoundState, object_to_answer, object_to_person
from disclosure.review.forms import (
    CHECK_AGAIN,
    LATER_OUTCOMES,
    OUTCOMES,
    RETURN_TO_NOBODY,
    as_paragraphs,
    say_hours,
    words,
)
from disclosure.review.identify import Actor, Proof, find_actor, need_gate
from disclosure.review.refusals import Refusal, RefusalCode

Form = dict[str, Any]
#: What stands against an outcome whatever is written beside it.
_AT_ALL = frozenset({RefusalCode.AUDIT_BLOCKS, RefusalCode.GIVES_AWAY, RefusalCode.CANNOT_RETURN})


class _NothingToAnswerError(Exception):
    """Nothing of the form is this person's to answer; says why."""


def fit_form(installation: Installation, run_id: str, form: Form, name: str, now: dt.datetime) -> Form:
    """Return ``form``, which the run ``run_id`` shows, as ``name`` can answer it at ``now``.

    It stays as it is once it is answered, and where it is none of ours.
    """
    with installation.read() as work:
        open_asks = select(Ask).where(Ask.flow_run_id == run_id, Ask.state == AskState.OPEN)
        ask = work.session.scalars(open_asks).one_or_none()
        if ask is None or not form.get("properties"):
            return form
        fitted = deepcopy(form)
        properties: Form = fitted["properties"]
        try:
            gates = _narrow(work, ask, properties, _actor(work, name, now))
        except _NothingToAnswerError as why:
            return _told_only(form, as_paragraphs(_tell(installation, work, ask, now, ())), str(why))
        told = as_paragraphs(_tell(installation, work, ask, now, gates))
        next(iter(properties.values()))["description"] = told
        if "publish_at" in properties and ask.cycle_id is not None:
            latest = decisions.latest_hour(work.session, work.catalog, work.session.get_one(Cycle, ask.cycle_id))
            properties["publish_at"]["description"] = say_hours(now, latest)
    if "name" in properties:
        properties["name"]["default"] = name
    return fitted


def _actor(work: Work, name: str, now: dt.datetime) -> Actor:
    actor = find_actor(work, Proof(name, "", now))
    if isinstance(actor, Refusal):
        raise _NothingToAnswerError(actor.sentence)
    return actor


def _told_only(form: Form, told: str, why: str) -> Form:
    """Return a form that tells how things stand and asks nothing."""
    said: dict[str, str] = words()["nothing_to_answer"]
    lead = said["told"].format(why=why or said["others"])
    notice = {"type": "null", "title": said["title"], "description": f"{lead}\n\n{told}"}
    return {**form, "properties": {"notice": notice}, "required": []}


def _tell(installation: Installation, work: Work, ask: Ask, now: dt.datetime, gates: Collection[GateId]) -> str:
    """Tell how things stand now about what is asked, to somebody who may answer at ``gates``."""
    if ask.cycle_id is None:
        change_id = ask.change_id or 0
        if ask.step == "office":
            return openness_briefing.of_office(installation, change_id, now)
        if ask.step == "confirmation":
            return openness_briefing.of_confirmation(installation, change_id)
        return openness_briefing.of_review(installation, change_id, now)
    if ask.step == "collect":
        cycle = queries.get_cycle(work.session, ask.cycle_id)
        missing = [office.name for office in queries.missing_centres(work.session, work.catalog, cycle)]
        return briefing.of_collect(installation, ask.cycle_id, missing)
    if ask.step == "review":
        return briefing.of_review(installation, ask.cycle_id, gates=gates)
    tell = briefing.of_sign_off if ask.step == "sign_off" else briefing.of_later_review
    return tell(installation, ask.cycle_id)


def _narrow(work: Work, ask: Ask, properties: Form, actor: Actor) -> Collection[GateId]:
    """Leave what this person's answer would be taken for; return the gates, none where the question has none.

    Raises:
        _NothingToAnswerError: when that is nothing.
    """
    if "gate" in properties:
        return _narrow_gates(work, _round_state(work, ask), properties, actor)
    if ask.step == "collect":
        if "compiler" not in actor.acts_as:
            properties["action"]["enum"] = [CHECK_AGAIN]
    elif (owner := work.session.get_one(OpennessChange, ask.change_id).office) not in actor.acts_for:
        office = work.catalog.offices[owner].name
        raise _NothingToAnswerError(words()["nothing_to_answer"]["office"].format(office=office))
    return ()


def _round_state(work: Work, ask: Ask) -> RoundState:
    if ask.cycle_id is None:
        return openness_review.round_state(work, work.session.get_one(OpennessChange, ask.change_id))
    return decisions.round_state(work, work.session.get_one(Cycle, ask.cycle_id), ask)


def _narrow_gates(work: Work, state: RoundState, properties: Form, actor: Actor) -> Collection[GateId]:
    catalog, offered = work.catalog, properties["gate"]["enum"]
    gates: dict[str, GateId] = {gate.name: gate.id for gate in catalog.gates.values()}
    theirs = [
        gate
        for gate in (gates[name] for name in offered if name in gates)
        if gate in state.open_gates and need_gate(catalog, gate)(actor) is None
    ]
    against = [refusal for gate in theirs for refusal in object_to_person(catalog, gate, actor.name, state)]
    if not theirs or against:
        raise _NothingToAnswerError("".join(dict.fromkeys(refusal.sentence for refusal in against)))
    outcomes = LATER_OUTCOMES if state.is_later_review else OUTCOMES
    possible = [
        name for name in properties["outcome"]["enum"] if _is_possible(catalog, theirs, outcomes[name], state, actor)
    ]
    if not possible:
        raise _NothingToAnswerError("")
    properties["gate"]["enum"] = [catalog.gates[gate].name for gate in theirs]
    properties["outcome"]["enum"] = possible
    if "returned_to" in properties and len({outcomes[name] for name in possible}) == 1:
        returns = outcomes[possible[0]] == "returned"
        targets = properties["returned_to"]["items"]
        targets["enum"] = [name for name in targets["enum"] if (name != RETURN_TO_NOBODY) is returns]
    return theirs


def _is_possible(catalog: Catalog, gates: Sequence[GateId], outcome: Outcome, state: RoundState, actor: Actor) -> bool:
    """Whether the rules would take ``outcome`` at one of ``gates`` at all, whatever else is filled in."""
    proof = Proof(actor.name, "", utc_now())
    return any(
        _AT_ALL.isdisjoint(told.code for told in object_to_answer(catalog, Answer(gate, outcome, proof), state))
        for gate in gates
    )
