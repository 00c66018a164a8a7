"""``python -m deployments.serve``: register all deployments and run what Prefect schedules, until stopped."""

from __future__ import annotations

from prefect import serve

from deployments.local import ready_file
from deployments.registration import register, wanted_deployments
from disclosure.workplace import open_workplace


def main() -> None:
    """Serve until interrupted; schedules stay on, so a restart misses nothing that Prefect still holds.

    Before the runner takes its first run, what died with the runner before is called dead, and cycles that
    were under way get a run again. Opening the records makes tables before the first run needs them, and a
    broken catalogue is told at once.
    """
    place = open_workplace()
    deployments = wanted_deployments(place)
    # Only now: it imports the flows as well, and could not say in words what is wrong with them.
    from deployments.recovery import crash_dead_runs, restart_abandoned_cycles

    for line in register(place, deployments).lines:
        print(line)
    if dead := crash_dead_runs():
        print(f"上次有 {dead} 个运行中途被停掉。")
    for period in restart_abandoned_cycles(place):
        print(f"{period.label}重新开始办理。")
    ready_file(place.settings).touch()
    serve(*deployments, pause_on_shutdown=False, print_starting_message=False)


if __name__ == "__main__":
    main()
