"""What must be done before Prefect is imported: it reads its settings then, and wants its home to exist."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.credential import with_live_credential
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings

#: The file that tells a folder made by the demonstration from one with real records.
MARKER = ".demo"


def use_server(settings: Settings) -> None:
    """Put Prefect's variables into this process's environment, before anything imports Prefect.

    The credential of a server that lives already is found here, where ``settings`` have none.
    """
    settings = with_live_credential(settings)
    if (
        "prefect" in sys.modules
        and os.environ.get("PREFECT_API_URL") != settings.prefect_environment["PREFECT_API_URL"]
    ):
        raise RuntimeError("Prefect was imported before its settings were made")
    settings.prefect_home.mkdir(parents=True, exist_ok=True)
    os.environ.update(settings.prefect_environment)
    os.environ.update(settings.own_environment)


@contextmanager
def import_flows_alone() -> Iterator[None]:
    """Let the flows be imported in here where Prefect is not to run them: neither its home nor its log is left."""
    handlers, home = logging.getLogger().handlers[:], os.environ.get("PREFECT_HOME")
    with tempfile.TemporaryDirectory(prefix="disclosure-prefect-") as folder:
        os.environ["PREFECT_HOME"] = folder
        try:
            yield
        finally:
            logging.getLogger().handlers[:] = handlers
            del os.environ["PREFECT_HOME"]
            if home is not None:
                os.environ["PREFECT_HOME"] = home


def prepare_home(home: Path) -> None:
    """Make an empty home: what an earlier demonstration left is removed, anything else is left alone.

    Raises:
        DisclosureError: when the folder holds something that no demonstration made.
    """
    if home.exists() and not home.is_dir():
        raise DisclosureError(f"{home} 是一个文件，不是文件夹，请用 --out 另选一个空文件夹。")
    if home.exists() and any(home.iterdir()):
        if not (home / MARKER).is_file():
            raise DisclosureError(
                f"{home} 里有不是演示留下的文件，演示不会覆盖它们。请用 --out 另选一个空文件夹，或先移走原有文件。"
            )
        for path in home.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    home.mkdir(parents=True, exist_ok=True)
    (home / MARKER).write_text("本文件夹由 disclosure demo 生成，再次演示时会清空。\n", encoding="utf-8")
