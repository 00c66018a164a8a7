"""The public site as a tree of files: a home page, a folder for each release, a machine-readable list."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from disclosure.catalog import Catalog
from disclosure.clock import shanghai
from disclosure.errors import DisclosureError
from disclosure.periods import Period
from disclosure.publication.manifest import Manifest, check_path
from disclosure.rendering.phrases import fill_text, load_phrases
from disclosure.rendering.templates import chinese_date, kilobytes, render_html

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class SiteRelease:
    """One published version of one period.

    ``files`` are relative to the release's folder and do not include the manifest; ``published_at`` is aware.
    """

    period: Period
    version: int
    title: str
    summary: str
    published_at: dt.datetime
    files: Mapping[str, bytes]
    manifest: Manifest
    demo: bool


def build_site(
    catalog: Catalog, releases: Sequence[SiteRelease], openness: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """Path -> bytes of the whole site; the same releases give the same bytes, in any order.

    ``openness`` are the pages of the openness catalogue with their paths, linked from the home page if there are any.

    The newest version of a period stands at ``releases/<period id>/``, an earlier one at
    ``releases/<period id>.v<version>/``.

    Raises:
        DisclosureError: when a release's files are not those of its manifest, when a version comes twice, or when
            a time has no zone.
    """
    of_period: dict[str, list[SiteRelease]] = {}
    for release in sorted(releases, key=lambda each: -each.version):
        _check(release)
        of_period.setdefault(release.period.id, []).append(release)
    tree: dict[str, bytes] = {}
    entries = []
    for versions in of_period.values():
        if len({release.version for release in versions}) < len(versions):
            raise DisclosureError(f"{versions[0].period.label}有两个发布的版本号相同，请核对发布记录。")
        entry = _entry(versions[0], f"releases/{versions[0].period.id}/")
        entry["earlier"] = [_entry(old, f"releases/{old.period.id}.v{old.version}/") for old in versions[1:]]
        entries.append(entry)
        for release, place in zip(versions, [entry, *entry["earlier"]], strict=True):
            tree.update({place["path"] + check_path(name): content for name, content in release.files.items()})
            tree[place["path"] + MANIFEST] = release.manifest.to_json().encode()
    entries.sort(key=lambda entry: (entry["published_at_utc"], entry["period"]), reverse=True)
    tree.update({check_path(name): content for name, content in (openness or {}).items()})
    tree["index.html"] = _home(catalog, entries, has_openness=bool(openness))
    tree["releases.json"] = _list(catalog, entries).encode()
    return dict(sorted(tree.items()))


def _check(release: SiteRelease) -> None:
    what = f"{release.period.label}第{release.version}版"
    if release.published_at.tzinfo is None:
        raise DisclosureError(f"{what}的发布时间没有时区，请改为带时区的时间。")
    if wrong := release.manifest.differences(release.files):
        raise DisclosureError(f"{what}的文件与核验清单不符，不能发布：{''.join(wrong)}")


def _entry(release: SiteRelease, path: str) -> dict[str, Any]:
    published = shanghai(release.published_at)
    labels = {"disclosure.pdf": "印刷版 PDF", "figures.csv": "数据表 CSV", "document.json": "结构化数据 JSON"}
    return {
        "period": release.period.id,
        "period_label": release.period.label,
        "version": release.version,
        "title": release.title,
        "summary": release.summary,
        "published_at": published.isoformat(timespec="seconds"),
        "published_at_utc": published.astimezone(dt.UTC).isoformat(),
        "published_text": chinese_date(published.date()),
        "demo": release.demo,
        "path": path,
        "files": [
            {"name": name, "label": label, "size": kilobytes(release.files[name])}
            for name, label in labels.items()
            if name in release.files
        ],
        "manifest": release.manifest,
    }


def _home(catalog: Catalog, entries: Sequence[Mapping[str, Any]], *, has_openness: bool) -> bytes:
    profile = catalog.profile
    shows_demo = any(entry["demo"] for entry in entries)
    return render_html(
        "index.html.j2",
        site_title=profile.title,
        publisher=profile.publisher,
        contact=profile.contact,
        description=profile.description,
        demo=fill_text(load_phrases(catalog).notes.demo, origin=profile.demo_figures_origin) if shows_demo else "",
        entries=entries,
        schedule=_schedule(catalog),
        openness_title=catalog.openness_words.title if has_openness else "",
    )


def _schedule(catalog: Catalog) -> list[dict[str, Any]]:
    dated = (catalog.cycles[kind] for kind in catalog.profile.cycles if catalog.cycles[kind].milestones)
    lines = []
    for cycle in dated:
        month, day = map(int, cycle.milestones["publish"].split("-"))
        lines.append({"name": cycle.name, "next_year": cycle.years_later == 1, "month": month, "day": day})
    return lines


def _list(catalog: Catalog, entries: Iterable[Mapping[str, Any]]) -> str:
    def told(entry: Mapping[str, Any]) -> dict[str, Any]:
        names = ("period", "period_label", "version", "title", "summary", "published_at", "demo", "path")
        manifest: Manifest = entry["manifest"]
        return {
            **{name: entry[name] for name in names},
            "digest": manifest.digest,
            "files": dict(manifest.files),
        }

    content = {
        "title": catalog.profile.title,
        "publisher": catalog.profile.publisher,
        "releases": [
            {**told(entry), "earlier_versions": [told(earlier) for earlier in entry["earlier"]]} for entry in entries
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
