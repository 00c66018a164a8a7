"""One cause told once: which findings of a run come from the same mistake.

A finding's group is a short key: the figure that is to blame (``532301/unemployment.income``), or for a mistake
made over many figures at once what it is and where (``slip+4/532300/unemployment``, ``missing/medical_centre``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from data_checks.tables import Tables
from data_checks.wording.moves import sources_of_moves
from data_checks.wording.violations import Key, Violation

#: From how many figures on the same mistake in one insurance is one cause rather than several.
_TOGETHER = 3


@dataclass(frozen=True)
class Grouped:
    """The group of a violation; ``follows``: it is the consequence of another figure, which is blamed."""

    name: str
    follows: bool = False


def cause_groups(tables: Tables, violations: Sequence[Violation]) -> list[Grouped]:
    """Return the group of each violation, in their order."""
    blamed = _blamed(violations)
    unclear = [
        v for v in violations if not v.culprit and not any(key in blamed for key in _all(v)) and v.kind != "copy"
    ]
    shared = Counter(key for violation in unclear for key in _all(violation))
    sources = sources_of_moves(tables, violations)
    alias = _copied_together(violations) | _slipped_together(violations)
    groups = []
    for violation in violations:
        if violation.kind == "missing" and violation.row is not None:
            groups.append(Grouped(f"missing/{tables.centre(violation.row)}"))
            continue
        # What is wrong between figures is told with the figure that a check of its own reports, or else with the
        # one that most of the broken comparisons nobody is blamed for have in common.
        known = [key for key in _all(violation) if key in blamed]
        suspect = (
            violation.culprit
            or max(known, key=lambda key: blamed[key], default=None)
            or max(_all(violation), key=lambda key: shared[key])
        )
        suspect = suspect if suspect in alias else sources.get(suspect, suspect)
        follows = suspect != _own(violation) and (suspect in blamed or violation.culprit is not None)
        groups.append(Grouped(alias.get(suspect) or _name(suspect), follows))
    return groups


def _all(violation: Violation) -> tuple[Key, ...]:
    return (_own(violation), *violation.involved)


def _own(violation: Violation) -> Key:
    return (violation.row.region, violation.row.indicator_id) if violation.row else ("", "")


def _blamed(violations: Sequence[Violation]) -> Counter[Key]:
    """How many violations blame a figure: those about it alone, and those whose numbers point to it."""
    blamed: Counter[Key] = Counter()
    for violation in violations:
        if violation.culprit:
            blamed[violation.culprit] += 1
        elif violation.kind not in ("", "past") and not violation.involved:
            blamed[_own(violation)] += 1
    return blamed


def _copied_together(violations: Sequence[Violation]) -> dict[Key, str]:
    """For figures that were copied or exchanged together, the name of that one mistake."""
    found: dict[Key, str] = {}
    for violation in violations:
        if violation.kind == "copy" and violation.involved:
            for key in (_own(violation), *violation.involved):
                found.setdefault(key, f"{violation.words_key}/{_name(_own(violation))}")
    return found


def _slipped_together(violations: Sequence[Violation]) -> dict[Key, str]:
    """For figures of one insurance and region (or one indicator) with the same slip, the name of that one mistake."""
    together: dict[str, set[Key]] = defaultdict(set)
    for violation in violations:
        row = violation.row
        if violation.kind == "slip" and row is not None and row.indicator is not None:
            together[f"slip{violation.power:+d}/{row.region}/{row.indicator.insurance}"].add(_own(violation))
            together[f"slip{violation.power:+d}/{row.indicator_id}"].add(_own(violation))
    found: dict[Key, str] = {}
    for name, keys in together.items():
        for key in keys if len(keys) >= _TOGETHER else ():
            found.setdefault(key, name)
    return found


def _name(key: Key) -> str:
    return "/".join(filter(None, key)) or "table"
