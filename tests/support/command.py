"""The command line, called in this process: a mistake costs milliseconds instead of a second of imports."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from deployments.cli import main
from deployments.cli.screen import console


def run_command(
    *arguments: object, folder: Path, typed: str = "", width: int = 160, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run ``disclosure`` with ``arguments`` in ``folder``, as a shell would; ``typed`` is what stands at its input.

    What it leaves in the environment is taken back. Commands that start Prefect's server need a process of their own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = [str(each) for each in arguments]
    out, err, before = io.StringIO(), io.StringIO(), console.width
    environment = {"DISCLOSURE_HOME": str(folder / "var"), **variables}
    code: object = 0
    os.umask(mask := os.umask(0o022))
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch.object(sys, "stdin", io.StringIO(typed)),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        # One that a test made for itself would not follow the settings just given.
        os.environ.pop("DISCLOSURE_CONFIG", None)
        console.width = width
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code
        finally:
            console.width = before
            os.umask(mask)
    return subprocess.CompletedProcess(words, code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())
