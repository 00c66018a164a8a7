"""The one gate for text that becomes public, whatever door it came by: reasons, notes, names, contents, sections."""

from __future__ import annotations

from collections.abc import Iterable

from disclosure.catalog import Catalog
from disclosure.confidentiality.personal_data import PersonalDatum, find_personal_data

ADVICE = "属于个人信息，不能公开，请删去；要公布联系方式的，请用单位的固定电话"


def search_public_text(catalog: Catalog, texts: Iterable[str]) -> tuple[PersonalDatum, ...]:
    """Find the data of persons in ``texts``, each once; what offices publish of themselves is let through."""
    found = (datum for text in texts for datum in find_personal_data(text, catalog.public_contacts))
    return tuple(dict.fromkeys(found))


def object_to_public_text(catalog: Catalog, what: str, texts: Iterable[str]) -> str:
    """Say what of persons stands in ``what``, and what to do; empty when nothing does."""
    found = search_public_text(catalog, texts)
    return f"{what}里有{'、'.join(map(str, found))}，{ADVICE}。" if found else ""
