"""``python -m disclosure.cli``."""

from __future__ import annotations

import os

from disclosure.cli import main

os.environ.setdefault("PYTHONUTF8", "1")
main()
