"""What several commands begin with: our records, and a cycle named by its period."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from deployments.bootstrap import use_server
from deployments.cli.screen import console, say
from disclosure.calendar.periods import parse_period
from disclosure.cycle import queries
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secret, from_environment
from disclosure.review.refusals import Refusal

if TYPE_CHECKING:
    from disclosure.records.installation import Installation, Work
    from disclosure.records.self_check.findings import RecordsFinding
    from disclosure.review.identify import Proof

T = TypeVar("T")


def open_installation() -> Installation:
    """Open records, catalogue and settings of this installation."""
    # Spares the other commands cryptography.
    from disclosure.records.installation import open_installation

    return open_installation()


def say_findings(findings: Iterable[RecordsFinding]) -> None:
    """Print what is wrong with our own records; what stops publication first."""
    for finding in sorted(findings, key=lambda each: not each.fault.is_stopping):
        is_grave = finding.fault.is_stopping
        say("✗" if is_grave else "!", "bold red" if is_grave else "yellow", finding.sentence)


def unless_refused(outcome: T | Refusal) -> T:
    """Return what was done; a refusal is told as an error."""
    if isinstance(outcome, Refusal):
        raise DisclosureError(outcome.sentence)
    return outcome


def ask_proof(
    installation: Installation, name: str, reason: str, explain: Callable[[Work, Proof], Refusal | None]
) -> Proof:
    """Ask ``name`` for the code of this moment, unless ``explain`` says that nothing would come of it.

    The code comes last: nobody fetches one for what is refused anyway.
    """
    # Spares the other commands cryptography and pyotp.
    from disclosure.review.identify import Proof

    # Not only read: data of persons in the reason are held, so that they can be asked about.
    with installation.begin() as work:
        refusal = explain(work, Proof(name, "", work.now, reason))
    unless_refused(refusal)
    code = console.input(f"{name} 的一次性口令：")
    return Proof(name, code, utc_now(), reason)


def cycle_id_of(installation: Installation, period: str) -> int:
    """Return the id of the cycle of ``period`` as it was typed; one that is not open is an error that says how."""
    with installation.records.read() as session:
        cycle = queries.find_cycle(session, installation.catalog, parse_period(period))
        if cycle is None:
            raise DisclosureError(f"{period} 还没有开启。请先运行 disclosure open {period}。")
        return cycle.id


def read_secret(secret: Secret) -> str:
    """Return a secret from the environment; Prefect is asked only for one that is in a block of its."""
    if not secret.block:
        return from_environment(secret)
    use_server(open_installation().settings)
    # Spares the other commands Prefect.
    from tasks.orchestration.secrets import read_secret as read_block

    return read_block(secret)
