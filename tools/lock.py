"""Resolves pyproject.toml into requirements.lock and requirements-test.lock. Run by ``make lock``.

The locks hold names, versions and hashes for Python 3.11 to 3.13 on any platform, and no address: pip asks
whatever index the machine is configured for, and the hashes prove that it got the same files.
Versions already in the locks are kept where pyproject.toml allows them; ``--upgrade`` looks for newer ones, and
``--upgrade-package NAME`` for one package's.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# {what}\n# Made from pyproject.toml by `make lock`; not to be edited by hand.\n"
RUN = "What the product runs on."
TEST = "What the tests need on top of requirements.lock."


def packages(lock: str) -> list[str]:
    """The entries of a lock, each with its hashes and the comment on who asked for it."""
    return re.findall(r"^[a-z0-9].*\n(?:[ \t].*\n)*", lock, flags=re.MULTILINE)


def resolve(uv: Path, work: Path, output: str, *arguments: str) -> list[str]:
    """Run uv in ``work``, where only relative names exist that it could write into ``output``."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
    subprocess.run([uv, "pip", "compile", "pyproject.toml", *arguments, *options, "-o", output], cwd=work, check=True)
    return packages((work / output).read_text())


def main(extra_options: list[str]) -> None:
    """Write both locks, or neither."""
    build_requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        venv.create(work / "uv", with_pip=True)
        subprocess.run([work / "uv/bin/python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        for name in ("pyproject.toml", "requirements.lock", "requirements-test.lock"):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, work / name)
        # The product itself is installed without build isolation, so its build backend is locked as well.
        (work / "build-system.requires").write_text("\n".join(build_requires))

        uv = work / "uv/bin/uv"
        run = resolve(uv, work, "requirements.lock", "build-system.requires", *extra_options)
        test = resolve(uv, work, "requirements-test.lock", "--extra", "test", "-c", "requirements.lock", *extra_options)

    shared = {entry.splitlines()[0] for entry in run}
    added = [entry for entry in test if entry.splitlines()[0] not in shared]
    (ROOT / "requirements.lock").write_text(HEADER.format(what=RUN) + "".join(run))
    (ROOT / "requirements-test.lock").write_text(HEADER.format(what=TEST) + "".join(added))
    print(f"requirements.lock: {len(run)} packages; requirements-test.lock adds {len(added)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
