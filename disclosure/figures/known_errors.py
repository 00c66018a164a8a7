"""The register of known source errors: which printed values are wrong, and whether their sources were mended.

A wrong value is wrong wherever it is shown, so it is recognised by place and amount, whatever file it came in.
Whether the *source* was mended only its own file can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from disclosure.calendar.periods import end_of
from disclosure.catalog import Catalog, KnownError, normalise
from disclosure.figures.figures import Figure
from disclosure.figures.printed import MistakeError, read_amount, read_name

#: (region, indicator, period): catalogue ids where it has them, the printed words otherwise.
Place = tuple[str, str, str]

_NOTE = re.compile(r"[(（][^()（）]*[)）]\s*$")


class KnownErrors:
    """The catalogue's register, ready to be asked."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._by_place: dict[Place, list[KnownError]] = {}
        for error in catalog.known_errors.values():
            where = error.where
            for indicator in where.indicator:
                at = self._place(where.region, where.insurance, indicator, where.period)
                self._by_place.setdefault(at, []).append(error)

    def of_row(self, cells: Mapping[str, str]) -> KnownError | None:
        """Return the entry whose wrong value stands in this printed row."""
        at = self._place(cells["region"], cells["insurance"], cells["indicator"], cells["period"])
        entries = self._by_place.get(at, ())
        shown = self._amount(cells["value"], cells["unit"]) if entries else None
        return next((e for e in entries if self._amount(e.shows.value, e.shows.unit) == shown), None)

    def of_figure(self, figure: Figure) -> KnownError | None:
        """Return the entry whose wrong value ``figure`` is."""
        if figure.value is None:
            return None
        entries = self._by_place.get((figure.region, figure.indicator, figure.period.end.isoformat()), ())
        shown = self._amount(f"{figure.value:f}", figure.unit)
        return next((e for e in entries if self._amount(e.shows.value, e.shows.unit) == shown), None)

    def unexpected(self, file_name: str, rows: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
        """Return a sentence for each entry of file ``file_name`` whose ``expect`` its rows do not meet."""
        mine = [e for e in self._catalog.known_errors.values() if e.where.file == file_name]
        if not mine:
            return ()
        shown: set[str] = set()
        instead: dict[str, str] = {}
        for cells in rows:
            if error := self.of_row(cells):
                shown.add(error.id)
                continue
            at = self._place(cells["region"], cells["insurance"], cells["indicator"], cells["period"])
            for entry in self._by_place.get(at, ()):
                instead[entry.id] = f"{cells['value']} {cells['unit']}"
        sentences = []
        for error in mine:
            what = f"{error.id}（{error.where.region} {error.where.period} {error.where.insurance}）"
            wrong = f"{error.shows.value} {error.shows.unit}"
            if error.expect == "shown" and error.id not in shown:
                now = f"现在印的是 {instead[error.id]}" if error.id in instead else "这一行已不在文件中"
                sentences.append(
                    f"已知差错 {what}登记为仍印着 {wrong}，{now}：原文看来已更正，"
                    "请核对后在 known_errors.yaml 中把 status 改为 mended、expect 改为 gone。"
                )
            elif error.expect == "gone" and error.id in shown:
                sentences.append(
                    f"已知差错 {what}登记为已更正，文件中却仍是 {wrong}：可能用了旧文件，"
                    "请换用更正后的文件，或把 status 改回 reported、expect 改回 shown。"
                )
        return tuple(sentences)

    def _place(self, region: str, insurance: str, indicator: str, period: str) -> Place:
        return (region_key(self._catalog, region), indicator_key(self._catalog, insurance, indicator), _end(period))

    def _amount(self, value: str, unit: str) -> object:
        """Amounts that say the same in two units are equal; what is no amount equals its own words only."""
        try:
            number, known = read_amount(self._catalog, value, unit)
        except MistakeError:
            return (normalise(value), normalise(unit))
        return (known.base, number * known.factor)


def region_key(catalog: Catalog, text: str) -> str:
    """Return the code of a region of ours, otherwise the printed name without what stands in brackets behind it."""
    region = catalog.find_region(text)
    return region.code if region else normalise(without_note(text))


def indicator_key(catalog: Catalog, insurance: str, indicator: str) -> str:
    """Return the catalogue's id, otherwise ``<insurance id or printed name>/<printed name>``."""
    try:
        return read_name(catalog, insurance, indicator).indicator.id
    except MistakeError:
        known = catalog.find_insurance(insurance)
        return f"{known.id if known else normalise(insurance)}/{normalise(indicator)}"


def without_note(text: str) -> str:
    """``2013`` for ``2013(决算)``."""
    return _NOTE.sub("", text.strip())


def _end(period: str) -> str:
    end = end_of(without_note(period))
    return end.isoformat() if end else normalise(period)
