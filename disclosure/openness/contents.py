"""What fills an element: read from the file an office hands in, kept as one canonical text, read back from it.

A guide is its Markdown; a statistic, figures; everything else the content model of its kind, as JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog, OpennessElement, OpennessItem
from disclosure.catalog.models.openness import CONTENT_OF_KIND, Calculation, Content, blanks_in
from disclosure.figures.figures import Figure
from disclosure.openness.guides import Guide, parse_guide
from disclosure.openness.words import words
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import explain
from disclosure.platform.yaml_source import load_document

#: A guide has a few thousand characters; what is larger is another file.
LARGEST = 1_000_000


@dataclass(frozen=True)
class Filled:
    """What an element says; exactly one of ``guide``, ``content`` and ``figures`` is there.

    ``demo``: the figures are those of a demonstration.
    """

    guide: Guide | None = None
    content: Content | None = None
    figures: tuple[Figure, ...] = ()
    demo: bool = False


def find_element(catalog: Catalog, item: str, element: str) -> tuple[OpennessItem, str, OpennessElement]:
    """Return the item and element that ``item`` (1 or 01) and ``element`` (id or name) are, with the element's id.

    Raises:
        DisclosureError: when there is none, with what there is.
    """
    found = catalog.openness_items.get(item.strip().zfill(2))
    if found is None:
        raise DisclosureError(f"政务公开目录没有第 {item} 项，应为 1 到 {len(catalog.openness_items)} 的序号。")
    named = [name for name, one in found.elements.items() if element.strip() in (name, one.name)]
    if len(named) != 1:
        known = "、".join(f"{name}（{one.name}）" for name, one in found.elements.items())
        raise DisclosureError(f"第 {int(found.number)} 项“{found.name}”没有要素“{element}”，应为 {known} 之一。")
    return found, named[0], found.elements[named[0]]


def read_content(item: OpennessItem, name: str, path: Path) -> str:
    """Return the canonical text of what the file at ``path`` says of element ``name``; the same words, the same text.

    Raises:
        DisclosureError: when the file cannot be read or is not of the element's kind, for a statistic, and while it
            is marked a sample or leaves something to be filled in.
    """
    element = item.elements[name]
    if element.kind == "statistic":
        raise DisclosureError(f"“{element.name}”是统计数据，自动取自已发布的披露周期，不能另行报送。")
    if path.is_file() and path.stat().st_size > LARGEST:
        raise DisclosureError(f"{path} 超过 {LARGEST // 1_000_000} MB，不像是一个要素的内容，请核对文件。")
    if element.kind == "guide":
        return take_guide(_words(path), str(path))
    model = CONTENT_OF_KIND[element.kind]
    document = load_document(path) if path.suffix.lower() in {".yaml", ".yml"} else None
    if document is None and element.kind != "text":
        raise DisclosureError(f"“{element.name}”的内容应写成 .yaml 文件；样张：disclosure openness draft。")
    try:
        content = model.model_validate(document.data if document else {"text": _words(path)})
    except ValidationError as error:
        told = explain(error, document, ()) if document else f"{path} 是空的。"
        raise DisclosureError(told) from error
    return take_content(content, str(path))


def take_guide(text: str, where: str) -> str:
    """Return the canonical text of a finished guide; ``where`` names it in errors.

    Raises:
        DisclosureError: when it is no guide, and while it is marked a sample or leaves something to be filled in.
    """
    guide = parse_guide(text, where)
    _refuse_unfinished(where, guide.sample, (*guide.blanks, *blanks_in(text)))
    return text


def take_content(content: Content, where: str) -> str:
    """Return the canonical text of finished ``content``; ``where`` names it in errors.

    Raises:
        DisclosureError: while it is marked a sample or leaves something to be filled in.
    """
    text = canonical_content(content)
    _refuse_unfinished(where, "示例" if content.sample else "", (*content.blanks, *blanks_in(text)))
    return text


def canonical_content(content: Content) -> str:
    """Return ``content`` as the records keep it, finished or not."""
    return _canonical(content.model_dump(mode="json", exclude_defaults=True))


def _refuse_unfinished(where: str, sample: str, blanks: Sequence[str]) -> None:
    if sample:
        raise DisclosureError(f"{where} 仍标有“示例”：请核对、改成本单位的内容，删去示例标记后再报送。")
    if left := tuple(dict.fromkeys(blanks)):
        raise DisclosureError(f"{where} 还有没填的地方：{'；'.join(left)}。填好后再报送。")


def figures_content(figures: Sequence[Figure], *, demo: bool) -> str:
    """Return the canonical text of a statistic: region, indicator, period, unit, value, state of each figure."""
    rows = [
        {
            "region": f.region,
            "indicator": f.indicator,
            "period": f.period.id,
            "unit": f.unit,
            "value": None if f.value is None else f"{f.value:f}",
            "text": f.text,
            "state": f.state,
        }
        for f in figures
    ]
    return _canonical({"demo": demo, "figures": rows})


def restore(item: OpennessItem, name: str, text: str) -> Filled:
    """Return what a canonical text says."""
    element = item.elements[name]
    if element.kind == "guide":
        return Filled(guide=parse_guide(text, f"第 {int(item.number)} 项"))
    data = json.loads(text)
    if element.kind == "statistic":
        return Filled(figures=tuple(_figure(row) for row in data["figures"]), demo=data["demo"])
    return Filled(content=CONTENT_OF_KIND[element.kind].model_validate(data))


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a canonical text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def lines_of(catalog: Catalog, item: OpennessItem, name: str, text: str) -> list[str]:
    """Return the content as lines of plain words, for people to read before they decide."""
    filled = restore(item, name, text)
    if filled.guide is not None:
        return [line for head, body in filled.guide.sections.items() for line in (f"**{head}**", *body.splitlines())]
    if filled.content is None:
        return [f"{catalog.indicators[f.indicator].name}：{f.printed} {f.unit}".rstrip() for f in filled.figures]
    content = filled.content
    told = [content.note] if content.note else []
    if isinstance(content, Calculation):
        numbers = [f"{q.name}：{q.value:,f} {q.unit}" for q in content.quantities.values()]
        results = [
            f"{content.steps[step].name}：{value:,f} {content.steps[step].unit}"
            for step, value in content.results.items()
        ]
        return [content.method, *numbers, *results, *told]
    rows = [row.model_dump(mode="json", exclude_defaults=True) for row in getattr(content, "rows", ())]
    written = ["，".join(str(value) for value in row.values()) for row in rows]
    return [*getattr(content, "text", "").splitlines(), *written, *told]


def draft_of(catalog: Catalog, item: OpennessItem, name: str) -> tuple[str, bytes]:
    """Return what an office starts from as (file name, bytes): the profile's sample, or the shape of such a file.

    Raises:
        DisclosureError: for a statistic, or a guide the profile has no sample of.
    """
    element = item.elements[name]
    stem = f"{item.number}-{name}"
    if element.kind == "guide":
        found = next(iter(catalog.files("openness", f"{item.number}-*.md")), None)
        if found is None:
            raise DisclosureError(f"地区配置没有第 {int(item.number)} 项的服务指南样稿，请参照其他事项的样稿编写。")
        return f"{stem}.md", found.read_bytes()
    if element.kind == "statistic":
        raise DisclosureError(f"“{element.name}”是统计数据，自动取自已发布的披露周期，不用报送。")
    known = catalog.openness_contents.get(item.number, {}).get(name)
    shape = words()["examples"][element.kind]
    is_written = known is not None and not known.to_fill
    data = known.model_dump(mode="json", exclude_defaults=True) if known and is_written else {"sample": True, **shape}
    return f"{stem}.yaml", yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120).encode()


def _words(path: Path) -> str:
    """Return the text of a file, without what no reader sees: a byte mark, kinds of line ends, blanks at the ends."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DisclosureError(f"{path} 不是 UTF-8 编码的文字，请用文本编辑器另存为 UTF-8 后重试。") from error
    except OSError as error:
        raise DisclosureError(f"读不了 {path}（{error.strerror}），请核对文件和权限。") from error
    return "\n".join(line.rstrip() for line in text.splitlines()).strip() + "\n"


def _canonical(data: Any) -> str:
    # Not sorted: the models give their fields in one order, and the steps of a calculation build on those before them.
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _figure(row: dict[str, Any]) -> Figure:
    return Figure(
        region=row["region"],
        indicator=row["indicator"],
        period=parse_period(row["period"]),
        unit=row["unit"],
        value=None if row["value"] is None else Decimal(row["value"]),
        text=row["text"],
        state=row["state"],
    )
