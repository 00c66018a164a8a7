"""The one way in for answers: judged, written down and their code used up in one transaction.

What a run finds in Prefect is never an answer. Whoever hears one (the door, the terminal, a simulation) brings it
here, tells the person what came of it, and wakes the run, which looks into our records.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from disclosure.answers.missing_centres import ask_compiler
from disclosure.openness import confirming
from disclosure.openness import review as openness
from disclosure.records.installation import Installation, Work
from disclosure.records.states import AskState
from disclosure.records.tables import Ask, Cycle, GivenAnswer, OpennessChange
from disclosure.review import asks, decisions
from disclosure.review.asks import Question
from disclosure.review.refusals import Refusal, RefusalCode


@dataclass(frozen=True)
class TakenAnswer:
    """An answer that counts: who gave it, what it says (``gate`` is empty for other questions), and whom to wake."""

    ask_id: int
    name: str
    gate: str
    outcome: str
    flow_run_id: str
    pause_key: str


def take_answer(
    installation: Installation,
    flow_run_id: str,
    filled_in: object,
    *,
    by: str | None,
    now: dt.datetime,
    source: str = "",
) -> TakenAnswer | Refusal:
    """Take what was filled in as the answer to what the run asks, or return why not; then the ask stays open.

    ``by`` is who signed in, None where nobody has to, ``source`` where they sit. The one-time code is used up either
    way; the very same form given again is the same answer. Whether the run still exists does not matter.
    """
    with installation.begin(now, source=source, by=by) as work:
        ask = _find_ask(work, flow_run_id)
        if ask is None:
            refusal = Refusal(RefusalCode.NOT_ASKED, "这次运行现在没有等待答复的事项，请看最新的表单。")
            return _outcome(asks.refuse(work, None, filled_in, refusal), None)
        return _outcome(answer_ask(work, ask, filled_in), ask)


def answer_ask(work: Work, ask: Ask, filled_in: object) -> GivenAnswer:
    """Take ``filled_in`` as an answer to ``ask`` within ``work``; what became of it, which is to be committed."""
    if ask.cycle_id is not None:
        cycle = work.session.get_one(Cycle, ask.cycle_id)
        return asks.settle(work, cycle, ask, filled_in, _question_about_cycle(work, cycle, ask, filled_in))
    change = work.session.get_one(OpennessChange, ask.change_id)
    return asks.settle(work, change, ask, filled_in, _question_about_change(work, change, ask, filled_in))


def _question_about_cycle(work: Work, cycle: Cycle, ask: Ask, filled_in: object) -> Question[Any]:
    if ask.step == "collect":
        return ask_compiler(work, cycle, ask, filled_in)
    return decisions.ask_reviewers(work, cycle, ask, filled_in)


def _question_about_change(work: Work, change: OpennessChange, ask: Ask, filled_in: object) -> Question[Any]:
    if ask.step == "office":
        return openness.ask_office(work, change, ask, filled_in)
    if ask.step == "confirmation":
        return confirming.ask_confirmation(work, change, filled_in)
    return openness.ask_reviewers(work, change, ask, filled_in)


def _find_ask(work: Work, flow_run_id: str) -> Ask | None:
    """Return what the run asks: what is open, or else what was asked last and may just have been answered."""
    asked = list(work.session.scalars(select(Ask).where(Ask.flow_run_id == flow_run_id).order_by(Ask.id)))
    return next((ask for ask in asked if ask.state is AskState.OPEN), asked[-1] if asked else None)


def _outcome(row: GivenAnswer, ask: Ask | None) -> TakenAnswer | Refusal:
    if not row.is_taken or ask is None:
        codes = tuple(RefusalCode(code) for code in row.refusal_codes)
        return Refusal(codes[0], row.refusal, codes[1:])
    return TakenAnswer(row.ask_id or ask.id, row.name, row.gate, row.outcome, ask.flow_run_id, ask.pause_key)
