#!/bin/sh
# Makes .venv and installs the locks into it, with nothing but a Python and its pip.
#
#   tools/setup.sh run     what the product needs (requirements.lock); its extras too, where they were set up before
#   tools/setup.sh extras  that, and what connects to SFTP, S3, WebDAV and MySQL (requirements-extras.lock)
#   tools/setup.sh test    that, and what its tests need (requirements-test.lock)
#
# A stamp in .venv holds a checksum of everything the installation depends on. While it matches, this script
# ends at once. It is written last, so an interrupted installation is taken up again the next time.
set -eu
cd "$(dirname "$0")/.."

what=${1:-}
if [ "$what" = run ] && [ -e .venv/installed-extras ]; then what=extras; fi
case "$what" in
    run) locks="requirements.lock" ;;
    extras) locks="requirements.lock requirements-extras.lock" ;;
    test) locks="requirements.lock requirements-extras.lock requirements-test.lock" ;;
    *) echo "usage: tools/setup.sh run|extras|test" >&2; exit 2 ;;
esac

# A virtual environment that was moved or copied is no use: its scripts hold the path it was made at.
here=$(pwd -P)
works() { grep -qF "$here/.venv/bin/python" .venv/bin/pip 2>/dev/null && .venv/bin/python -c 'import pip' 2>/dev/null; }

state=$(cat $locks pyproject.toml tools/setup.sh | cksum)
stamp=.venv/installed-$what
if [ "$(cat "$stamp" 2>/dev/null)" = "$state" ] && works; then exit 0; fi

# The first Python that is new enough and can make virtual environments.
suitable='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'
python= without_venv=
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
    "$candidate" -c "$suitable" 2>/dev/null || continue
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then python=$candidate; break; fi
    without_venv=$candidate
done

if ! works; then
    if [ -z "$python" ] && [ -n "$without_venv" ]; then
        echo "$without_venv cannot make a virtual environment: its venv module is missing." >&2
        echo "On Debian or Ubuntu: apt-get install python3-venv. Then run make again." >&2
        exit 1
    elif [ -z "$python" ]; then
        echo "No Python 3.11, 3.12 or 3.13 was found (python3 is: $(python3 --version 2>&1 || true))." >&2
        echo "Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2
        exit 1
    fi
    echo "Making .venv with $("$python" --version)."
    "$python" -m venv --clear .venv
fi

: > "$stamp"
echo "Installing $locks into .venv (a few minutes the first time)."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_QUIET=1 PIP_USE_PEP517=1
# --no-deps: the locks are complete, and pip must not add to them; `pip check` proves the first half.
# --no-build-isolation: what comes as source is built by the locked setuptools, not by one fetched for it.
pip=".venv/bin/python -m pip"
install="$pip install --no-deps --no-build-isolation"
sed -n '/^setuptools==/,/# via/p' requirements.lock > .venv/build-backend.lock
$install --require-hashes -r .venv/build-backend.lock
$install --require-hashes $(printf -- '-r %s ' $locks)
$install --editable .
$pip check
printf '%s\n' "$state" > "$stamp.new"
mv "$stamp.new" "$stamp"
