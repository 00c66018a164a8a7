"""Protects the one way in for answers: one transaction with the code's use, one answer a code, rows that cannot be
rewritten unseen.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from disclosure.answers.taking import TakenAnswer, take_answer
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.records.states import AskState
from disclosure.records.tables import Ask, Decision, GivenAnswer, LedgerEntry, UsedCode
from disclosure.review.authority import Answer
from disclosure.review.forms import CHECK_AGAIN
from disclosure.review.given_answers import is_authentic, require_proven
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal, RefusalCode
from disclosure.simulation.actors import form_of
from tests.support.bureau import CYCLE_OF_ASK, Bureau
from tests.support.power_cuts import PowerCutError

pytestmark = pytest.mark.records

CENTRE = "social_insurance_centre"


@pytest.fixture
def asked(audited: Bureau) -> Bureau:
    """A round whose run asks the reviewers."""
    audited.ask("review")
    return audited


def form(bureau: Bureau, gate: str = "policy", outcome: str = "approved", name: str = "郑法规", **given: Any) -> Any:
    """A form filled in with a good code."""
    to = (CENTRE,) if outcome == "returned" else ()
    code = given.pop("code", None) or bureau.code(name)
    opinion = "参保人数有误，请核对。" if outcome == "returned" else "1-99：已核对，同意。"
    answer = Answer(gate, outcome, Proof(name, code, bureau.now, opinion), to)  # type: ignore[arg-type]
    return form_of(bureau.catalog, "review", answer) | given


def take(bureau: Bureau, filled_in: object, *, by: str | None = None, run: str = CYCLE_OF_ASK) -> TakenAnswer | Refusal:
    return take_answer(bureau.installation, run, filled_in, by=by, now=bureau.now, source="10.0.0.7")


def refused(bureau: Bureau, filled_in: object, code: RefusalCode, **given: Any) -> Refusal:
    outcome = take(bureau, filled_in, **given)
    assert isinstance(outcome, Refusal)
    assert code in outcome.codes, outcome
    return outcome


def rows(bureau: Bureau, table: Any) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


@pytest.mark.both_databases
def test_a_taken_answer_is_a_row_with_all_that_matters(asked: Bureau) -> None:
    taken = take(asked, form(asked), by="郑法规")
    assert isinstance(taken, TakenAnswer)
    (ask,) = rows(asked, Ask)
    assert (taken.flow_run_id, taken.pause_key) == (CYCLE_OF_ASK, ask.pause_key)
    assert (ask.state, ask.is_awake) == (AskState.ANSWERED, False)
    (decision,) = rows(asked, Decision)
    (given,) = rows(asked, GivenAnswer)
    (used,) = rows(asked, UsedCode)
    assert (given.ask_id, given.person_id, given.name) == (ask.id, decision.person_id, "郑法规")
    assert (given.gate, given.outcome, given.digest) == ("policy", "approved", ask.digest)
    assert (given.said["opinion"], given.source, given.is_taken) == (decision.opinion, "10.0.0.7", True)
    assert (used.used_for, used.ask_id, used.person_id) == ("policy/approved", ask.id, decision.person_id)
    assert is_authentic(asked.installation.cipher, given)
    with asked.installation.records.read() as session:
        told = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "ask.answered")).one()
    assert json.loads(told.details)["answer"] == given.mac
    # The code itself lies nowhere.
    assert form(asked)["code"] not in json.dumps(given.said)


@pytest.mark.both_databases
def test_a_refused_answer_leaves_the_question_open_and_tells_at_once(asked: Bureau) -> None:
    outcome = refused(asked, form(asked, outcome="returned", returned_to=["不退回"]), RefusalCode.UNFIT_TARGET)
    assert outcome.sentence == "退回时必须选择退回给哪个单位。"
    (ask,) = rows(asked, Ask)
    (given,) = rows(asked, GivenAnswer)
    assert ask.state is AskState.OPEN
    assert (given.is_taken, given.refusal, given.gate, given.outcome) == (False, outcome.sentence, "policy", "returned")
    assert rows(asked, Decision) == []
    assert isinstance(take(asked, form(asked, outcome="returned")), TakenAnswer)


@pytest.mark.both_databases
@pytest.mark.parametrize("dies_at", [1, 2])
def test_the_answer_and_the_use_of_its_code_are_one_transaction(asked: Bureau, dies_at: int) -> None:
    """Whatever is written first: where the transaction dies before its end, none of it happened."""
    filled_in = form(asked)

    left = iter(range(dies_at - 1))

    def die(_session: Session, _context: object) -> None:
        if next(left, None) is None:
            raise PowerCutError

    event.listen(Session, "after_flush", die)
    try:
        with pytest.raises(PowerCutError):
            take(asked, filled_in)
    finally:
        event.remove(Session, "after_flush", die)
    assert [rows(asked, table) for table in (Decision, GivenAnswer, UsedCode)] == [[], [], []]
    assert rows(asked, Ask)[0].state is AskState.OPEN
    assert isinstance(take(asked, filled_in), TakenAnswer)


@pytest.mark.both_databases
def test_the_same_form_from_two_threads_is_one_answer(asked: Bureau) -> None:
    filled_in = form(asked)
    told: list[TakenAnswer | Refusal] = []
    threads = [threading.Thread(target=lambda: told.append(take(asked, filled_in))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(one, TakenAnswer) for one in told), told
    assert len({one.ask_id for one in told if isinstance(one, TakenAnswer)}) == 1
    assert [len(rows(asked, table)) for table in (Decision, GivenAnswer, UsedCode)] == [1, 1, 1]


def test_a_code_is_good_for_one_answer_only(asked: Bureau) -> None:
    code = asked.code("郑法规")
    assert isinstance(take(asked, form(asked, code=code)), TakenAnswer)
    asked.ask("review")
    for other in (form(asked, "policy", "returned", code=code), form(asked, code=code, opinion="另一句话")):
        refused(asked, other, RefusalCode.USED_CODE)
    assert [decision.outcome for decision in rows(asked, Decision)] == ["approved"]


def test_the_same_form_in_the_next_round_is_no_answer(asked: Bureau) -> None:
    """What was approved is another content now."""
    filled_in = form(asked)
    assert isinstance(take(asked, filled_in), TakenAnswer)
    asked.send_back("finance", CENTRE)
    asked.begin_next_round()
    asked.hand_in_all({"employee_pension.participants": "52003"}, centres=[CENTRE])
    asked.compile()
    asked.ask("review")
    refused(asked, filled_in, RefusalCode.USED_CODE)


def test_a_mistyped_code_may_be_given_again_once_it_is_right(asked: Bureau) -> None:
    early = asked.code("郑法规")
    moment = asked.now
    asked.now = moment.replace(year=moment.year - 1)
    refused(asked, form(asked, code=early), RefusalCode.WRONG_CODE)
    asked.now = moment
    assert isinstance(take(asked, form(asked, code=early)), TakenAnswer)


def test_who_is_signed_in_answers_under_no_other_name(asked: Bureau) -> None:
    filled_in = form(asked)
    outcome = refused(asked, filled_in, RefusalCode.OTHER_NAME, by="钱财务")
    assert "登录的是“钱财务”，填的是“郑法规”" in outcome.sentence
    assert rows(asked, Decision) == []
    # Its code has been seen by somebody else now.
    refused(asked, filled_in | {"opinion": "同意"}, RefusalCode.USED_CODE, by="郑法规")


def test_a_run_that_asks_nothing(asked: Bureau) -> None:
    filled_in = form(asked)
    refused(asked, filled_in, RefusalCode.NOT_ASKED, run="11111111-1111-1111-1111-111111111111")
    refused(asked, filled_in, RefusalCode.USED_CODE)
    assert [given.ask_id is None for given in rows(asked, GivenAnswer)] == [True, False]


def test_an_answer_after_another_is_told_so(asked: Bureau) -> None:
    assert isinstance(take(asked, form(asked)), TakenAnswer)
    refused(asked, form(asked, "finance", name="钱财务"), RefusalCode.ANSWERED_BEFORE)


def test_looking_again_is_an_answer_by_somebody(bureau: Bureau) -> None:
    """Nobody is woken by whoever has no code, and files that came are seen without anybody's."""
    bureau.ask("collect", "")
    filled_in = {"action": CHECK_AGAIN, "name": "郑法规", "code": bureau.wrong_code("郑法规"), "reason": "看看"}
    refused(bureau, filled_in, RefusalCode.WRONG_CODE)
    refused(bureau, filled_in | {"name": "路过"}, RefusalCode.NOT_ENROLLED)
    taken = take(bureau, filled_in | {"code": bureau.code("郑法规")})
    assert isinstance(taken, TakenAnswer)
    assert taken.outcome == "check_again"


@pytest.fixture
def decided(asked: Bureau) -> Iterator[Bureau]:
    assert isinstance(take(asked, form(asked, outcome="returned")), TakenAnswer)
    prove(asked)
    return asked


def prove(bureau: Bureau) -> None:
    with bureau.installation.records.read() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        require_proven(session, bureau.catalog, bureau.installation.cipher, cycle)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("table", "values"),
    [
        (Decision, {"outcome": "approved"}),
        (Decision, {"opinion": "同意"}),
        (Decision, {"digest": "f" * 64}),
        (Decision, {"returned_to": []}),
        (GivenAnswer, {"outcome": "approved"}),
        (GivenAnswer, {"source": "别处"}),
        (GivenAnswer, {"mac": "0" * 64}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.__tablename__,
)
def test_an_edited_row_is_seen(decided: Bureau, table: Any, values: dict[str, Any]) -> None:
    with decided.installation.records.write() as session:
        session.execute(update(table).values(**values))
    with pytest.raises(DisclosureError, match="“郑法规”所作的政策审核结论，与本人的答复不符"):
        prove(decided)


def test_both_rows_edited_alike_are_seen(decided: Bureau) -> None:
    with decided.installation.records.write() as session:
        session.execute(update(Decision).values(outcome="approved"))
        session.execute(update(GivenAnswer).values(outcome="approved"))
    with pytest.raises(DisclosureError, match="流程停在这里"):
        prove(decided)


def test_a_decision_that_nobody_answered_is_seen(asked: Bureau) -> None:
    assert isinstance(take(asked, form(asked)), TakenAnswer)
    with asked.installation.records.write() as session:
        made = session.scalars(select(Decision)).one()
        session.add(
            Decision(
                cycle_id=made.cycle_id,
                round=made.round,
                gate="finance",
                outcome="approved",
                digest=made.digest,
                person_id=made.person_id,
                ask_id=made.ask_id,
                decided_at=made.decided_at,
            )
        )
    with pytest.raises(DisclosureError, match="所作的数据审核结论"):
        prove(asked)


def test_a_release_is_not_published_on_a_rewritten_decision(bureau: Bureau) -> None:
    bureau.sign_all()
    with bureau.installation.records.write() as session:
        session.execute(update(Decision).where(Decision.gate == "finance").values(opinion="1-99：无"))
    with pytest.raises(DisclosureError, match="与本人的答复不符"):
        bureau.publish()
    assert not bureau.site.exists()
