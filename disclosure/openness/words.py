"""The words of the openness work, from ``words.yaml``."""

from __future__ import annotations

from disclosure.platform.wording import words_beside

words = words_beside(__file__)
