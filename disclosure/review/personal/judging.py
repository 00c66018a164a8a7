"""Accept a datum of a person by its number and with a reason, or take that back: the confidentiality reviewer alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from disclosure.catalog import Catalog
from disclosure.confidentiality.personal_data import NUMBER_LENGTH, PersonalKind
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.states import HeldState
from disclosure.records.tables import HeldDatum
from disclosure.review.identify import LONGEST_REASON, SHORTEST_REASON, Proof, explain_refusal, identify, need_gate
from disclosure.review.names import people_named, spell
from disclosure.review.personal.holding import is_proven, judgement_of
from disclosure.review.refusals import Refusal, RefusalCode

#: What each judgement makes of a datum, and the event that tells of it.
_EVENTS = {HeldState.ACCEPTED: "personal.accepted", HeldState.TAKEN_BACK: "personal.taken_back"}


def judge(work: Work, number: str, verdict: HeldState, proof: Proof) -> HeldDatum | Refusal:
    """Accept the datum of ``number``, or take its acceptance back, as ``verdict`` says; commit either way.

    From then on every search lets that very datum through, or refuses it again. What is public already stays so.

    Raises:
        DisclosureError: when there is no such number, or two data share it.
    """
    datum = find_held(work.session, work.catalog, number, is_locked=True)
    against = _object_to_judgement(work, datum, verdict, proof)
    person = identify(
        work,
        proof,
        needs=need_gate(work.catalog, "confidentiality"),
        used_for=f"personal/{verdict}",
        against=against,
    )
    if isinstance(person, Refusal):
        return person
    datum.state, datum.reason = verdict, proof.reason.strip()
    datum.person_id, datum.judged_at = person.id, work.now
    datum.mac = work.cipher.authenticate(judgement_of(datum))
    ledger.append(
        work.session,
        _EVENTS[verdict],
        actor=person.name,
        number=number_of(datum),
        kind=datum.kind,
        shown=datum.shown,
        reason=datum.reason,
    )
    return datum


def explain_unjudgeable(work: Work, number: str, verdict: HeldState, proof: Proof) -> Refusal | None:
    """Return why nothing would come of it, whatever the code; None when only the code is left to be checked.

    Raises:
        DisclosureError: as ``judge``.
    """
    datum = find_held(work.session, work.catalog, number)
    against = _object_to_judgement(work, datum, verdict, proof)
    return explain_refusal(work, proof, needs=need_gate(work.catalog, "confidentiality"), against=against)


def find_held(session: Session, catalog: Catalog, number: str, *, is_locked: bool = False) -> HeldDatum:
    """Return the datum of ``number``, as many characters of its digest as were typed.

    Raises:
        DisclosureError: when there is none, or there are two.
    """
    typed = number.strip().lower()
    wanted = select(HeldDatum).where(
        HeldDatum.profile == catalog.profile.id, HeldDatum.digest.startswith(typed, autoescape=True)
    )
    found = session.scalars(wanted.with_for_update() if is_locked else wanted).all() if typed else ()
    if not found or len(typed) < NUMBER_LENGTH:
        raise DisclosureError(
            f"没有编号为“{number}”的个人信息，请核对：编号是 {NUMBER_LENGTH} 个字符，"
            "在退回的那句话里（disclosure personal list 可列出全部）。"
        )
    if len(found) > 1:
        raise DisclosureError(f"有两条个人信息的编号都以“{number}”开头，请在工作台的“个人信息”页上办理。")
    return found[0]


def list_held(session: Session, catalog: Catalog) -> Sequence[HeldDatum]:
    """Return everything that was ever held: what waits first, the newest of each state first."""
    with_people = selectinload(HeldDatum.places), selectinload(HeldDatum.person)
    wanted = select(HeldDatum).where(HeldDatum.profile == catalog.profile.id).options(*with_people)
    order = list(HeldState)
    return sorted(session.scalars(wanted.order_by(HeldDatum.id.desc())), key=lambda row: order.index(row.state))


def count_waiting(session: Session, catalog: Catalog) -> int:
    """Return how many data nobody has judged yet."""
    waiting = HeldDatum.profile == catalog.profile.id, HeldDatum.state == HeldState.WAITING
    return session.scalar(select(func.count()).select_from(HeldDatum).where(*waiting)) or 0


def number_of(datum: HeldDatum) -> str:
    """Return what people call it."""
    return datum.digest[:NUMBER_LENGTH]


def name_of(datum: HeldDatum) -> str:
    """Return what it is, masked: ``手机号码（138****5678）``."""
    return f"{PersonalKind[datum.kind]}（{datum.shown}）"


def _object_to_judgement(work: Work, datum: HeldDatum, verdict: HeldState, proof: Proof) -> Iterator[Refusal]:
    number, length = number_of(datum), len(proof.reason.strip())
    if datum.state is verdict and is_proven(work.installation, datum):
        done = "已经同意公开" if verdict is HeldState.ACCEPTED else "已经收回同意"
        yield Refusal(RefusalCode.OUT_OF_DATE, f"编号 {number} {done}，不用再办理。")
    elif verdict is HeldState.TAKEN_BACK and datum.state is HeldState.WAITING:
        yield Refusal(RefusalCode.OUT_OF_DATE, f"编号 {number} 没有同意过公开，不用收回。")
    if not SHORTEST_REASON <= length <= LONGEST_REASON:
        what = "为什么可以公开" if verdict is HeldState.ACCEPTED else "为什么收回"
        sentence = f"理由应为 {SHORTEST_REASON} 到 {LONGEST_REASON} 个字，写明{what}，记入台账。"
        yield Refusal(RefusalCode.UNFIT_REASON, sentence)
    if verdict is HeldState.ACCEPTED and _handed_in(datum, proof.name):
        sentence = f"“{proof.name}”自己交来的材料里有编号 {number}，不能由本人同意，请换人办理。"
        yield Refusal(RefusalCode.OWN_FIGURES, sentence)


def _handed_in(datum: HeldDatum, name: str) -> bool:
    return any(spell(name) in people_named(place.handed_in_by, [name]) for place in datum.places)
