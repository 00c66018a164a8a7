"""``disclosure personal …``: data of persons that were refused, and which of them may be published all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from deployments.cli.chinese import make_noun
from deployments.cli.common import ask_proof, open_installation, unless_refused
from deployments.cli.screen import console, done
from disclosure.records.states import HeldState

if TYPE_CHECKING:
    from disclosure.records.installation import Work
    from disclosure.review.identify import Proof
    from disclosure.review.refusals import Refusal

personal_app = make_noun("personal", "查到的个人信息：列出、同意公开、收回同意。")

Number = Annotated[str, Parameter(help="编号，在退回的那句话里，如 3f9a22c1")]
By = Annotated[str, Parameter(help="保密性审核人的姓名")]
Reason = Annotated[str, Parameter(help="理由，记入台账")]


@personal_app.command(name="list")
def list_() -> None:
    """列出查到、退回的个人信息（遮住中间），以及哪些同意公开、谁同意的、为什么。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.workspace.personal import list_lines

    with open_installation().read() as work:
        lines = list_lines(work)
    if not lines:
        console.print("没有查到、退回的个人信息。")
    for line in lines:
        console.print(f"{line.number}  {line.name}  {line.state}", style="" if line.is_accepted else "bold")
        for told in (line.judged, *line.places):
            if told:
                console.print(f"  {told}", soft_wrap=True)


@personal_app.command(name="accept")
def accept(number: Number, *, by: By, reason: Reason) -> None:
    """同意公开一条个人信息；要保密性审核人验证器上的一次性口令。只放行这一条。"""
    _judge(number, HeldState.ACCEPTED, by, reason)


@personal_app.command(name="take-back")
def take_back(number: Number, *, by: By, reason: Reason) -> None:
    """收回同意：以后再有就退回。"""
    _judge(number, HeldState.TAKEN_BACK, by, reason)


def _judge(number: str, verdict: HeldState, by: str, reason: str) -> None:
    # Spares the other commands cryptography and pyotp.
    from disclosure.review.personal.judging import explain_unjudgeable, judge
    from disclosure.workspace.personal import say_judged

    def explain(work: Work, claimed: Proof) -> Refusal | None:
        return explain_unjudgeable(work, number, verdict, claimed)

    installation = open_installation()
    proof = ask_proof(installation, by, reason, explain)
    with installation.begin(proof.at) as work:
        outcome = judge(work, number, verdict, proof)
    done(say_judged(unless_refused(outcome)))
