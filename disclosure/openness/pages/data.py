"""The openness catalogue as open data: CSV for spreadsheets, JSON for programmes."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from disclosure.catalog import Catalog, OpennessItem
from disclosure.rendering.open_data.open_data import harmless

CSV_COLUMNS = (
    "number",
    "matter",
    "name",
    "elements",
    "basis",
    "time_limit",
    "workdays",
    "body",
    "office",
    "channels",
    "audience",
    "method",
    "levels",
)


def catalog_csv(catalog: Catalog) -> bytes:
    """Return the catalogue as CSV, a row an item: several values of a cell joined by ；, UTF-8 with a mark, CRLF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    words = catalog.openness_words
    for item in catalog.openness_items.values():
        cells = {
            "number": str(int(item.number)),
            "matter": catalog.openness_matters[item.matter].name,
            "name": item.name,
            "elements": "；".join(element.name for element in item.elements.values()),
            "basis": "；".join(f"《{name}》" for name in item.basis),
            "time_limit": item.time_limit,
            "workdays": str(item.workdays),
            "body": item.body,
            "office": catalog.offices[item.owner].name,
            "channels": "；".join(item.channels),
            "audience": "；".join(words.audience[each] for each in item.audience),
            "method": "；".join(words.method[each] for each in item.method),
            "levels": "；".join(words.levels[each] for each in item.levels),
        }
        writer.writerow(harmless(cells[column]) for column in CSV_COLUMNS)
    return out.getvalue().encode("utf-8-sig")


def catalog_json(catalog: Catalog) -> bytes:
    """Return the whole catalogue with its ids, elements and indicators; what staff note to each other stays here."""
    words = catalog.openness_words

    def told(item: OpennessItem) -> dict[str, Any]:
        return {
            "number": int(item.number),
            "page": f"{item.number}.html",
            "matter": {"id": item.matter, "name": catalog.openness_matters[item.matter].name},
            "name": item.name,
            "elements": [
                {
                    "id": name,
                    "name": element.name,
                    "kind": element.kind,
                    "indicators": [
                        {"id": i, "name": catalog.indicators[i].name, "unit": catalog.indicators[i].unit}
                        for i in element.indicators
                    ],
                }
                for name, element in item.elements.items()
            ],
            "basis": list(item.basis),
            "time_limit": item.time_limit,
            "workdays": item.workdays,
            "body": item.body,
            "office": {"id": item.owner, "name": catalog.offices[item.owner].name},
            "channels": list(item.channels),
            "audience": {each: words.audience[each] for each in item.audience},
            "method": {each: words.method[each] for each in item.method},
            "levels": {each: words.levels[each] for each in item.levels},
            "inherited": dict(item.inherited),
        }

    content = {
        "title": words.title,
        "publisher": catalog.profile.publisher,
        "items": [told(item) for item in catalog.openness_items.values()],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
