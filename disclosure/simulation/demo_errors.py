"""Errors that a demonstration's first round hands in on purpose, from the profile's ``seeded_errors.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from disclosure.catalog import Catalog
from disclosure.figures.figures import Figure
from disclosure.figures.narrative import TextBlock, TextSpan
from disclosure.platform.fact import Fact, read_fact
from disclosure.platform.yaml_source import load_document

FILE = "seeded_errors.yaml"


class SeededChange(Fact):
    """What is done to a figure's value: exactly one of these."""

    times: Decimal | None = None
    add: Decimal | None = None
    exchange: str = ""
    of_period: Literal["", "previous", "year_before", "previous_in_year"] = ""
    omit: bool = False

    @model_validator(mode="after")
    def _one(self) -> SeededChange:
        if len(self.model_fields_set) != 1:
            raise ValueError("change 应当只写一种")
        return self


class Sentence(Fact):
    """A sentence put into a text section; the number in it differs from the figure."""

    section: str
    text: str


class SeededError(Fact):
    """One slip: the rule that should report it, where it is from, which figures it spoils and how.

    One ``stopped_at_door`` is refused when its workbook is handed in, and never gets as far as the audit.
    """

    family: str
    rule: str
    origin: str
    indicators: tuple[str, ...]
    region: str = ""
    change: SeededChange | None = None
    sentence: Sentence | None = None
    stopped_at_door: bool = False


class SeededErrors(Fact):
    """Everything of ``seeded_errors.yaml``."""

    errors: dict[str, SeededError] = Field(min_length=1)


@cache
def seeded_errors(folder: Path) -> Mapping[str, SeededError]:
    """Load the errors of the profile in ``folder`` by name; none when it has no such file.

    Raises:
        DisclosureError: naming file and line of what is wrong in it.
    """
    file = folder / FILE
    if not file.is_file():
        return {}
    return read_fact(SeededErrors, load_document(file)).errors


def with_errors(
    catalog: Catalog, figures: Sequence[Figure], history: Sequence[Figure], errors: Mapping[str, SeededError]
) -> tuple[Figure, ...]:
    """``figures`` of one period spoiled by ``errors``; ``history`` is what ``of_period`` copies from.

    An error at figures that are not among them (another cycle asks for fewer) is left out.
    """
    spoiled = {figure.key: figure for figure in figures}
    earlier = {figure.key: figure for figure in history}
    for error in errors.values():
        region = error.region or catalog.prefecture.code
        keys = [(region, indicator, figures[0].period.id) for indicator in error.indicators]
        for key in keys if all(key in spoiled for key in keys) else ():
            if error.change is not None:
                # What the door takes has the decimals it asks for; half a person is refused there.
                decimals = 2 if error.stopped_at_door else catalog.decimals(catalog.indicators[key[1]])
                _spoil(spoiled, earlier, key, error.change, decimals)
    return tuple(spoiled.values())


def text_with_errors(
    sections: Mapping[str, tuple[TextBlock, ...]], errors: Mapping[str, SeededError]
) -> dict[str, tuple[TextBlock, ...]]:
    """Text sections with the sentences of ``errors`` at their ends."""
    spoiled = dict(sections)
    for said in (error.sentence for error in errors.values() if error.sentence is not None):
        block = TextBlock("paragraph", (TextSpan(said.text),))
        spoiled[said.section] = (*spoiled.get(said.section, ()), block)
    return spoiled


def _spoil(
    figures: dict[tuple[str, str, str], Figure],
    earlier: Mapping[tuple[str, str, str], Figure],
    key: tuple[str, str, str],
    change: SeededChange,
    decimals: int,
) -> None:
    figure = figures[key]
    value = figure.value if figure.value is not None else Decimal(0)
    if change.omit:
        del figures[key]
    elif change.exchange:
        other = figures[change.exchange, *key[1:]]
        figures[key] = replace(figure, value=other.value)
        figures[other.key] = replace(other, value=figure.value)
    elif change.of_period:
        when = getattr(figure.period, change.of_period)()
        if when is not None and (before := earlier.get((*key[:2], when.id))):
            figures[key] = replace(figure, value=before.value)
    else:
        made = value * change.times if change.times is not None else value + (change.add or 0)
        # As a person would type it: without trailing zeros.
        exponent = 0 if made == made.to_integral_value() and not figure.decimals else -decimals
        figures[key] = replace(figure, value=made.quantize(Decimal(1).scaleb(exponent)))
