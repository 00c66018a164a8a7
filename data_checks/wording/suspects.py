"""Of very many parts of a sum those that one mistake could make it balance with, found over all of them at once.

Floats with room choose; what is told is then worked out for these alone, exactly, as it is for a few.
"""

from __future__ import annotations

import numpy as np

from data_checks.figure_table.columns import Columns
from data_checks.measures.past import comparable

#: Up to so many parts each is tried by itself.
FEW = 40
_POWERS = (4, -4, 8, -8, 2, -2, 1, -1)
#: Relative room for floats.
_ROOM = 1e-9


def could_balance(columns: Columns, rows: np.ndarray, excess: int, tolerance: float) -> np.ndarray:
    """Whether each of ``rows`` could be the one part by which a total is ``excess`` (scaled) more than their sum.

    The mistakes are those of ``causes.of_difference``: powers of ten, the sign, two digits exchanged, left out, twice.
    """
    value = columns.value[rows].astype(float)
    room = tolerance + 1 + _ROOM * abs(excess)
    found = np.zeros(len(rows), dtype=bool)
    for times in (*(10.0**-power - 1 for power in _POWERS), -2.0, -1.0, 1.0):
        found |= np.abs(excess - value * times) <= room
    digits = np.abs(columns.padded(columns.figures.digits)[rows])
    step = np.abs(value) / np.maximum(digits, 1) * np.sign(value)
    for place in range(len(str(int(digits.max(initial=0)))) - 1):
        lower, upper = digits // 10**place % 10, digits // 10 ** (place + 1) % 10
        found |= (lower != upper) & (np.abs(excess - (lower - upper) * 9.0 * 10.0**place * step) <= room)
    return found


def come_near_their_past(columns: Columns, rows: np.ndarray, excess: int) -> np.ndarray:
    """Whether each of ``rows`` comes four times nearer to its last comparable figure by ``excess``."""
    expected, _, able = comparable(columns)
    value, near = columns.value[rows].astype(float), expected[rows].astype(float)
    found: np.ndarray = able[rows] & (4 * np.abs(value + excess - near) <= (1 + _ROOM) * np.abs(value - near) + 1)
    return found
