"""个人信息: what was refused because it tells of persons, and what of it the confidentiality reviewer accepted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from disclosure.catalog import Catalog, RoleId
from disclosure.platform.clock import format_moment
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Work
from disclosure.records.states import HeldDoor, HeldState
from disclosure.records.tables import HeldDatum
from disclosure.review.identify import Proof
from disclosure.review.personal.holding import is_proven
from disclosure.review.personal.judging import judge, list_held, name_of, number_of
from disclosure.review.refusals import Refusal

PERSONAL = "/personal"
#: What a button of the page does.
_VERDICTS = {"accept": HeldState.ACCEPTED, "take_back": HeldState.TAKEN_BACK}
_STATES = {
    HeldState.WAITING: "不能公开，没有同意过",
    HeldState.ACCEPTED: "同意公开",
    HeldState.TAKEN_BACK: "不能公开，同意已收回",
}
_DOORS: dict[HeldDoor, str] = {
    "file": "报送的文件",
    "reason": "填写的话",
    "content": "公开事项的内容",
    "release": "发布件",
}


@dataclass(frozen=True)
class HeldLine:
    """A datum in words; ``number`` is what people call it, ``digest`` what its form sends.

    ``places`` say where it stands and who handed that in; ``judged`` who judged last, when and why.
    """

    number: str
    digest: str
    name: str
    state: str
    is_accepted: bool
    places: Sequence[str]
    judged: str


def may_judge(catalog: Catalog, roles: Collection[RoleId]) -> bool:
    """Whether somebody of these roles decides on data of persons, and so sees what there are."""
    return catalog.gates["confidentiality"].role in roles


def list_lines(work: Work) -> list[HeldLine]:
    """Return all that was ever held, what waits first."""
    return [_line(work, row) for row in list_held(work.session, work.catalog)]


def judge_by_form(work: Work, number: str, act: str, proof: Proof) -> HeldDatum | Refusal:
    """Accept or take back as the button says, or return why not.

    Raises:
        DisclosureError: for an act that there is not, and as ``judge``.
    """
    if act not in _VERDICTS:
        raise DisclosureError("没有选择办理什么，请重新打开页面再试。")
    return judge(work, number, _VERDICTS[act], proof)


def say_judged(datum: HeldDatum) -> str:
    """Say what became of a datum, and what follows."""
    told = f"编号 {number_of(datum)} 的{name_of(datum)}"
    if datum.state is HeldState.ACCEPTED:
        return f"{told}已同意公开，记入台账。请告诉报送的人重新报送；只放行这一条，别的照样退回。"
    return f"{told}已收回同意，记入台账。以后再有就退回；已经公开的，请告诉汇总人更正或撤回。"


def _line(work: Work, row: HeldDatum) -> HeldLine:
    is_accepted = row.state is HeldState.ACCEPTED
    state = _STATES[row.state]
    if row.judged_at is not None and not is_proven(work.installation, row):
        state = "记录与本人的办理不符，不算数；请管理员核查记录库"
        is_accepted = False
    judged = ""
    if row.person is not None and row.judged_at is not None:
        judged = f"{format_moment(row.judged_at)}　{row.person.name}：{row.reason}"
    return HeldLine(
        number=number_of(row),
        digest=row.digest,
        name=name_of(row),
        state=state,
        is_accepted=is_accepted,
        places=[
            f"{format_moment(place.found_at)}　{_DOORS[place.door]}：{place.place}"
            + (f"（{place.handed_in_by}交来）" if place.handed_in_by else "")
            for place in row.places
        ],
        judged=judged,
    )
