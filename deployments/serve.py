"""``python -m deployments.serve``: register all deployments and run what Prefect schedules, until stopped."""

from __future__ import annotations

from prefect import serve

from deployments.schedules import cycle_deployments
from disclosure.workplace import open_workplace


def main() -> None:
    """Serve until interrupted; schedules stay on, so a restart misses nothing that Prefect still holds."""
    place = open_workplace()
    # Tables are made before the first run needs them, and a broken catalogue is told at once.
    _ = place.records
    serve(*cycle_deployments(place.catalog), pause_on_shutdown=False, print_starting_message=False)


if __name__ == "__main__":
    main()
