"""People of an installation at work: enrolled, with devices that show codes; they fill in, hand in and decide.

The demonstration, the rehearsal and the tests play their people with these; each brings a clock of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyotp
from sqlalchemy.orm import Session

from disclosure.answers.taking import answer_ask
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, RoleId
from disclosure.collection.answers import Receipt
from disclosure.collection.handout import workbook_name
from disclosure.collection.narrative.texts import Head, document_name
from disclosure.collection.narrative.writer import Template, write_docx
from disclosure.collection.submit import submit_file
from disclosure.collection.workbook.write.writer import WorkbookContents, write_workbook
from disclosure.cycle import queries
from disclosure.figures.narrative import TextBlock
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import SHANGHAI
from disclosure.records.installation import Installation
from disclosure.records.states import AskStep
from disclosure.records.tables import Ask
from disclosure.review import asks, people
from disclosure.review.authority import Answer
from disclosure.review.forms import AT_ONCE, GO_ON_WITHOUT, LATER_OUTCOMES, OUTCOMES, RETURN_TO_NOBODY
from disclosure.review.identify import Proof


class SimulatedClock:
    """A clock that only goes on."""

    def __init__(self, moment: dt.datetime) -> None:
        self.moment = moment

    def __call__(self) -> dt.datetime:
        """Tell the time, an aware one."""
        return self.moment

    @property
    def today(self) -> dt.date:
        """The Shanghai day."""
        return self.moment.astimezone(SHANGHAI).date()

    def go_to(self, day: dt.date, time: dt.time) -> None:
        """Go on to ``time`` (Shanghai) of ``day``, if it is not past."""
        self.moment = max(self.moment, dt.datetime.combine(day, time, SHANGHAI))

    def pass_(self, seconds: float) -> None:
        """Go on by so many seconds."""
        self.moment += dt.timedelta(seconds=seconds)


@dataclass
class Actors:
    """The people of ``installation``; ``secrets`` are what the devices of those enrolled here hold, by name.

    A code counts once: a simulated clock goes on to the next one.
    """

    installation: Installation
    clock: Callable[[], dt.datetime] = utc_now
    is_demo: bool = False
    secrets: dict[str, str] = field(default_factory=dict)
    used_steps: dict[str, set[int]] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        """The profile's facts."""
        return self.installation.catalog

    def enrol(self, name: str, office: str, *roles: RoleId | str) -> str:
        """Enrol somebody of ``office`` (an id) and give them a device; their name."""
        with self.installation.records.write() as session:
            made = people.enrol(
                session, self.catalog, self.installation.cipher, name, office, roles=roles, is_demo=self.is_demo
            )
        self.secrets[name] = made.secret
        return name

    def code(self, name: str) -> str:
        """Read the code on the device of ``name``.

        Raises:
            DisclosureError: when it was used, which by the real clock lasts half a minute.
        """
        if isinstance(self.clock, SimulatedClock):
            self.clock.pass_(people.STEP_SECONDS)
            return self._code_of(name, self.step_now())
        now = self.step_now()
        used = self.used_steps.setdefault(name, set())
        if used and now <= max(used):
            raise DisclosureError(f"{name}的口令已用过，请等下一个。")
        used.add(now)
        return self._code_of(name, now)

    def wrong_code(self, name: str) -> str:
        """Make up six digits that are right for ``name`` at no moment near now."""
        near = {self._code_of(name, self.step_now() + step) for step in range(-3, 4)}
        return next(code for digit in range(10) if (code := str(digit) * 6) not in near)

    def step_now(self) -> int:
        """Return the number of the step of all codes at present."""
        return int(self.clock().timestamp()) // people.STEP_SECONDS

    def fill_in_workbook(
        self, contents: WorkbookContents, *, folder: Path, signers: tuple[str, str], signed_on: dt.date
    ) -> Path:
        """Write a centre's workbook with its own of the figures, as its statistician saves it.

        ``signers`` are who filled it in and who checked it; nobody signs before the period is over.
        """
        catalog, centre, period = self.catalog, contents.centre_id, contents.period
        own = [figure for figure in contents.filled if catalog.indicators[figure.indicator].centre == centre]
        cover = (*signers, signed_on.isoformat() if period.end < signed_on else "")
        name = workbook_name(period.label, catalog.offices[centre].name, contents.round_number)
        return write_workbook(folder / name, catalog, replace(contents, filled=own, cover=cover))

    def write_text(
        self,
        period: Period,
        office: str,
        sections: Mapping[str, tuple[TextBlock, ...]],
        *,
        folder: Path,
        author: str,
        round_number: int = 1,
    ) -> Path:
        """Write the text sections of ``office`` (an id) as a Word document."""
        catalog = self.catalog
        path = folder / document_name(period.label, catalog.offices[office].name, round_number, ".docx")
        head = Head(catalog.profile.id, period, round_number, office, author)
        write_docx(path, catalog, Template(head, sections, {}))
        return path

    def submit(self, path: Path) -> Receipt:
        """Hand in the workbook or text at ``path``."""
        return submit_file(self.installation, path.read_bytes(), path.name)

    def decide(self, cycle_id: int, answer: Answer, ask_id: int | None = None) -> str:
        """Answer the question that is open, or ``ask_id``, as a reviewer; why that was refused, or an empty text."""
        with self.installation.records.read() as session:
            step = self._asked(session, cycle_id, ask_id).step
        return self.fill_in(cycle_id, form_of(self.catalog, step, answer), ask_id)

    def fill_in(self, cycle_id: int, form: object, ask_id: int | None = None) -> str:
        """Fill in ``form`` for the question that is open, or ``ask_id``; why that was refused, or an empty text."""
        with self.installation.begin(self.clock()) as work:
            return answer_ask(work, self._asked(work.session, cycle_id, ask_id), form).refusal

    @staticmethod
    def _asked(session: Session, cycle_id: int, ask_id: int | None) -> Ask:
        """Return the question, which must be open: nobody answers what is not asked."""
        if ask_id:
            return asks.get(session, ask_id)
        ask = asks.open_ask_of(session, queries.get_cycle(session, cycle_id))
        assert ask is not None  # noqa: S101 - see above
        return ask

    def _code_of(self, name: str, step: int) -> str:
        return pyotp.TOTP(self.secrets[name]).at(step * people.STEP_SECONDS)


def go_on_without(name: str, code: str, reason: str) -> dict[str, str]:
    """Fill in the compiler's form so as to go on without who is missing."""
    return {"action": GO_ON_WITHOUT, "name": name, "code": code, "reason": reason}


def fill_in_review(
    fields: Collection[str],
    gate: str,
    outcome: str,
    proof: Proof,
    *,
    returned_to: Iterable[str] = (),
    publish_at: str = AT_ONCE,
) -> dict[str, Any]:
    """Fill in the form of a review or a sign-off as far as its ``fields`` ask; ``gate``, ``outcome`` as it has them."""
    answer = {
        "gate": gate,
        "outcome": outcome,
        "name": proof.name,
        "code": proof.code,
        "opinion": proof.reason,
        "returned_to": list(returned_to) or [RETURN_TO_NOBODY],
        "publish_at": publish_at,
    }
    return {field: answer[field] for field in fields}


def form_of(catalog: Catalog, step: AskStep, answer: Answer) -> dict[str, Any]:
    """Return the form, filled in, that is read as ``answer`` to a question at ``step``."""
    outcomes = LATER_OUTCOMES if step == "later_review" else OUTCOMES
    return fill_in_review(
        ("gate", "outcome", "name", "code", "opinion", "returned_to", "publish_at"),
        catalog.gates[answer.gate].name,
        next(name for name, outcome in outcomes.items() if outcome == answer.outcome),
        answer.proof,
        returned_to=[catalog.offices[each].name if each in catalog.offices else each for each in answer.returned_to],
        publish_at=answer.publish_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        if answer.publish_at
        else AT_ONCE,
    )
