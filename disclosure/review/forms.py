"""What the forms offer and how their answers are read: enumerations and short text, believed by no one yet.

The same raw answer comes from Prefect's form, from ``disclosure resume`` or from anybody who can reach the door, so
every field is checked again here.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from disclosure.catalog import Catalog, GateId
from disclosure.platform.clock import shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import SHANGHAI
from disclosure.platform.wording import words_beside
from disclosure.records.states import AskStep, Outcome
from disclosure.review.authority import Answer
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal, RefusalCode, combine_refusals

words = words_beside(__file__)
OUTCOMES: Mapping[str, Outcome] = {"通过": "approved", "退回": "returned"}
#: What was decided, as people call it.
OUTCOME_NAMES: Mapping[str, str] = {outcome: name for name, outcome in OUTCOMES.items()}
#: After an emergency sign-off what is public cannot be returned, only found right or wrong.
LATER_OUTCOMES: Mapping[str, Outcome] = {"补审通过": "approved", "补审发现问题": "returned"}
AT_ONCE = "立即"
LONGEST_OPINION = 2000

CHECK_AGAIN = "报表已补齐，请再检查一次"
GO_ON_WITHOUT = "不再等待，先行汇总"
_MOMENT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?[\sT]*(\d{1,2})\s*[:时点]\s*(\d{1,2})(?:\s*分|:(\d{1,2}))?",
    re.ASCII,
)
#: An hour at which people read what is published.
_MORNING = 9
#: Statement in the form's "退回给" when a reviewer approves: Prefect's form needs something chosen.
RETURN_TO_NOBODY = "不退回"
COLLECT_ACTIONS = (CHECK_AGAIN, GO_ON_WITHOUT)


@dataclass(frozen=True)
class CollectAnswer:
    """The compiler's answer to "these centres are missing"."""

    goes_on_without: bool
    proof: Proof


def as_paragraphs(markdown: str) -> str:
    """Make every line a paragraph: Prefect's form runs single line breaks together."""
    return re.sub(r"\n+", "\n\n", markdown.strip())


def say_hours(now: dt.datetime, latest: dt.datetime | None) -> str:
    """Say what may be filled in as the time of publication: of the examples none has passed, or is after ``latest``."""
    said: dict[str, str] = words()["hours"]
    if latest is not None and latest <= now:
        return said["over"].format(at_once=AT_ONCE)
    morning = shanghai(now).replace(hour=_MORNING, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    example = morning if latest is None or morning <= latest else shanghai(latest)
    which = "to_come" if latest is None else "until"
    until = f"{shanghai(latest):%Y-%m-%d %H:%M}" if latest else ""
    return said[which].format(at_once=AT_ONCE, example=f"{example:%Y-%m-%d %H:%M}", latest=until)


def parse_review(raw: object, catalog: Catalog, step: AskStep, at: dt.datetime) -> Answer | Refusal:
    """Read the answer to a review, the sign-off or a later review that was given ``at`` this moment."""
    fields = fields_of(raw)
    gates: dict[str, GateId] = {gate.name: gate.id for gate in catalog.gates.values()}
    gate = gates.get(fields.get("gate", ""))
    if gate is None:
        return unfit_field("没有选择审核环节，请重新填写。")
    outcomes = LATER_OUTCOMES if step == "later_review" else OUTCOMES
    outcome = outcomes.get(fields.get("outcome", ""))
    if outcome is None:
        return unfit_field(f"没有选择“{'”或“'.join(outcomes)}”，请重新填写。")
    returned_to = _parse_targets(raw, catalog)
    is_signed = step == "sign_off" and outcome == "approved"
    publish_at = _parse_hour(fields.get("publish_at", "")) if is_signed else None
    proof = parse_proof(fields, "opinion", at)
    if isinstance(returned_to, Refusal) or isinstance(publish_at, Refusal) or isinstance(proof, Refusal):
        unfit = combine_refusals(each for each in (returned_to, publish_at, proof) if isinstance(each, Refusal))
        assert unfit is not None  # noqa: S101 - one of them is
        return unfit
    return Answer(gate, outcome, proof, returned_to, publish_at)


def _parse_targets(raw: object, catalog: Catalog) -> tuple[str, ...] | Refusal:
    """Return the ids of the offices chosen under 退回给."""
    offices = {office.name: office.id for office in catalog.offices.values()}
    chosen = raw.get("returned_to", []) if isinstance(raw, Mapping) else []
    names = [str(name) for name in chosen] if isinstance(chosen, Sequence) and not isinstance(chosen, str) else []
    if RETURN_TO_NOBODY in names and len(names) > 1:
        return unfit_field(f"“退回给”选了“{RETURN_TO_NOBODY}”，就不能再选单位，请重新选择。")
    names = [name for name in names if name != RETURN_TO_NOBODY]
    if unknown := [name for name in names if name not in offices]:
        return unfit_field(f"没有“{'、'.join(unknown)}”这个单位，请重新选择退回的单位。")
    return tuple(dict.fromkeys(offices[name] for name in names))


def _parse_hour(text: str) -> dt.datetime | Refusal | None:
    try:
        return read_publication_time(text)
    except DisclosureError as error:
        return unfit_field(str(error))


def read_publication_time(text: str) -> dt.datetime | None:
    """Return None for 立即, otherwise the moment meant (Shanghai time).

    ``2026-03-15 09:00``, ``2026/3/15 9:00`` and ``2026年3月15日9:00`` are the same minute, in digits of any width.

    Raises:
        DisclosureError: for anything else, with how to write it.
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    if folded == AT_ONCE:
        return None
    if match := _MOMENT.fullmatch(folded):
        try:
            return dt.datetime(*(int(number or 0) for number in match.groups()), tzinfo=SHANGHAI)  # type: ignore[misc, arg-type]
        except ValueError:
            pass
    raise DisclosureError(f"看不懂计划发布时间“{text}”，请填“{AT_ONCE}”，或如 2026-03-15 09:00（北京时间）。")


def parse_collect(raw: object, at: dt.datetime) -> CollectAnswer | Refusal:
    """Read the compiler's answer, given ``at`` this moment."""
    fields = fields_of(raw)
    action = fields.get("action")
    if action not in COLLECT_ACTIONS:
        return unfit_field("没有选择处理方式，请重新填写。")
    if action == GO_ON_WITHOUT and len(fields.get("reason", "")) < 4:
        return Refusal(RefusalCode.UNFIT_REASON, "先行汇总必须写明理由（至少 4 个字），理由会作为脚注公开。")
    proof = parse_proof(fields, "reason", at)
    return proof if isinstance(proof, Refusal) else CollectAnswer(action == GO_ON_WITHOUT, proof)


def fields_of(raw: object) -> dict[str, str]:
    """Return the short texts among what was filled in, trimmed and cut."""
    if not isinstance(raw, Mapping):
        return {}
    texts: dict[str, Any] = {str(key): value for key, value in raw.items()}
    return {key: value.strip()[:LONGEST_OPINION] for key, value in texts.items() if isinstance(value, str)}


def parse_proof(fields: Mapping[str, str], reason: str, at: dt.datetime) -> Proof | Refusal:
    """Read name, code and the field called ``reason``; refuse a name and code that cannot be anybody's."""
    if not fields.get("name"):
        return unfit_field("没有填写姓名，请重新填写。")
    if not re.fullmatch(r"\d{6}", fields.get("code", "")):
        return unfit_field("一次性口令应为验证器上的 6 位数字，请重新填写。")
    return Proof(fields["name"], fields["code"], at, fields.get(reason, ""))


def proof_in(raw: object, at: dt.datetime) -> Proof | Refusal:
    """Read name and code alone, whatever else was filled in."""
    return parse_proof(fields_of(raw), "", at)


def unfit_field(sentence: str) -> Refusal:
    """Return the refusal of a form that cannot be read as an answer."""
    return Refusal(RefusalCode.UNFIT_FIELD, sentence)


def read_day(text: str) -> dt.date:
    """Read a day as a browser writes it.

    Raises:
        DisclosureError: for anything else.
    """
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise DisclosureError("没有写日期，应如 2026-03-02。") from None
