"""The site's data as DCAT version 3 (W3C Recommendation of 2024-08-22), JSON-LD, for open-data portals.

A release is a dataset, its files are distributions with size and checksum; releases of one kind of cycle are a
series, each with the one before it; the versions of a release know each other. Addresses are relative to the file,
which is what JSON-LD resolves them by; where the public address of the site is known, it is stated as the base.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from disclosure.calendar.periods import CYCLE_KINDS, Period
from disclosure.catalog import Catalog
from disclosure.rendering.document.phrases import fill_text
from disclosure.rendering.outlets import index_number
from disclosure.rendering.site.collected import chronological
from disclosure.rendering.site.entries import SiteEntry

_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "adms": "http://www.w3.org/ns/adms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_DCAT_3 = "https://www.w3.org/TR/vocab-dcat-3/"
#: Every dated kind comes once a year; DCAT recommends the frequencies of Dublin Core.
_ANNUAL = "http://purl.org/cld/freq/annual"
_IRREGULAR = "http://purl.org/cld/freq/irregular"
_WITHDRAWN = "http://purl.org/adms/status/Withdrawn"
_COMPLETED = "http://purl.org/adms/status/Completed"

Node = dict[str, Any]


def dcat_catalog(catalog: Catalog, entries: Sequence[SiteEntry], sizes: Mapping[str, int], address: str) -> bytes:
    """Return the catalogue of ``entries``; ``sizes`` in bytes by path, ``address`` (may be empty) is the base."""
    profile = catalog.profile
    series = [kind for kind in CYCLE_KINDS if any(entry.period.kind == kind for entry in entries)]
    before: dict[Period, SiteEntry] = {}
    for kind in series:
        ordered = sorted((e for e in entries if e.period.kind == kind), key=lambda entry: chronological(entry.period))
        before |= {entry.period: last for last, entry in pairwise(ordered)}
    datasets = []
    for entry in entries:
        made = _dataset(catalog, entry, sizes)
        if last := before.get(entry.period):
            made["dcat:prev"] = {"@id": last.permanent_id(profile.id)}
        datasets.append(made)
        datasets += [
            _dataset(catalog, old, sizes) | {"dct:isReplacedBy": {"@id": newer.permanent_id(profile.id)}}
            for newer, old in pairwise((entry, *entry.earlier))
        ]
    content = {
        "@context": {**({"@base": address} if address else {}), **_CONTEXT},
        "@id": "catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:conformsTo": {"@id": _DCAT_3},
        "dct:title": profile.title,
        "dct:description": profile.description or profile.title,
        "dct:language": "zh-CN",
        "dct:publisher": _publisher(catalog),
        "dct:license": _licence(catalog),
        "foaf:homepage": {"@id": "index.html"},
        "dcat:dataset": [*(_series(catalog, kind) for kind in series), *datasets],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _dataset(catalog: Catalog, entry: SiteEntry, sizes: Mapping[str, int]) -> Node:
    profile, period = catalog.profile, entry.period
    made: Node = {
        "@id": entry.permanent_id(profile.id),
        "@type": "dcat:Dataset",
        "dct:identifier": index_number(catalog.outlets, period),
        "dct:title": entry.title,
        "dct:description": entry.summary or entry.title,
        "dct:issued": _moment(entry.published),
        "dct:modified": _moment(entry.changed),
        "dct:publisher": {"@id": _publisher(catalog)["@id"]},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@value": f"{period.year}-01-01", "@type": "xsd:date"},
            "dcat:endDate": {"@value": period.end.isoformat(), "@type": "xsd:date"},
        },
        "dct:spatial": {"@type": "dct:Location", "dct:title": catalog.prefecture.name},
        "dct:language": "zh-CN",
        "dct:license": {"@id": _licence(catalog)["@id"]},
        "dcat:keyword": list(catalog.outlets.open_data.keywords),
        "dcat:inSeries": {"@id": _series_id(catalog, period.kind)},
        "dcat:version": str(entry.version),
        "adms:status": {"@id": _WITHDRAWN if entry.withdrawn_at else _COMPLETED},
        "dcat:landingPage": {"@id": entry.address},
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dct:title": file.label,
                "dct:license": {"@id": _licence(catalog)["@id"]},
                "dcat:mediaType": file.media_type,
                "dcat:downloadURL": {"@id": entry.address.removesuffix("index.html") + file.path},
                "dcat:byteSize": {"@value": str(sizes[entry.path + file.path]), "@type": "xsd:nonNegativeInteger"},
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": {"@value": entry.hashes[file.path], "@type": "xsd:hexBinary"},
                },
            }
            for file in entry.files
        ],
    }
    if entry.earlier:
        made["dcat:previousVersion"] = {"@id": entry.earlier[0].permanent_id(profile.id)}
    if profile.contact:
        made["dcat:contactPoint"] = {
            "@type": "vcard:Organization", "vcard:fn": profile.publisher, "vcard:note": profile.contact
        }  # fmt: skip
    return made


def _series(catalog: Catalog, kind: str) -> Node:
    return {
        "@id": _series_id(catalog, kind),
        "@type": "dcat:DatasetSeries",
        "dct:title": f"{catalog.profile.title}（{catalog.cycles[kind].name}）",
        "dct:publisher": {"@id": _publisher(catalog)["@id"]},
        "dct:accrualPeriodicity": {"@id": _IRREGULAR if kind == "special" else _ANNUAL},
    }


def _series_id(catalog: Catalog, kind: str) -> str:
    return f"urn:disclosure:{catalog.profile.id}:{kind}"


def _publisher(catalog: Catalog) -> Node:
    return {
        "@id": f"urn:disclosure:{catalog.profile.id}:publisher",
        "@type": "foaf:Organization",
        "foaf:name": catalog.profile.publisher,
    }


def _licence(catalog: Catalog) -> Node:
    licence = catalog.outlets.licence
    return {
        "@id": f"urn:disclosure:{catalog.profile.id}:licence",
        "@type": "dct:LicenseDocument",
        "dct:title": licence.title,
        "dct:description": fill_text(licence.line, publisher=catalog.profile.publisher),
    }


def _moment(text: str) -> dict[str, str]:
    return {"@value": text, "@type": "xsd:dateTime"}
