"""``python -m deployments.runner.run``: the process of one run, named in its environment.

In place of ``prefect.engine``: which flow a run executes is said by this installation
(``tasks.orchestration.own_code.admission``), never by a row of Prefect's.
"""

from __future__ import annotations

from disclosure.records.installation import open_installation
from tasks.orchestration.own_code.admission import admit
from tasks.orchestration.prefect_private import run_engine


def main() -> None:
    """Run our flow for the run, or refuse it before any flow begins."""
    run_engine(lambda flow_run: admit(open_installation(), flow_run))


if __name__ == "__main__":
    main()
