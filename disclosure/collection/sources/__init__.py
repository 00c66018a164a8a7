"""Where a centre's figures come from besides a workbook in somebody's hands: an inbox, a database, a CSV.

``sources.yaml`` of the profile names them; every centre, and every section that writes text, without an inbox of
its own there has a local one, ``home/inbox/OFFICE``. Each module of this package is one kind of source: a new kind
is one new file.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from disclosure.catalog import Catalog, Office
from disclosure.catalog.loading import layered_document
from disclosure.collection.sources.base import Delivery, Poll, PollContext, RowsSource, Source, WaitingCycle
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import read_fact
from disclosure.platform.secrets import written_secret
from disclosure.platform.yaml_source import Document

__all__ = [
    "Delivery",
    "Poll",
    "PollContext",
    "Source",
    "WaitingCycle",
    "kinds",
    "load_sources",
    "offices_with_inboxes",
]


@cache
def kinds() -> Mapping[str, type[Source]]:
    """Every kind of source there is, by the word that ``kind`` has in YAML."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    found = [*Source.__subclasses__(), *RowsSource.__subclasses__()]
    # Subclasses come in the order of their imports, which is not the same in every process.
    return {kind.kind_id(): kind for kind in sorted(found, key=lambda kind: kind.__module__) if kind is not RowsSource}


def load_sources(catalog: Catalog) -> tuple[Source, ...]:
    """Return the active sources of the profile, in the order of its YAML, then the local inboxes of the other offices.

    Raises:
        DisclosureError: naming file and line of every mistake; what may be a secret is never shown.
    """
    document = layered_document(catalog.layers, "sources")
    raw: Any = document.data.get("sources") or {}
    if not isinstance(raw, dict):
        raise DisclosureError(f"{document.locate(('sources',))}：sources 应为“键: 值”的映射。")
    mistakes = [
        f"{document.locate((top,))}：不认识的“{top}”，这个文件里只有 sources 一项。"
        for top in document.data
        if top != "sources"
    ]
    found: list[Source] = []
    for name, fields in raw.items():
        made = _source(str(name), fields, document, catalog)
        if isinstance(made, str):
            mistakes.append(made)
        elif made.active:
            found.append(made)
    if mistakes:
        raise DisclosureError("\n".join(mistakes))
    with_inbox = {source.centre for source in found if source.is_inbox}
    inbox = next(kind for kind in kinds().values() if kind.is_inbox)
    found += [
        inbox.model_validate({"id": f"inbox.{centre.id}", "centre": centre.id, "kind": inbox.kind_id()})
        for centre in offices_with_inboxes(catalog)
        if centre.id not in with_inbox
    ]
    return tuple(found)


def offices_with_inboxes(catalog: Catalog) -> tuple[Office, ...]:
    """Return the centres, and the offices that hand in text sections."""
    return tuple(dict.fromkeys((*catalog.centres, *catalog.writers)))


def _source(name: str, fields: object, document: Document, catalog: Catalog) -> Source | str:
    """Return the source that ``fields`` describe, or what is wrong with them."""
    where = document.locate(("sources", name))
    if not isinstance(fields, dict):
        return f"{where}：来源“{name}”应为“键: 值”的映射。"
    if secret := written_secret(fields):
        return (
            f"{where}：来源“{name}”的 {secret} 里写着口令。口令不能写在配置文件里：请删去，"
            "把它放进环境变量，再写 secrets: {password: {env: 变量名}}。"
        )
    kind = kinds().get(str(fields.get("kind", "")))
    if kind is None:
        return f"{where}：来源“{name}”的 kind 应为 {'、'.join(sorted(kinds()))} 之一。"
    try:
        source = read_fact(kind, document, ("sources", name), shows_values=False, id=name)
    except DisclosureError as error:
        return str(error)
    # Text sections come as documents, never as rows.
    owners_of = offices_with_inboxes(catalog) if source.is_inbox else catalog.centres
    if source.centre not in {office.id for office in owners_of}:
        owners = "、".join(office.id for office in owners_of)
        return f"{document.locate(('sources', name, 'centre'))}：来源“{name}”的 centre 应为 {owners} 之一。"
    return source
