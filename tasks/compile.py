"""汇总: all centres' figures become one content with one digest."""

from __future__ import annotations

from prefect import task

from disclosure.cycle import compilation, queries
from disclosure.records.installation import open_installation
from tasks.patience import patient


@task(name="compile 汇总")
@patient("汇总")
def compile_round(cycle_id: int) -> str:
    """Compile the current round; the digest."""
    installation = open_installation()
    with installation.records.write() as session:
        return compilation.compile_round(session, installation.catalog, queries.get_cycle(session, cycle_id)).digest
