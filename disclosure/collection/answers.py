"""What the compiler answers when centres are missing: look again, or go on without them, with a reason."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.records import ledger
from disclosure.records.tables import Ask, Cycle, Excuse
from disclosure.review import asks
from disclosure.review.forms import CollectAnswer, parse_collect
from disclosure.review.people import check_code, find_person, roles_of
from disclosure.review.secrets import Cipher


def record_collect_answer(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    ask: Ask,
    raw: object,
    *,
    answered_at: dt.datetime | None = None,
) -> str:
    """Take the answer; an empty text, or the sentence that says why it was not taken. The ask is closed.

    ``answered_at`` (aware; now, when None) is when the answer was given, by which its code is judged.
    """
    assert ask.cycle_id is not None  # noqa: S101 - put about a cycle
    cycle = cycles.get_cycle(session, ask.cycle_id)
    cycles.lock(session, cycle)
    session.refresh(ask)
    if ask.state != "open":
        return ask.refusal
    answer = parse_collect(raw)
    moment = answered_at or utc_now()
    if isinstance(answer, str):
        asks.close(session, ask, "refused", answer)
        return answer
    if ask.round != cycle.round:
        reason = "这一问属于已结束的一轮，请按新的一轮办理。"
    else:
        reason = _excuse(session, catalog, cipher, cycle, answer, moment=moment)
    asks.close(session, ask, "refused" if reason else "answered", reason, name=answer.name)
    return reason


def _excuse(
    session: Session, catalog: Catalog, cipher: Cipher, cycle: Cycle, answer: CollectAnswer, *, moment: dt.datetime
) -> str:
    if not answer.goes_on_without:
        return ""
    person = find_person(session, answer.name)
    if person is None or not person.is_active:
        return f"“{answer.name}”没有登记或已停用，请核对姓名，或请管理员登记。"
    if "compiler" not in roles_of(session, catalog, person, moment):
        offices = "、".join(catalog.offices[office].name for office in catalog.roles["compiler"].offices)
        return f"先行汇总须由{offices}的{catalog.roles['compiler'].name}决定。"
    missing = cycles.missing_centres(session, catalog, cycle)
    if not set(cycles.standing_submissions(session, cycle)) - {office.id for office in missing}:
        return "还没有任何单位报送数据，无法汇总。"
    if wrong := check_code(session, cipher, person, answer.code, moment):
        return wrong
    for office in missing:
        session.add(
            Excuse(
                cycle_id=cycle.id,
                round=cycle.round,
                centre=office.id,
                reason=answer.reason,
                person_id=person.id,
                excused_at=moment,
            )
        )
        ledger.append(
            session, "centre.excused", actor=person.name, cycle_id=cycle.id, centre=office.id, reason=answer.reason
        )
    session.flush()
    return ""
