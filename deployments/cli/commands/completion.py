"""``disclosure completion``: the script by which a shell completes our commands."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter


def completion(shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="哪一种命令行")]) -> None:
    """给出按 Tab 补全命令的脚本；bash 的放进 ~/.local/share/bash-completion/completions/disclosure，重新登录后生效。"""
    # The application imports this module.
    from deployments.cli import app

    sys.stdout.write(app.generate_completion(prog_name="disclosure", shell=shell))
