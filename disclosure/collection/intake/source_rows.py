"""Figures that come as rows, from a database or a CSV: the file they are kept as, and the reading of it.

The file is UTF-8, one JSON object a line: the head says what the rows are about and where they are from, then
every row as its source gave it, with the number it has there. The same rows give the same bytes, so that asking a
source twice is one submission.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Catalog, Indicator, Region
from disclosure.collection.workbook.layout import TEXT_LIMIT, texts
from disclosure.collection.workbook.ooxml.cells import (
    CellReading,
    Complaint,
    NumberForm,
    clean,
    is_no_reason,
    quoted,
    read_number,
    read_text,
    rules,
)
from disclosure.collection.workbook.read.result import Cover, Explanation, Problem, WorkbookReading
from disclosure.confidentiality.draft_marks import draft_fault
from disclosure.confidentiality.personal_data import PersonalDatum
from disclosure.confidentiality.public_text import NOTHING_ACCEPTED, Acceptances, advise, search_public_text
from disclosure.figures.figures import Figure, FigureSource, FigureState
from disclosure.platform.errors import DisclosureError

FORMAT = "disclosure-rows-1"
#: Columns every source must give, and those it may.
NEEDED = ("region", "indicator", "unit", "value")
OPTIONAL = ("insurance", "state", "note")
#: More problems than anybody reads; the rest is counted.
_PROBLEMS_TOLD = 200
_HEAD = f'{{"format": "{FORMAT}"'.encode()
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STATES: tuple[FigureState, ...] = get_args(FigureState)


@dataclass(frozen=True)
class SourceRow:
    """One row as its source gave it: ``number`` counts from 1 in the query's result, or is the CSV's line."""

    number: int
    cells: Mapping[str, object]


class RowProblem(Problem):
    """A problem of a row; ``cell`` is the row's number and ``sheet`` is empty."""

    @property
    def where(self) -> str:
        """``第 17 行``."""
        return f"第 {self.cell} 行"


def problem_of(said: Mapping[str, str]) -> Problem:
    """Return a problem as our records keep it (``Submission.problems``)."""
    is_row = bool(said["cell"]) and not said["sheet"]
    kind = RowProblem if is_row else Problem
    texts_ = (said["sheet"], said["cell"], said["found"], said["expected"], said["why"])
    return kind(*texts_, confirm=bool(said.get("confirm")), row=said.get("row", ""))


def write_rows(
    catalog: Catalog,
    period: Period,
    centre: str,
    *,
    round_number: int,
    signed: tuple[str, str],
    origin: Mapping[str, str],
    rows: Iterable[SourceRow],
) -> bytes:
    """Return the file of ``rows``; ``signed`` are filler and checker, ``origin`` tells people where they are from."""
    head = {
        "format": FORMAT,
        "profile": catalog.profile.id,
        "period": period.id,
        "centre": centre,
        "round": round_number,
        "filler": signed[0],
        "checker": signed[1],
        "origin": dict(origin),
    }
    lines = [head, *({"row": row.number, **_plain(row.cells)} for row in rows)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _plain(cells: Mapping[str, object]) -> dict[str, str | float]:
    """Cells as JSON keeps them exactly: a float as a number, anything else as text, an empty cell not at all."""
    plain: dict[str, str | float] = {}
    for name in (*NEEDED, *OPTIONAL):
        value = cells.get(name)
        if isinstance(value, float):
            plain[name] = value
        elif isinstance(value, Decimal):
            plain[name] = f"{value:f}"
        elif isinstance(value, bytes):
            plain[name] = value.decode("utf-8", "replace")
        elif value is not None and (text := _CONTROL.sub("", str(value)).strip()):
            plain[name] = text
    return plain


def is_rows_file(content: bytes) -> bool:
    """Whether ``write_rows`` made it."""
    return content.startswith(_HEAD)


def same_rows(first: bytes, second: bytes) -> bool:
    """Whether two files hold the same rows, whatever their heads say."""
    return first.partition(b"\n")[2] == second.partition(b"\n")[2]


def read_rows(
    content: bytes,
    file_name: str,
    catalog: Catalog,
    *,
    only: Iterable[str] = (),
    acceptances: Acceptances = NOTHING_ACCEPTED,
) -> WorkbookReading:
    """Read a file that ``write_rows`` made, as ``read_workbook`` reads a workbook: figures, or problems by row.

    Values and texts are read by the rules of a workbook's cells. A figure's source cell is its row number.
    """
    try:
        head, *lines = [json.loads(line) for line in content.decode("utf-8").split("\n") if line]
        numbers = [int(line["row"]) for line in lines]
        period = parse_period(head["period"])
        signed = {name: str(head[name]) for name in ("profile", "centre", "filler", "checker")}
        cover = Cover(
            **signed, period=period, round=int(head["round"]), only=tuple(only), schema_version=1, filled_on=""
        )
    except (ValueError, KeyError, TypeError, AttributeError, DisclosureError):
        problem = Problem("", "", "内容有误的数据文件", "由本系统取数生成的数据文件", "请不要手工改动，由系统重新取数")
        return WorkbookReading(None, (), (problem,), ())
    if cover.profile == catalog.profile.id and cover.centre not in {office.id for office in catalog.centres}:
        problem = Problem("", "", f"填报单位{quoted(cover.centre)}", "本地区负责报数的单位", "请核对来源的 centre")
        return WorkbookReading(None, (), (problem,), ())
    file = FigureSource(hashlib.sha256(content).hexdigest(), file_name)
    reader = _RowsReader(catalog, cover, cover.only, file, acceptances)
    return reader.read(zip(numbers, lines, strict=True))


class _RowError(Exception):
    """Why a row cannot be taken: what was found, what was expected, why and what to do."""

    def __init__(self, found: str, expected: str, why: str, persons: tuple[PersonalDatum, ...] = ()) -> None:
        super().__init__(found, expected, why)
        self.found, self.expected, self.why, self.persons = found, expected, why, persons


class _RowsReader:
    """One pass over the rows of one centre and period."""

    def __init__(
        self, catalog: Catalog, cover: Cover, only: tuple[str, ...], file: FigureSource, acceptances: Acceptances
    ) -> None:
        self.catalog, self.cover, self.file, self.acceptances = catalog, cover, file, acceptances
        self.asked = {i.id for i in catalog.indicators_for(cover.period, only=only)}
        self.rows_of: dict[tuple[str, str], int] = {}

    def read(self, lines: Iterable[tuple[int, Mapping[str, Any]]]) -> WorkbookReading:
        figures: list[Figure] = []
        problems: list[Problem] = []
        explanations: list[Explanation] = []
        for number, line in lines:
            try:
                figure = self._figure(number, line)
            except _RowError as error:
                said = (error.found, error.expected, error.why)
                problems.append(RowProblem("", str(number), *said, persons=error.persons))
                continue
            if figure is None:
                continue
            figures.append(figure)
            if figure.state == "reported" and (note := _text(line, "note")):
                insurance = self.catalog.indicators[figure.indicator].insurance
                explained = Explanation(insurance, figure.indicator, figure.region, note, "", str(number))
                explanations.append(explained)
        if not figures and not problems:
            problems.append(Problem("", "", "没有数据", "本期的数据", "来源没有给出任何数据，请核对后再取"))
        told = problems[:_PROBLEMS_TOLD]
        if rest := len(problems) - len(told):
            told.append(Problem("", "", f"另有 {rest} 处问题", "没有问题的数据", "问题太多，请先改正以上各行"))
        return WorkbookReading(self.cover, tuple(figures), tuple(told), tuple(explanations))

    def _figure(self, number: int, line: Mapping[str, Any]) -> Figure | None:
        """Return the figure of one row; None when it has neither value nor state."""
        indicator, region = self._indicator(line), self._region(line)
        where = f"“{indicator.name}—{region.name}”"
        if region not in self.catalog.regions_for(indicator):
            only = f"只报{self.catalog.prefecture.name}的“{indicator.name}”"
            raise _RowError(where, only, "这个指标不分地区报送，请去掉这一行")
        if earlier := self.rows_of.get((region.code, indicator.id)):
            raise _RowError(where, "每个指标每个地区一行", f"与第 {earlier} 行重复，请只留正确的一行")
        self.rows_of[(region.code, indicator.id)] = number
        self._check_unit(line, indicator, where)
        reading = self._value(line, indicator, where)
        state, note = self._state(line, reading, where), _text(line, "note")
        if len(note) > TEXT_LIMIT:
            raise _RowError(f"{len(note)} 个字的说明", f"不超过 {TEXT_LIMIT} 字的说明", "文字太长，请精简 note 列")
        if found := search_public_text(self.catalog, [note], self.acceptances):
            told, why = "、".join(map(str, found)), f"说明会公开，{advise(self.catalog)}"
            raise _RowError(told, f"{where}不含个人信息的说明", why, found)
        if fault := draft_fault(note):
            raise _RowError(fault, f"{where}定稿的说明", "说明会公开")
        if state == "reported" and reading.is_blank:
            return None
        if note and is_no_reason(note):
            words = rules()["reason"]
            raise _RowError(
                f"{where}的说明{words['found'].format(shown=quoted(note))}", words["expected"], words["why"]
            )
        if state != "reported" and not note:
            said = texts()["states"][state]
            raise _RowError(f"{where}填“{said}”但没有原因", f"数据，或写明原因的“{said}”", "请在 note 列写明原因")
        return Figure(
            region=region.code,
            indicator=indicator.id,
            period=self.cover.period,
            unit=indicator.unit,
            value=reading.value,
            text=reading.text if state == "reported" else note,
            state=state,
            centre=self.cover.centre,
            source=FigureSource(self.file.document, self.file.file_name, "", str(number)),
        )

    def _indicator(self, line: Mapping[str, Any]) -> Indicator:
        name, insurance_name = _text(line, "indicator"), _text(line, "insurance")
        indicator = self.catalog.indicators.get(name)
        if indicator is None and (insurance := self.catalog.find_insurance(insurance_name)):
            indicator = self.catalog.find_indicator(insurance.id, name)
        if indicator is None:
            full = quoted("—".join(filter(None, (insurance_name, name))))
            found = f"指标{full}" if name else "空白的指标"
            why = "目录中没有这个指标，请核对 indicator 和 insurance 列"
            raise _RowError(found, "目录中的指标编号，或险种与指标名称", why)
        if indicator.centre != self.cover.centre:
            owner, own = (self.catalog.offices[id_].name for id_ in (indicator.centre, self.cover.centre))
            why = "不由本单位报送，请去掉这一行"
            raise _RowError(f"{owner}的指标“{indicator.name}”", f"{own}的指标", why)
        if indicator.id not in self.asked:
            expected = f"{self.cover.period.label}要报送的指标"
            raise _RowError(f"指标“{indicator.name}”", expected, "本期不报这个指标，请去掉这一行")
        return indicator

    def _region(self, line: Mapping[str, Any]) -> Region:
        name = _text(line, "region")
        region = self.catalog.find_region(name)
        if region is None:
            found = f"地区{quoted(name)}" if name else "空白的地区"
            raise _RowError(found, "本地区的名称或代码", "目录中没有这个地区，请核对 region 列")
        return region

    def _check_unit(self, line: Mapping[str, Any], indicator: Indicator, where: str) -> None:
        given = _text(line, "unit")
        unit = self.catalog.find_unit(given)
        if indicator.kind != "text" and (unit is None or unit.id != indicator.unit):
            found = f"{where}的计量单位{quoted(given) if given else '空白'}"
            why = "计量单位不符，请在来源中换算好，连同单位一起给出"
            raise _RowError(found, f"“{indicator.unit}”", why)

    def _value(self, line: Mapping[str, Any], indicator: Indicator, where: str) -> CellReading:
        """As a workbook's cell is read."""
        raw = line.get("value", "")
        form = NumberForm.of(self.catalog, indicator)
        reading = read_text(raw) if indicator.kind == "text" else read_number(raw, form)
        if isinstance(reading, Complaint):
            raise _RowError(f"{where}的{reading.found}", reading.expected, reading.why)
        return reading

    @staticmethod
    def _state(line: Mapping[str, Any], reading: CellReading, where: str) -> FigureState:
        """Return what the state column says, or the value's own words (未提供)."""
        said, words = _text(line, "state"), texts()["states"]
        state = next((id_ for id_ in _STATES if said in (id_, words.get(id_))), "reported" if not said else None)
        if state is None:
            raise _RowError(f"状态{quoted(said)}", f"空白或{'、'.join(words.values())}", "请核对 state 列")
        if reading.state != "reported":
            return reading.state
        if state != "reported" and not reading.is_blank:
            raise _RowError(f"{where}既有数据，状态又是{quoted(said)}", "数据或状态", "两者只能有一个，请核对")
        return state


def _text(line: Mapping[str, Any], name: str) -> str:
    return clean(line.get(name, ""))


def check_columns(given: Iterable[str], what: str) -> None:
    """Refuse a heading that lacks a column or has one twice; ``what`` names the source to people."""
    names = [name.strip().lower() for name in given]
    if missing := [name for name in NEEDED if name not in names]:
        raise DisclosureError(
            f"{what}缺少列 {'、'.join(missing)}：应有 {'、'.join(NEEDED)} 四列，可以另有 {'、'.join(OPTIONAL)}。"
        )
    if twice := sorted({name for name in (*NEEDED, *OPTIONAL) if names.count(name) > 1}):
        raise DisclosureError(f"{what}的列 {'、'.join(twice)} 出现了两次，请只留一列。")


def numbered(rows: Iterable[Mapping[str, object]], first: int = 1) -> Iterator[SourceRow]:
    """Rows with their numbers, counted from ``first``."""
    for number, cells in enumerate(rows, first):
        yield SourceRow(number, {name.strip().lower(): value for name, value in cells.items()})
