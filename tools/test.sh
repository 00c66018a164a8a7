#!/bin/sh
# One tier of the test suite, fast parts first; stops at the first part that fails.
#
#   tools/test.sh test       all that a change can break
#   tools/test.sh full       that, every kill point, long walks, whole years, both databases
#   tools/test.sh coverage   rules and records with coverage, and its floor ([tool.coverage.report])
#
# Each worker starts one Prefect server for all its tests that need one; a worker that is done takes over from the other.
# In the full tier a test on servers that failed beside others is judged once more by itself (decision 056).
set -eu
python=.venv/bin/python
if [ "$1" = coverage ]; then
    rm -f .coverage
    $python -m pytest -q --tier test -n 2 -m "unit or records" --cov --cov-report= --cov-fail-under=0
    exec $python -m coverage report --skip-covered --sort=cover
fi
tier=$1
servers="flows or faults or browser"
# Where those are, and what holds nothing else (tests/house/test_house_rules.py): what is not imported takes no time.
server_folders="tests/flows tests/faults tests/browser tests/deployments"
part() {
    echo "== $1"
    shift
    $python -m pytest --tier "$tier" "$@"
}
part "unit and records" -q -n 2 --dist worksteal -m "unit or records" \
    --ignore=tests/flows --ignore=tests/faults --ignore=tests/browser
# shellcheck disable=SC2086 # several folders
if part "flows, faults and browser" -q -n 2 --dist worksteal -m "$servers" $server_folders; then
    exit 0
fi
[ "$tier" = full ] || exit 1
part "each of those that failed, by itself (a fault if it fails again, else a race of the test: mend it)" \
    -v -x --last-failed --last-failed-no-failures none -m "$servers"
