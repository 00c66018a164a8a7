#!/bin/sh
# The whole test suite, fast parts first; stops at the first part that fails.
# Each worker starts one Prefect server for all its tests that need one; a worker that is done takes over from the other.
set -eu
part() {
    echo "== $1"
    shift
    .venv/bin/python -m pytest -q "$@"
}
part "unit and records" -m "unit or records" -n 2
part "flows, faults and browser" -m "flows or faults or browser" -n 2 --dist worksteal
