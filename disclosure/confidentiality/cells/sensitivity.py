"""When a number tells of somebody: too few people behind it, or too few who make up nearly all of an amount.

Sources: Hundepool et al. (2012), Statistical Disclosure Control, section 4.2 (minimum frequency, (n,k) dominance, p%);
Federal Committee on Statistical Methodology (2005), Statistical Policy Working Paper 22, chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal


def is_small_count(count: int, threshold: int, *, is_zero_small: bool) -> bool:
    """Whether a count of people is below ``threshold``; zero only where the rule says so."""
    return 0 < count < threshold or (count == 0 and is_zero_small)


def is_dominated(contributions: Sequence[Decimal], n: int, k: Decimal) -> bool:
    """Whether the ``n`` greatest contributions make up more than ``k`` percent of their sum."""
    total = sum(contributions)
    largest = sum(sorted(contributions, reverse=True)[:n])
    return total > 0 and largest * 100 > k * total


def is_within_percent(contributions: Sequence[Decimal], p: Decimal) -> bool:
    """Whether the second greatest contributor can tell the greatest one's contribution to less than ``p`` percent.

    He takes his own from the sum; what is left over the greatest is all his doubt.
    """
    first, second, *_ = (*sorted(contributions, reverse=True), Decimal(0), Decimal(0))
    doubt = sum(contributions) - first - second
    return first > 0 and doubt * 100 < p * first


def is_sure_of_few(contributors: int, n: int) -> bool:
    """Whether an amount of so many contributors breaks the (n,k) rule whatever each of them gave.

    Of ``n`` or fewer the greatest ``n`` make up all of it; of two, each knows the other's to the last yuan.
    """
    return 0 < contributors <= max(n, 2)
