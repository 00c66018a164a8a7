"""The notes below a disclosure's tables: who did not report, how figures are defined, compared and rounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from disclosure.catalog import Timing
from disclosure.figures.figures import WITHHELD
from disclosure.rendering.document.facts import Facts
from disclosure.rendering.document.phrases import fill_text


def notes_below(facts: Facts) -> Iterator[str]:
    """Return the notes in printed order, without those the offices wrote themselves."""
    words = facts.phrases.notes
    yield from _silent_centres(facts)
    if count := sum(figure.state == WITHHELD for figure in facts.figures.values()):
        yield fill_text(words.withheld, count=str(count))
    if facts.catalog.profile.not_everything:
        # Folded YAML puts a space where a line ended, which Chinese does not have.
        yield re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", facts.catalog.profile.not_everything)
    notes_of: dict[str, set[str]] = {}
    for indicator in facts.indicators:
        notes_of.setdefault(indicator.name, set()).add(facts.phrases.public_note(indicator))
    named: dict[str, list[str]] = {}
    for indicator in facts.indicators:
        if note := facts.phrases.public_note(indicator):
            # A name that other insurances use without this note is told apart by its insurance.
            shared = len(notes_of[indicator.name]) == 1
            insurance = "" if shared else facts.catalog.insurances[indicator.insurance].short_name
            named.setdefault(note, []).append(insurance + indicator.name)
    for note, names in named.items():
        yield fill_text(words.indicator, names=words.between.join(dict.fromkeys(names)), note=note)
    if any(facts.compared(figure) for figure in facts.figures.values()):
        known = facts.catalog.comparisons
        called = {timing: known.names[known.base_of_timing(timing)] for timing in get_args(Timing)}
        yield fill_text(words.bases, **called)
    if any(facts.since_last(figure) for figure in facts.figures.values()):
        yield words.last_period
    yield words.rounding


def _silent_centres(facts: Facts) -> Iterator[str]:
    """Who did not hand in, or left figures out, with the reason given."""
    words = facts.phrases.notes
    for office in facts.catalog.offices.values():
        own = [f for f in facts.figures.values() if facts.catalog.indicators[f.indicator].centre == office.id]
        missing = [f for f in own if f.state == "not_provided"]
        if not missing:
            continue
        of = {facts.catalog.indicators[f.indicator].insurance for f in missing}
        reasons = dict.fromkeys(f.text for f in missing if f.text)
        phrase = words.centre_silent if len(missing) == len(own) else words.centre_partly
        yield fill_text(
            phrase,
            centre=office.name,
            count=str(len(missing)),
            insurances=words.between.join(i.name for i in facts.insurances if i.id in of),
            reason=fill_text(words.reason, reason=words.between.join(reasons)) if reasons else "",
        )
