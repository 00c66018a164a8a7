"""When a number tells of somebody: too few people behind it, or too few who make up an amount.

Centres hand in no single contributor's amount, so the (n,k) rule is applied to what is known, the number of
contributors; p% and a dominant one among many cannot be.
Sources: Hundepool et al. (2012), Statistical Disclosure Control, section 4.2 (minimum frequency, (n,k) dominance, p%);
Federal Committee on Statistical Methodology (2005), Statistical Policy Working Paper 22, chapter 4.
"""

from __future__ import annotations


def is_small_count(count: int, threshold: int, *, is_zero_small: bool) -> bool:
    """Whether a count of people is below ``threshold``; zero only where the rule says so."""
    return 0 < count < threshold or (count == 0 and is_zero_small)


def is_sure_of_few(contributors: int, n: int) -> bool:
    """Whether an amount of so many contributors breaks the (n,k) rule whatever each of them gave.

    Of ``n`` or fewer the greatest ``n`` make up all of it; of two, each knows the other's to the last yuan.
    """
    return 0 < contributors <= max(n, 2)
