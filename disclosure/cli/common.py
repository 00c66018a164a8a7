"""What several commands begin with: our records, and a cycle named by its period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    from disclosure.catalog import Secret
    from disclosure.workplace import Workplace


def workplace() -> Workplace:
    """Records, catalogue and settings of this installation."""
    from disclosure.workplace import open_workplace

    return open_workplace()


def cycle_id_of(place: Workplace, period: str) -> int:
    """The id of the cycle of ``period`` as it was typed; one that is not open is an error that says how."""
    from disclosure import cycles
    from disclosure.periods import parse_period

    with place.records.read() as session:
        cycle = cycles.find_cycle(session, place.catalog, parse_period(period))
        if cycle is None:
            raise DisclosureError(f"{period} 还没有开启。请先运行 disclosure open {period}。")
        return cycle.id


def read_secret(secret: Secret) -> str:
    """A secret from the environment; Prefect is asked only for one that is in a block of its."""
    from disclosure.kept_secrets import from_environment

    if not secret.block:
        return from_environment(secret)
    from deployments.bootstrap import use_server

    use_server(workplace().settings)
    from tasks.secrets import read_secret as read_block

    return read_block(secret)
