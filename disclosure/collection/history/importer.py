"""Figures that were published, read from long tables: matched through the catalogue, or told why not.

``import_table`` reads a bureau's own history. ``read_history`` reads any table of any place into series, for
comparisons and for trying audit rules on what others published.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from disclosure.calendar.periods import Period, end_of
from disclosure.catalog import Catalog, KnownError, normalise
from disclosure.collection.history.long_table import LongTableRow, read_table
from disclosure.confidentiality.public_text import search_public_text
from disclosure.figures.figures import Figure, FigureSource
from disclosure.figures.known_errors import KnownErrors, indicator_key, region_key, without_note
from disclosure.figures.printed import Cause, MistakeError, Reading, read_number, read_row
from disclosure.platform.clock import shanghai, utc_now


@dataclass(frozen=True)
class UnmatchedRow:
    """A row that yielded no figure: ``cause`` is the group it is told in, ``what`` was not understood, ``why``.

    ``line`` counts from 1 with the heading.
    """

    file_name: str
    line: int
    cause: Cause
    what: str
    why: str = ""
    sheet: str = ""

    @property
    def place(self) -> str:
        """``往年.csv 第 3 行``."""
        return f"{self.file_name}{f'“{self.sheet}”' if self.sheet else ''} 第 {self.line} 行"

    def sentence(self, catalog: Catalog) -> str:
        """``往年.csv 第 3 行：不认识的指标 工伤“…”。``."""
        return f"{self.place}：{catalog.import_words.causes[self.cause].title} {self.what}{self.why}。"


@dataclass(frozen=True)
class ErroneousFigure:
    """A row whose value the register knows to be wrong; ``figure`` is None where it matches no indicator of ours."""

    error: KnownError
    line: int
    figure: Figure | None


@dataclass(frozen=True)
class ImportReport:
    """What a table yielded.

    Every one of ``rows`` is a figure, one ``held`` back until somebody vouches for it, an erroneous one, unmatched, of
    another place (``elsewhere``: name -> rows), or a repetition. ``unexpected`` are sentences on register entries that
    the file contradicts.
    """

    file_name: str
    sha256: str
    rows: int
    figures: tuple[Figure, ...]
    erroneous: tuple[ErroneousFigure, ...] = ()
    unmatched: tuple[UnmatchedRow, ...] = ()
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    unexpected: tuple[str, ...] = ()
    held: tuple[Figure, ...] = ()

    @property
    def repeated(self) -> int:
        """Rows left out because an earlier one gave the same value."""
        told = len(self.figures) + len(self.held) + len(self.erroneous) + len(self.unmatched)
        return self.rows - told - sum(self.elsewhere.values())

    def without(self, keys: Collection[tuple[str, str, str]]) -> ImportReport:
        """Return the report with the figures of ``keys`` held back."""
        kept = tuple(figure for figure in self.figures if figure.key not in keys)
        held = tuple(figure for figure in self.figures if figure.key in keys)
        return replace(self, figures=kept, held=(*self.held, *held))


@dataclass(frozen=True)
class UnmatchedGroup:
    """All unmatched rows of one cause: Chinese ``title`` and ``advice``, and for each ``what`` its rows."""

    cause: Cause
    title: str
    advice: str
    by_what: Mapping[str, tuple[UnmatchedRow, ...]]

    @property
    def count(self) -> int:
        """How many rows."""
        return sum(map(len, self.by_what.values()))


@dataclass(frozen=True)
class _Document:
    """The table at hand; ``origin`` and ``retrieved`` are for rows that say nothing themselves."""

    file_name: str
    sha256: str
    origin: str = ""
    retrieved: str = ""

    def source(self, row: LongTableRow, reading: Reading | None) -> FigureSource:
        """Where the row stands, as it was printed, and what the file says of where it is from."""
        cells = row.cells
        return FigureSource(
            document=self.sha256,
            file_name=self.file_name,
            sheet=row.sheet,
            cell=str(row.line),
            printed=" ".join(filter(None, (cells["value"], cells["unit"]))),
            origin=cells.get("origin") or self.origin,
            retrieved=cells.get("retrieved") or self.retrieved,
            note="；".join(filter(None, (reading.note if reading else "", cells.get("note", "")))),
        )


def import_table(
    content: bytes,
    file_name: str,
    catalog: Catalog,
    *,
    origin: str = "",
    retrieved: str = "",
    today: dt.date | None = None,
) -> ImportReport:
    """Read the figures of our own regions from a long table (see ``read_table`` for its shapes).

    Values keep their printed decimals and are converted exactly to the catalogue's unit. ``origin`` (a URL or
    the notice's number) and ``retrieved`` (a day) are for rows that say nothing themselves. A period that has not
    ended by ``today`` (in Shanghai, now, when None) has no figures yet.

    Raises:
        DisclosureError: when the file is no such table at all.
    """
    document = _Document(file_name, hashlib.sha256(content).hexdigest(), origin, retrieved)
    register = KnownErrors(catalog)
    last_day = today or shanghai(utc_now()).date()
    table = read_table(content, file_name, catalog.import_words)
    matched: list[Figure] = []
    erroneous: list[ErroneousFigure] = []
    unmatched: list[UnmatchedRow] = []
    elsewhere: dict[str, int] = {}
    for row in table:
        known = register.of_row(row.cells)
        place = row.cells["region"]
        region = catalog.find_region(place)
        try:
            if region is None:
                _check_elsewhere(catalog, place)
                elsewhere[place] = elsewhere.get(place, 0) + 1
                continue
            reading = _ended(read_row(catalog, row.cells), last_day)
            _check_origin(catalog, document.source(row, reading).origin)
        except MistakeError as mistake:
            if known:
                erroneous.append(ErroneousFigure(known, row.line, None))
            else:
                unmatched.append(UnmatchedRow(file_name, row.line, mistake.cause, mistake.what, mistake.why, row.sheet))
            continue
        figure = _figure(region.code, reading, document.source(row, reading))
        if known:
            erroneous.append(ErroneousFigure(known, row.line, figure))
        else:
            matched.append(figure)
    figures, contradictions = _without_repetitions(catalog, matched)
    return ImportReport(
        file_name=file_name,
        sha256=document.sha256,
        rows=len(table),
        figures=figures,
        erroneous=_each_once(erroneous),
        unmatched=tuple(sorted((*unmatched, *contradictions), key=lambda bad: (bad.sheet, bad.line))),
        elsewhere=elsewhere,
        unexpected=register.unexpected(file_name, (row.cells for row in table)),
    )


def grouped(catalog: Catalog, rows: Iterable[UnmatchedRow]) -> tuple[UnmatchedGroup, ...]:
    """``rows`` by cause, in the order of ``imports.yaml``; within one, the most frequent ``what`` first."""
    by_cause: dict[str, dict[str, list[UnmatchedRow]]] = {}
    for row in rows:
        by_cause.setdefault(row.cause, {}).setdefault(row.what + row.why, []).append(row)
    places = {name: catalog.place_of(f"{name}.yaml") for name in ("regions", "insurances", "indicators", "units")}
    return tuple(
        UnmatchedGroup(
            cause=next(iter(by_cause[cause].values()))[0].cause,
            title=words.title,
            advice=words.advice.format_map(places),
            by_what={
                what: tuple(same) for what, same in sorted(by_cause[cause].items(), key=lambda each: -len(each[1]))
            },
        )
        for cause, words in catalog.import_words.causes.items()
        if cause in by_cause
    )


def _ended(reading: Reading, last_day: dt.date) -> Reading:
    """Return ``reading``, which is of a period that has ended, or of a special disclosure, which may be of any day."""
    if reading.period.kind != "special" and reading.period.end > last_day:
        raise MistakeError("future", f"“{reading.period.label}”")
    return reading


def _check_origin(catalog: Catalog, origin: str) -> None:
    """Refuse a source that tells of persons: it is shown on the site beside its figures."""
    if found := search_public_text(catalog, [origin]):
        raise MistakeError("personal", "、".join(map(str, found)))


def _check_elsewhere(catalog: Catalog, place: str) -> None:
    """Ask about a blank place or one that is nearly ours: it may be a slip, and not another place's."""
    bare = normalise(place)
    names = {normalise(name) for region in catalog.regions.values() for name in (region.name, *region.aliases)}
    if not bare:
        raise MistakeError("region", "空白的地区")
    if any(bare in name or name in bare for name in names):
        raise MistakeError("region", f"“{place}”")


def _without_repetitions(
    catalog: Catalog, matched: Iterable[Figure]
) -> tuple[tuple[Figure, ...], tuple[UnmatchedRow, ...]]:
    """One figure for each key; where one key has different values, none of them is taken."""
    by_key: dict[tuple[str, str, str], list[Figure]] = {}
    for figure in matched:
        by_key.setdefault(figure.key, []).append(figure)
    kept: list[Figure] = []
    contradictions: list[UnmatchedRow] = []
    for same in by_key.values():
        if len({(figure.value, figure.text) for figure in same}) == 1:
            kept.append(same[0])
            continue
        first = same[0]
        indicator = catalog.indicators[first.indicator]
        what = f"{catalog.insurances[indicator.insurance].short_name}“{indicator.name}”{first.period.label}"
        values = "、".join(f"第 {figure.source.cell} 行 {figure.source.printed or figure.text}" for figure in same)
        contradictions += [
            UnmatchedRow(
                figure.source.file_name, int(figure.source.cell), "duplicate", what, f"：{values}", figure.source.sheet
            )
            for figure in same
        ]
    return tuple(kept), tuple(contradictions)


def _each_once(found: Iterable[ErroneousFigure]) -> tuple[ErroneousFigure, ...]:
    """One for each entry and figure: a wrong value printed twice is one."""
    kept = {(each.error.id, each.figure.key if each.figure else each.line): each for each in reversed(list(found))}
    return tuple(reversed(kept.values()))


@dataclass(frozen=True)
class PrintedFigure:
    """One printed number of any place.

    ``series`` says of what: region and indicator, each the catalogue's id where it has one and the printed words
    (``<insurance>/<indicator>``) otherwise. ``value`` and ``unit`` are as printed. ``reading`` is there when the
    catalogue knows indicator and period; ``mistake`` says otherwise what it did not understand. ``end`` is the last
    day of the month, quarter or year the period names. ``known_error``: the value is known to be wrong.
    """

    series: tuple[str, str]
    printed_period: str
    end: dt.date | None
    value: Decimal
    unit: str
    source: FigureSource
    reading: Reading | None = None
    mistake: MistakeError | None = None
    known_error: KnownError | None = None

    @property
    def period(self) -> Period | None:
        """The disclosure period it belongs to."""
        return self.reading.period if self.reading else None


def read_history(files: Mapping[str, bytes], catalog: Catalog) -> tuple[PrintedFigure, ...]:
    """Every number in long tables (``files``: name -> content), of whatever place, in the files' order.

    Pure: no region needs to be ours, nothing is recorded, and only rows without a number are left out.

    Raises:
        DisclosureError: when a file is no such table at all.
    """
    register = KnownErrors(catalog)
    found = (
        _printed(catalog, register, row, _Document(file_name, hashlib.sha256(content).hexdigest()))
        for file_name, content in files.items()
        for row in read_table(content, file_name, catalog.import_words)
    )
    return tuple(figure for figure in found if figure is not None)


def _printed(catalog: Catalog, register: KnownErrors, row: LongTableRow, document: _Document) -> PrintedFigure | None:
    cells = row.cells
    try:
        value, behind = read_number(cells["value"])
    except MistakeError:
        return None
    reading, mistake = None, None
    try:
        reading = read_row(catalog, cells)
    except MistakeError as error:
        mistake = error
    # A name whose label contradicts the catalogue's kind is another quantity: it stays under its own words.
    words = f"{normalise(cells['insurance'])}/{normalise(cells['indicator'])}"
    is_other = mistake is not None and mistake.cause == "kind"
    unit = catalog.find_unit(cells["unit"] or behind)
    return PrintedFigure(
        series=(
            region_key(catalog, cells["region"]),
            words if is_other else indicator_key(catalog, cells["insurance"], cells["indicator"]),
        ),
        printed_period=cells["period"],
        end=end_of(without_note(cells["period"])),
        value=value,
        unit=unit.id if unit else cells["unit"],
        source=document.source(row, reading),
        reading=reading,
        mistake=mistake,
        known_error=register.of_row(cells),
    )


def _figure(region: str, reading: Reading, source: FigureSource) -> Figure:
    return Figure(
        region=region,
        indicator=reading.indicator.id,
        period=reading.period,
        unit=reading.indicator.unit,
        value=reading.value,
        text=reading.text,
        state=reading.state,
        centre=reading.indicator.centre,
        source=source,
    )
