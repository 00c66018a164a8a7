"""Resolve pyproject.toml into the three locks. Run by ``make lock``.

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
#: Each lock, what it holds, and the extras of pyproject.toml it adds to the locks before it (None: all for running).
LOCKS: dict[str, tuple[str, list[str] | None]] = {
    "requirements.lock": ("What the product runs on.", []),
    "requirements-extras.lock": ("What the extras need on top of requirements.lock.", None),
    "requirements-test.lock": ("What the tests need on top of the other two.", ["test"]),
}
#: Extras for those who work on the product; `bench` is in no lock.
FOR_DEVELOPERS = {"test", "bench"}


def packages(lock: str) -> list[str]:
    """The entries of a lock, each with its hashes and the comment on who asked for it."""
    return re.findall(r"^[a-z0-9].*\n(?:[ \t].*\n)*", lock, flags=re.MULTILINE)


def resolve(uv: Path, work: Path, output: str, *arguments: str) -> list[str]:
    """Run uv in ``work``, where only relative names exist that it could write into ``output``."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
    subprocess.run([uv, "pip", "compile", "pyproject.toml", *arguments, *options, "-o", output], cwd=work, check=True)
    return packages((work / output).read_text())


def main(extra_options: list[str]) -> None:
    """Write all locks, or none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = [name for name in project["project"]["optional-dependencies"] if name not in FOR_DEVELOPERS]
    entries: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        venv.create(work / "uv", with_pip=True)
        subprocess.run([work / "uv/bin/python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        for name in ("pyproject.toml", *LOCKS):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, work / name)
        # The product itself is installed without build isolation, so its build backend is locked as well.
        (work / "build-system.requires").write_text("\n".join(project["build-system"]["requires"]))

        arguments, known = ["build-system.requires"], set[str]()
        for name, (_, added) in LOCKS.items():
            arguments += [f"--extra={extra}" for extra in (extras if added is None else added)]
            resolved = resolve(work / "uv/bin/uv", work, name, *arguments, *extra_options)
            entries[name] = [entry for entry in resolved if entry.splitlines()[0] not in known]
            known |= {entry.splitlines()[0] for entry in resolved}
            arguments += ["-c", name]

    for name, (what, _) in LOCKS.items():
        (ROOT / name).write_text(HEADER.format(what=what) + "".join(entries[name]))
    print("; ".join(f"{name}: {len(entries[name])} packages" for name in LOCKS) + ".")


if __name__ == "__main__":
    main(sys.argv[1:])
