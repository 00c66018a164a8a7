#!/bin/sh
# One tier of the test suite, fast parts first; stops at the first part that fails.
#
#   tools/test.sh test       all that a change can break
#   tools/test.sh full       that, every kill point, long walks, whole years, both databases
#   tools/test.sh coverage   rules and records with coverage, and its floor ([tool.coverage.report])
#
# Each worker starts one Prefect server for all its tests that need one; a worker that is done takes over from the other.
set -eu
python=.venv/bin/python
if [ "$1" = coverage ]; then
    rm -f .coverage
    $python -m pytest -q --tier test -n 2 -m "unit or records" --cov --cov-report= --cov-fail-under=0
    exec $python -m coverage report --skip-covered --sort=cover
fi
tier=$1
part() {
    echo "== $1"
    shift
    $python -m pytest -q --tier "$tier" -n 2 --dist worksteal "$@"
}
part "unit and records" -m "unit or records"
part "flows, faults and browser" -m "flows or faults or browser"
