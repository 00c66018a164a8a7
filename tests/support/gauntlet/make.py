"""Makes the files of the gauntlet: ``python -m gauntlet.make FOLDER``, in ``tests``, writes them all to look at."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from tests.support.gauntlet.workbook import MAKERS, start

#: In the order of ``expected.yaml``; each registers its makers.
for _module in ("no_workbook", "hostile", "other_workbooks", "filled_in", "odd_but_good"):
    import_module(f"tests.support.gauntlet.{_module}")


def main(folder: Path) -> None:
    """Write every file to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    start(folder)
    for name, (suffix, maker) in MAKERS.items():
        (folder / f"{name}{suffix}").write_bytes(maker())
    print(f"{len(MAKERS)} files in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
