"""The public site as a tree of files: every release as it was signed, and the pages made from all of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError
from disclosure.publication.contents.site_cache import SiteCache
from disclosure.publication.contents.tree import Tree, check_path
from disclosure.publication.proof.manifest import Manifest
from disclosure.rendering.charts import chart_svg, course_svg
from disclosure.rendering.document.phrases import load_phrases
from disclosure.rendering.open_data.dcat import dcat_catalog
from disclosure.rendering.outlets import VERIFIER
from disclosure.rendering.site.collected import Collected, collect, printed_figures
from disclosure.rendering.site.entries import SiteEntry
from disclosure.rendering.site.explorer import EXPLORER_PAGE, Replaced, replaced_figures
from disclosure.rendering.site.feeds import atom_feed, robots, sitemap
from disclosure.rendering.site.glossary import GLOSSARY_PAGE
from disclosure.rendering.site.history import History, county_history, history_csv, insurance_history
from disclosure.rendering.site.latest import LatestFile, latest_files
from disclosure.rendering.site.pages import (
    LATEST,
    SiteLinks,
    Tile,
    accessibility_page,
    explorer_page,
    glossary_page,
    history_page,
    home_page,
    insurance_tile,
    open_data_page,
    schedule_page,
    search_page,
    verifier_page,
)
from disclosure.rendering.site.schedule import SCHEDULE_FILE, SCHEDULE_PAGE, release_calendar, scheduled_releases
from disclosure.rendering.site.search import (
    county_entries,
    figure_entries,
    openness_entries,
    own_page_entries,
    page_entries,
    release_entries,
    search_index,
)
from disclosure.rendering.site.superseded import WithdrawalNotice
from disclosure.rendering.templates import kilobytes

MANIFEST, SIGNATURE = "manifest.json", "manifest.jws"
#: The list of public keys, a JWK set, and its signature.
KEYS, KEYS_SIGNATURE = "keys/keys.json", "keys/keys.jws"
_OPENNESS = "openness/catalog.json"


@dataclass(frozen=True)
class SiteRelease:
    """One published version of one period.

    ``files`` are relative to the release's folder and do not include the manifest; a ``Tree`` is read only where it
    must be. ``published_at`` is aware. ``signature`` is the manifest's, empty where nothing is signed.
    ``withdrawn``: why the files are an explanation and nothing else.
    """

    period: Period
    version: int
    title: str
    summary: str
    published_at: dt.datetime
    files: Mapping[str, bytes]
    manifest: Manifest
    demo: bool
    signature: bytes = b""
    withdrawn: WithdrawalNotice | None = None


def build_site(
    catalog: Catalog,
    releases: Sequence[SiteRelease],
    *,
    extra: Mapping[str, bytes] | None = None,
    imported: Iterable[Figure] = (),
    address: str = "",
    cache: SiteCache | None = None,
) -> Tree:
    """Build the whole site, path -> bytes; the same releases give the same bytes, in any order.

    The newest version of a period stands at ``releases/<period id>/``, an earlier one at
    ``releases/<period id>.v<version>/``. ``extra`` are files made elsewhere
    (``openness/…``, ``keys/…``), ``imported`` figures that were published before there was this site. ``address`` is
    the public address of the site, ending in ``/``: with it the feed's links are absolute and there is a site map.
    ``cache`` keeps what was made for the next time.

    Raises:
        DisclosureError: when a release's files are not those of its manifest (their bytes are compared when they are
            read), when a version comes twice, or when a time has no zone.
    """
    cache = cache or SiteCache()
    tree, placed = _placed(releases)
    entries = sorted(placed, key=lambda entry: (entry.published_at, entry.period.id), reverse=True)
    tree |= extra or {}
    collected = collect(_figures(tree, entries, cache), imported, {entry.period for entry in entries})
    replaced = replaced_figures(collected, _earlier(tree, entries, cache))
    made = dict(_histories(catalog, collected))
    links = SiteLinks(entries, _tiles(catalog, collected, made), _county_tiles(catalog, made))
    pages: dict[str, bytes] = {}
    titles: dict[str, str] = {}
    for kind, folder, tiles in (
        ("insurance", "insurances/", links.insurances),
        ("county", "counties/", links.counties),
    ):
        for tile in tiles:
            titles[tile.address] = made[kind, tile.id].title
            pages.update(_pages(catalog, made[kind, tile.id], folder, tiles, cache))
    tree |= pages
    latest = latest_files(catalog, entries)
    tree |= tree.renamed({each.path: each.address for each in latest})
    sizes = _sizes(tree, entries)
    tree |= _own_files(
        catalog, links, titles, collected, tree, latest=latest, replaced=replaced, sizes=sizes, address=address
    )
    cache.sweep()
    return tree


def _placed(releases: Sequence[SiteRelease]) -> tuple[Tree, list[SiteEntry]]:
    """Put every release's files and manifest at its place; return them with the entries of the newest versions."""
    of_period: dict[str, list[SiteRelease]] = {}
    for release in sorted(releases, key=lambda each: -each.version):
        _check(release)
        of_period.setdefault(release.period.id, []).append(release)
    files: dict[str, Tree] = {}
    entries = []
    for versions in of_period.values():
        newest = versions[0]
        if len({release.version for release in versions}) < len(versions):
            raise DisclosureError(f"{newest.period.label}有两个发布的版本号相同，请核对发布记录。")
        earlier = [_entry(old, f"releases/{old.period.id}.v{old.version}/") for old in versions[1:]]
        entry = _entry(newest, f"releases/{newest.period.id}/", earlier)
        entries.append(entry)
        for release, place in zip(versions, [entry, *earlier], strict=True):
            proof = {MANIFEST: release.manifest.to_json().encode()}
            if release.signature:
                proof[SIGNATURE] = release.signature
            files[place.path] = Tree.of(release.files) | proof
    return Tree.joined(files), entries


def _check(release: SiteRelease) -> None:
    what = f"{release.period.label}第{release.version}版"
    if release.published_at.tzinfo is None:
        raise DisclosureError(f"{what}的发布时间没有时区，请改为带时区的时间。")
    for name in release.files:
        check_path(name)
    if wrong := release.manifest.differences(release.files):
        raise DisclosureError(f"{what}的文件与核验清单不符，不能发布：{''.join(wrong)}")


def _entry(release: SiteRelease, path: str, earlier: Sequence[SiteEntry] = ()) -> SiteEntry:
    notice = release.withdrawn
    return SiteEntry(
        period=release.period,
        version=release.version,
        title=release.title,
        summary=notice.sentence if notice else release.summary,
        published_at=release.published_at,
        demo=release.demo,
        withdrawn_at=notice.withdrawn_at if notice else None,
        path=path,
        hashes=release.manifest.files,
        digest=release.manifest.digest,
        earlier=tuple(earlier),
    )


# Pages over several periods


def _figures(tree: Tree, entries: Iterable[SiteEntry], cache: SiteCache) -> Iterator[tuple[SiteEntry, bytes]]:
    """Yield what each release prints; its document is read only where that is not known yet."""
    for entry in entries:
        if (document := entry.document) is not None:
            made = partial(_printed, tree, entry.path + document)
            yield entry, cache.keep("figures", entry.hashes[document].encode(), made)


def _earlier(tree: Tree, entries: Iterable[SiteEntry], cache: SiteCache) -> Iterator[tuple[int, bytes]]:
    """Yield what the versions printed that a correction replaced; nothing of what was withdrawn."""
    for entry in entries:
        for old in entry.earlier if entry.withdrawn_at is None else ():
            if (document := old.document) is not None:
                made = partial(_printed, tree, old.path + document)
                yield old.version, cache.keep("figures", old.hashes[document].encode(), made)


def _sizes(tree: Tree, entries: Iterable[SiteEntry]) -> dict[str, int]:
    """Return the bytes of every download by path; no file is read."""
    paths = [
        version.path + file.path
        for newest in entries
        for version in (newest, *newest.earlier)
        for file in version.files
    ]
    return {path: tree.size(path) for path in paths}


def _printed(tree: Tree, path: str) -> bytes:
    return printed_figures(tree[path])


def _histories(catalog: Catalog, collected: Collected) -> Iterator[tuple[tuple[str, str], History]]:
    phrases = load_phrases(catalog)
    for insurance in catalog.insurances:
        if history := insurance_history(catalog, phrases, collected, insurance):
            yield ("insurance", insurance), history
    for region in catalog.parts_of_prefecture:
        if history := county_history(catalog, phrases, collected, region.code):
            yield ("county", region.code), history


def _tiles(catalog: Catalog, collected: Collected, made: Mapping[tuple[str, str], History]) -> list[Tile]:
    phrases = load_phrases(catalog)
    return [
        insurance_tile(catalog, phrases, collected, insurance)
        for insurance in catalog.insurances
        if ("insurance", insurance) in made
    ]


def _county_tiles(catalog: Catalog, made: Mapping[tuple[str, str], History]) -> list[Tile]:
    return [
        Tile(region.code, region.name, f"counties/{region.code}.html")
        for region in catalog.parts_of_prefecture
        if ("county", region.code) in made
    ]


def _pages(
    catalog: Catalog,
    history: History,
    folder: str,
    siblings: Sequence[Tile],
    cache: SiteCache,
) -> dict[str, bytes]:
    """Make a page over several periods and its CSV."""
    table = history_csv(history)
    charts = {
        each.chart.id: course_svg(each.chart, each.hollow) if each.is_course else chart_svg(each.chart)
        for each in history.drawn
    }
    inputs = repr((catalog.profile, history, siblings)).encode()
    page = cache.keep(
        "history",
        inputs,
        partial(history_page, catalog, history, charts, table, listed=folder.strip("/"), siblings=siblings),
    )
    return {f"{folder}{history.id}.html": page, f"{folder}{history.id}.csv": table}


# Home, search, lists


def _own_files(
    catalog: Catalog,
    links: SiteLinks,
    titles: Mapping[str, str],
    collected: Collected,
    tree: Tree,
    *,
    latest: Sequence[LatestFile],
    replaced: Replaced,
    sizes: Mapping[str, int],
    address: str,
) -> dict[str, bytes]:
    """Make everything at the site's root; ``titles`` of the pages over several periods, by address.

    ``sizes`` are those of the downloads of all releases, in bytes by path.
    """
    entries = links.entries
    openness = tree.get(_OPENNESS)
    insurances = {tile.id: tile.address for tile in links.insurances}
    found = [
        *page_entries(catalog, collected, titles, insurances),
        *release_entries(catalog, entries),
        *own_page_entries(catalog),
        *figure_entries(catalog, collected, insurances),
        *openness_entries(catalog, openness),
        *county_entries(catalog, collected, {tile.id: tile.address for tile in links.counties}),
    ]
    scheduled = scheduled_releases(catalog, entries)
    files = {
        "search-index.json": search_index(found),
        SCHEDULE_PAGE: schedule_page(catalog, scheduled),
        EXPLORER_PAGE: explorer_page(catalog, links, collected, replaced),
        GLOSSARY_PAGE: glossary_page(catalog),
        "open-data.html": open_data_page(catalog, links, latest),
        "accessibility.html": accessibility_page(catalog),
        "search.html": search_page(catalog, links),
        VERIFIER: verifier_page(catalog, links, tree.get(KEYS, b'{"keys": []}')),
        "releases.json": _list(catalog, entries).encode(),
        "catalog.jsonld": dcat_catalog(catalog, entries, sizes, address),
        "index.html": home_page(
            catalog,
            links,
            sizes={
                entry.path + file.path: kilobytes(sizes[entry.path + file.path])
                for entry in entries[:LATEST]
                for file in entry.files
            },
            openness=json.loads(openness)["title"] if openness else "",
            scheduled=scheduled,
        ),
    }
    if entries:
        files[SCHEDULE_FILE] = release_calendar(catalog, scheduled, address)
        files["feed.xml"] = atom_feed(catalog, entries, address)
    if address:
        changed = {entry.address: entry.changed for entry in entries}
        gone = tuple(quote(old.path) for entry in entries for old in entry.no_longer_true)
        pages = sorted(
            path for path in map(quote, (*tree, *files)) if path.endswith(".html") and not path.startswith(gone)
        )
        files["sitemap.xml"] = sitemap(address, ((path, changed.get(path, "")) for path in pages))
        files["robots.txt"] = robots(address, gone)
    return files


def _list(catalog: Catalog, entries: Iterable[SiteEntry]) -> str:
    def told(entry: SiteEntry) -> dict[str, Any]:
        return {
            "period": entry.period.id,
            "period_label": entry.period.label,
            "version": entry.version,
            "title": entry.title,
            "summary": entry.summary,
            "published_at": entry.published,
            **({"withdrawn_at": entry.changed} if entry.withdrawn_at else {}),
            "demo": entry.demo,
            "path": entry.path,
            "digest": entry.digest,
            "files": dict(entry.hashes),
        }

    content = {
        "title": catalog.profile.title,
        "publisher": catalog.profile.publisher,
        "releases": [
            {**told(entry), "earlier_versions": [told(earlier) for earlier in entry.earlier]} for entry in entries
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
