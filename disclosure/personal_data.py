"""Numbers of persons in a text that is to be published: identity cards and mobile telephones.

An identity number is one of 18 characters with a day of birth and the check character of GB 11643-1999; eleven
digits are a mobile number unless they are an amount, with a unit or decimals behind them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_GAP = r"[-\s]?"
_IDENTITY = re.compile(rf"(?<![0-9A-Za-z])\d{{6}}{_GAP}\d{{8}}{_GAP}\d{{3}}[\dXx](?![0-9A-Za-z])", re.ASCII)
_MOBILE = re.compile(
    rf"(?<![0-9.,])(?:\+?86{_GAP})?(1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}})(?![0-9])(?!\s*(?:[.,]\d|[%元万亿人户次个]))",
    re.ASCII,
)
#: Full-width digits, letters and signs as plain ones.
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


def personal_numbers(text: str) -> Iterator[str]:
    """``身份证号码（5323**********1234）`` and ``手机号码（138****5678）``: what was found, its middle left out."""
    plain = text.translate(_FULL_WIDTH)
    for found in _IDENTITY.finditer(plain):
        number = re.sub(r"[-\s]", "", found[0]).upper()
        if is_identity_number(number):
            yield f"身份证号码（{number[:4]}{'*' * 10}{number[-4:]}）"
    for found in _MOBILE.finditer(plain):
        number = re.sub(r"[-\s]", "", found[1])
        yield f"手机号码（{number[:3]}****{number[-4:]}）"


def is_identity_number(number: str) -> bool:
    """Whether 18 characters are a citizen's identity number, by its day of birth and its check character."""
    try:
        dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return _CHECKS[total % 11] == number[17]
