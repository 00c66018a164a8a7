"""汇总: all centres' figures become one content with one digest."""

from __future__ import annotations

from prefect import task

from disclosure import compilation, cycles
from disclosure.workplace import open_workplace


@task(name="compile 汇总")
def compile_round(cycle_id: int) -> str:
    """The digest of the current round's compilation."""
    place = open_workplace()
    with place.records.write() as session:
        return compilation.compile_round(session, place.catalog, cycles.get_cycle(session, cycle_id)).digest
