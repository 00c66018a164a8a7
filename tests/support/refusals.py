"""Who is who in the permission tests, and what a refusal is: exact words, nothing decided, all of it on record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from disclosure.catalog import GateId
from disclosure.records.states import AskStep
from disclosure.records.tables import Ask, Decision, Excuse, LedgerEntry, UsedCode
from disclosure.review.given_answers import is_authentic
from disclosure.review.refusals import RefusalCode
from tests.support.bureau import Bureau
from tests.support.ledgers import first_broken

CENTRE, OTHER = "social_insurance_centre", "medical_centre"
#: Why the leader signs ahead of the reviews.
REASON = "暴雨救助资金须当日公开，三位审核人均在抢险现场。"
#: One person for each role that reviews nothing; 吴填报 filled in the workbooks, and is enrolled as well.
OTHERS: Mapping[str, tuple[str, str]] = {
    "吴填报": (CENTRE, "drafter"),
    "王医保": (OTHER, "drafter"),
    "周文字": ("social_insurance_section", "author"),
    "何汇总": ("publicity_section", "compiler"),
    "马督办": ("general_office", "supervisor"),
}
#: Where each of them works in 高港区, as refusals say it.
OFFICE: Mapping[str, str] = {
    "吴填报": "区社保中心",
    "王医保": "区医保中心",
    "周文字": "社会保险行政科室",
    "何汇总": "宣传信息科",
    "马督办": "局办公室",
    "郑法规": "政策法规科",
    "钱财务": "规划财务科",
    "孙保密": "局办公室",
    "李局长": "局领导",
}
#: Where a round is decided before the leader signs: the gate, its name, and the office that decides there.
REVIEWS: tuple[tuple[GateId, str, str], ...] = (
    ("policy", "政策审核", "政策法规科"),
    ("finance", "数据审核", "规划财务科"),
    ("confidentiality", "保密性审核", "局办公室"),
    ("emergency", "局领导紧急签发", "局领导"),
)
#: Who filled in is told that as well.
OWN_FIGURES = {"吴填报": "“吴填报”参与了本轮的填报或汇总，不能审核自己经手的数据，请换人审核。"}


def others_refused(
    gate: str,
    needed: str,
    own: str,
    *,
    same_office: Mapping[str, str] | None = None,
    also: Mapping[str, str] | None = None,
) -> list[Any]:
    """(name, sentences) of everybody but ``own``, who alone decides at ``gate`` (its name).

    ``same_office`` is told to people instead of where they belong, ``also`` beside it.
    """
    same_office, also = same_office or {}, also or {}
    who = {name: f"“{name}”属于{office}，{gate}须由{needed}的人作出。" for name, office in OFFICE.items()} | {
        **same_office
    }
    return [
        (name, words + also.get(name, "") + OWN_FIGURES.get(name, "")) for name, words in who.items() if name != own
    ]


def acted(**gates: str) -> dict[str, str]:
    """What people are told who decided at another gate (its name) of this round."""
    return {name: f"“{name}”本轮已作过{gate}，同一轮中一人只能作一个环节的结论。" for name, gate in gates.items()}


def name_only(value: str) -> str:
    """A short id of a parametrised test: sentences are left out."""
    return "" if value.startswith("“") else value


def decided(bureau: Bureau) -> list[tuple[int, str, str, int]]:
    """Every decision there is."""
    with bureau.installation.records.read() as session:
        return [(d.round, d.gate, d.outcome, d.person_id) for d in session.scalars(select(Decision))]


def events(bureau: Bureau, event: str) -> list[dict[str, Any]]:
    """Ledger entries of this event, in order."""
    wanted = select(LedgerEntry).where(LedgerEntry.event == event).order_by(LedgerEntry.number)
    with bureau.installation.records.read() as session:
        return [{"actor": entry.actor, **json.loads(entry.details)} for entry in session.scalars(wanted)]


def used_codes(bureau: Bureau) -> int:
    """How many one-time codes are used up."""
    with bureau.installation.records.read() as session:
        return session.scalar(select(func.count()).select_from(UsedCode)) or 0


def is_refused(bureau: Bureau, words: str, gate: GateId, *, step: AskStep | None = None, **given: Any) -> None:
    """Answering so is refused in exactly these words, nothing is decided, the ask stays open, and the ledger tells."""
    step = step or ("sign_off" if gate == "leader" else "review")
    asked = given.pop("asked", None) or bureau.ask(step, given.pop("digest", None))
    before = decided(bureau)
    assert bureau.reply(asked, gate, **given) == words
    assert decided(bureau) == before
    is_on_record(bureau, asked, words)
    told = events(bureau, "ask.refused")[-1]
    assert told.get("name"), told
    assert (told["refusal"], told.get("gate")) == (words, gate)
    assert set(told["codes"]) <= set(RefusalCode)
    assert told["codes"]


def is_on_record(bureau: Bureau, ask_id: int, words: str) -> None:
    """The refused answer is a row beside its ask, and in a whole ledger."""
    with bureau.installation.records.read() as session:
        ask = session.get_one(Ask, ask_id)
        given = ask.answers[-1]
        assert (given.is_taken, given.refusal, given.digest) == (False, words, ask.digest)
        assert is_authentic(bureau.installation.cipher, given)
        assert first_broken(session) is None
        key = ask.key
    assert events(bureau, "ask.refused")[-1]["key"] == key
    assert events(bureau, "ask.refused")[-1]["refusal"] == words


def excused(bureau: Bureau) -> list[str]:
    """Centres that the compiler went on without."""
    with bureau.installation.records.read() as session:
        return [excuse.centre for excuse in session.scalars(select(Excuse))]
