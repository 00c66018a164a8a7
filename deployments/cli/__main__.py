"""``python -m deployments.cli``."""

from __future__ import annotations

import os

from deployments.cli import main

os.environ.setdefault("PYTHONUTF8", "1")
main()
