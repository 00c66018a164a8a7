"""The cover of a workbook handed in: what it is, and whether it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import python_calamine as calamine

from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog
from disclosure.collection.workbook.layout import (
    COVER_FACTS,
    COVER_LABEL_COLUMN,
    COVER_MESSAGE_ROW,
    COVER_ROWS,
    COVER_VALUE_COLUMN,
    SCHEMA_VERSION,
    WorkbookLayout,
    address,
    lay_out,
    texts,
)
from disclosure.collection.workbook.ooxml.cells import quoted
from disclosure.collection.workbook.ooxml.package import Package
from disclosure.collection.workbook.ooxml.xml import UnreadableError, unreadable
from disclosure.collection.workbook.read.looks import fault_of_look
from disclosure.collection.workbook.read.result import Cover, Problem
from disclosure.collection.workbook.read.sheets import REFILL, RESEND, OpenWorkbook, Values, at, shown, values_of
from disclosure.platform.errors import DisclosureError

#: Numbers writes each table of a sheet as a sheet of its own.
_NUMBERS_SHEET = re.compile(r"(.+?) (?:-|–|—) (?:表格|Table) \d+")


def read_metadata(book: calamine.CalamineWorkbook, package: Package) -> dict[str, str]:
    """Return the hidden sheet that says what the workbook is; custom properties tell people the same.

    Raises:
        UnreadableError: when there is none.
    """
    name = texts()["sheets"]["meta"]
    if name not in package.sheet_names:
        raise _without_marks(package.sheet_names)
    values, _ = values_of(book, package, name)
    return {at(values, row, 0): at(values, row, 1) for row, column in values if column == 0}


def _without_marks(names: Sequence[str]) -> UnreadableError:
    """Return the error for a workbook that does not say what it is: one that another program took apart, or none."""
    ours = set(texts()["sheets"].values())
    into = (
        "请用 WPS 或 Excel 打开下发的原工作簿（WPS 有 Mac、iPad 和手机版），"
        "把填好的数复制过去，以“选择性粘贴—数值”粘贴后再交"
    )
    if any(match and match[1] in ours for match in map(_NUMBERS_SHEET.fullmatch, names)):
        why = f"Numbers 导出时给工作表改了名、加了“{names[0]}”，并丢了标识，不能确定每个数的位置；{into}"
        return unreadable("苹果 Numbers 导出的工作簿", why)
    return unreadable("不是本系统下发的工作簿", RESEND)


def read_cover(metadata: dict[str, str], book: calamine.CalamineWorkbook, package: Package, catalog: Catalog) -> Cover:
    """Return the cover of a workbook of ours.

    Raises:
        UnreadableError: when it is another version's or profile's, or says nothing that can be.
    """
    version = metadata.get("schema_version", "")
    if version != str(SCHEMA_VERSION):
        found = f"第 {version} 版工作簿" if version else "没有版本号的工作簿"
        raise unreadable(found, f"工作簿的版式已更新，{RESEND}", f"第 {SCHEMA_VERSION} 版工作簿")
    name = texts()["sheets"]["cover"]
    profile = metadata.get("profile", "")
    if profile != catalog.profile.id:
        raise unreadable(f"地区配置“{profile}”的工作簿", RESEND, f"“{catalog.profile.id}”的工作簿", name)
    try:
        period = parse_period(metadata.get("period", ""))
    except DisclosureError as error:
        raise unreadable(f"期间{quoted(metadata.get('period', ''))}", RESEND, "已开启的披露周期", name) from error
    centre = metadata.get("centre", "")
    if centre not in {office.id for office in catalog.centres}:
        raise unreadable(f"填报单位{quoted(centre)}", RESEND, "本地区负责报数的单位", name)
    if not re.fullmatch(r"[1-9][0-9]{0,3}", metadata.get("round", ""), re.ASCII):
        raise unreadable(f"轮次{quoted(metadata.get('round', ''))}", RESEND, "从 1 开始的轮次", name)
    only = tuple(metadata.get("only", "").split())
    round_number = int(metadata["round"])
    filled = _cover_fields(book, package, name)
    return Cover(profile, period, centre, round_number, only, SCHEMA_VERSION, **filled)


def _cover_fields(book: calamine.CalamineWorkbook, package: Package, name: str) -> dict[str, str]:
    if name not in package.sheet_names:
        raise unreadable("没有这张工作表", f"封面被改名或删除，{REFILL}", "原来的封面", name)
    values, _ = values_of(book, package, name)
    for key, row in (COVER_FACTS | COVER_ROWS).items():
        label, wanted = at(values, row, COVER_LABEL_COLUMN), texts()["cover"][key]
        if label != wanted:
            cell = address(row, COVER_LABEL_COLUMN)
            why = f"封面的行列被移动过，{REFILL}"
            raise unreadable(shown(label), why, quoted(wanted), name, cell)
    return {key: at(values, row, COVER_VALUE_COLUMN) for key, row in COVER_ROWS.items()}


def layout_of(metadata: dict[str, str], cover: Cover, catalog: Catalog) -> WorkbookLayout:
    """Return the layout under which the workbook was sent out.

    Raises:
        UnreadableError: when the catalogue has changed since.
    """
    try:
        layout = lay_out(catalog, cover.period, cover.centre, cover.only)
    except DisclosureError as error:
        raise unreadable(
            f"{cover.period.label}的工作簿", f"{str(error).rstrip('。')}；{RESEND}", "应报期间的工作簿"
        ) from error
    if metadata.get("layout") != layout.digest:
        why = f"下发之后指标目录有变动，{RESEND}"
        raise unreadable("指标与现行目录不一致的工作簿", why, "按现行指标目录下发的工作簿")
    return layout


def check_properties(metadata: dict[str, str], package: Package) -> None:
    """Refuse custom properties that say otherwise: sheets of two workbooks are no workbook. Some programs drop them.

    Raises:
        UnreadableError: when they do.
    """
    said = package.properties
    if any(said.get(f"disclosure_{key}", value) != value for key, value in metadata.items() if value):
        raise unreadable("文件属性与内容不一致的工作簿", f"它可能由几个工作簿拼成，{RESEND}")


def check_cover(handed: OpenWorkbook) -> str:
    """Return what the cover says the workbook is must be what it is; returns the reviewer's words on it."""
    words, name = texts()["cover"], texts()["sheets"]["cover"]
    values, _ = values_of(handed.book, handed.package, name)
    told = {
        "period": handed.cover.period.label,
        "centre": handed.catalog.offices[handed.cover.centre].name,
        "round": words["round_text"].format(round=handed.cover.round),
    }
    for key, wanted in told.items():
        if (found := at(values, COVER_FACTS[key], COVER_VALUE_COLUMN)) != wanted:
            cell = address(COVER_FACTS[key], COVER_VALUE_COLUMN)
            why = f"封面上的“{words[key]}”被改动，不能用别的工作簿改成本期的；{RESEND}"
            handed.problems.append(Problem(name, cell, shown(found), quoted(wanted), why))
    for key, row in COVER_ROWS.items():
        handed.problems.extend(_fault_of_field(handed, values, name, (row, COVER_VALUE_COLUMN), words[key]))
    has_message = at(values, COVER_MESSAGE_ROW, COVER_LABEL_COLUMN) == words["message"]
    return at(values, COVER_MESSAGE_ROW + 1, COVER_LABEL_COLUMN) if has_message else ""


def _fault_of_field(
    handed: OpenWorkbook, values: Values, name: str, place: tuple[int, int], label: str
) -> Iterator[Problem]:
    """Yield a name or date that is a formula, or that nobody can see."""
    scan = handed.package.scan(name)
    if place in scan.formulas:
        found = f"公式{quoted('=' + scan.formulas[place])}"
        yield Problem(name, address(*place), found, f"直接写的{label}", "谁填报、谁审核要由本人写明，请直接填写")
    elif at(values, *place) and (fault := fault_of_look(handed.package, name, values, place)):
        yield Problem(name, address(*place), fault.found, fault.expected, fault.why)
