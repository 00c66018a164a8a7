"""What the compiler answers when centres are missing: look again, or go on without them, with a reason."""

from __future__ import annotations

from collections.abc import Iterator

from disclosure.cycle import queries
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Ask, Cycle, Excuse, Person
from disclosure.review.asks import Question
from disclosure.review.forms import CollectAnswer, parse_collect
from disclosure.review.given_answers import Statement
from disclosure.review.identify import Proof, explain_refusal, need_enrolment, need_role
from disclosure.review.refusals import Refusal, RefusalCode


def ask_compiler(work: Work, cycle: Cycle, ask: Ask, form: object) -> Question[CollectAnswer]:
    """Return how ``form`` is judged as an answer about missing centres; anybody enrolled may ask to look again."""

    def object_to(answer: CollectAnswer) -> Refusal | None:
        if ask.round != cycle.round:
            return Refusal(RefusalCode.OUT_OF_DATE, "这一问属于已结束的一轮，请按新的一轮办理。")
        if not answer.goes_on_without:
            return explain_refusal(work, answer.proof, needs=need_enrolment)
        role = work.catalog.roles["compiler"]
        offices = "、".join(work.catalog.offices[office].name for office in role.offices)
        needs = need_role({"compiler"}, f"先行汇总须由{offices}的{role.name}决定。")
        return explain_refusal(work, answer.proof, needs=needs, against=_object_to_compiling(work, cycle))

    def record(answer: CollectAnswer, person: Person) -> None:
        if answer.goes_on_without:
            _excuse_missing(work, cycle, answer.proof, person)

    return Question(lambda: parse_collect(form, work.now), object_to, record, _say)


def _say(answer: CollectAnswer) -> Statement:
    outcome = "go_on_without" if answer.goes_on_without else "check_again"
    return Statement(outcome=outcome, name=answer.proof.name, rest={"reason": answer.proof.reason})


def _excuse_missing(work: Work, cycle: Cycle, proof: Proof, person: Person) -> None:
    """Go on without whoever has not handed in."""
    for office in queries.missing_centres(work.session, work.catalog, cycle):
        work.session.add(
            Excuse(
                cycle_id=cycle.id,
                round=cycle.round,
                centre=office.id,
                reason=proof.reason,
                person_id=person.id,
                excused_at=work.now,
            )
        )
        ledger.append(
            work.session,
            "centre.excused",
            actor=person.name,
            cycle_id=cycle.id,
            centre=office.id,
            reason=proof.reason,
        )
    work.session.flush()


def _object_to_compiling(work: Work, cycle: Cycle) -> Iterator[Refusal]:
    missing = {office.id for office in queries.missing_centres(work.session, work.catalog, cycle)}
    if not set(queries.standing_submissions(work.session, cycle)) - missing:
        yield Refusal(RefusalCode.NOTHING_HANDED_IN, "还没有任何单位报送数据，无法汇总。")
