"""Sample content of the openness catalogue: the profile's drafts as their offices would finish them, all of it made up.

What no draft has words for is left out, so that the pages show what 尚未提供 looks like.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from disclosure.catalog import Catalog
from disclosure.catalog.models.openness import BLANK, Content, Rates
from disclosure.openness.contents import read_content
from disclosure.openness.words import words

ElementKey = tuple[str, str]


def demo_contents(catalog: Catalog, folder: Path) -> dict[ElementKey, str]:
    """Write the finished drafts into ``folder`` as offices hand them in; the canonical text of each, as read back."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: dict[ElementKey, str] = {}
    for item in catalog.openness_items.values():
        for name, element in item.elements.items():
            path = folder / f"{item.number}-{name}.{'md' if element.kind == 'guide' else 'yaml'}"
            content = catalog.openness_contents.get(item.number, {}).get(name)
            draft = next(iter(catalog.files("openness", f"{item.number}-*.md")), None)
            if element.kind == "guide" and draft is not None:
                path.write_text(finish_guide(draft.read_text(encoding="utf-8")), encoding="utf-8")
            elif content is not None and (finished := _finish(content)) is not None:
                path.write_text(yaml.safe_dump(finished, allow_unicode=True, sort_keys=False), encoding="utf-8")
            else:
                continue
            texts[item.number, name] = read_content(item, name, path)
    return texts


def finish_guide(draft: str) -> str:
    """Fill in what a draft leaves to its office, and take away that it is a sample."""
    return _fill_in("\n".join(line for line in draft.splitlines() if not line.startswith(">")))


def _finish(content: Content) -> dict[str, object] | None:
    """Return the content without marks and blanks; None where nothing is left."""
    if isinstance(content, Rates):
        content = content.model_copy(update={"rows": tuple(row for row in content.rows if not row.to_fill)})
        if not content.rows:
            return None
    if content.to_fill:
        return None
    data: dict[str, object] = content.model_dump(mode="json", exclude_defaults=True)
    data.pop("sample", None)
    if "text" in data:
        data["text"] = _fill_in(str(data["text"]))
    return data


def _fill_in(text: str) -> str:
    known: Mapping[str, str] = words()["demo_fill"]
    return BLANK.sub(lambda blank: next(said for asked, said in known.items() if asked in blank[1]), text)
