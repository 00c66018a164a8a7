#!/bin/sh
# The whole test suite, fast parts first; stops at the first part that fails.
# Test files that start a Prefect server are spread over the workers whole (loadfile), so that each worker starts one
# server for many tests.
set -eu
part() {
    echo "== $1"
    shift
    .venv/bin/python -m pytest -q "$@"
}
part "unit and records" -m "unit or records" -n 2
part "flows, faults and browser" -m "flows or faults or browser" -n 2 --dist loadfile
