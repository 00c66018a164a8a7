"""How long the site takes from nothing and when a release more comes: ``python benchmarks/site.py [RELEASES]``.

The releases are 楚雄's sample periods (8 insurances, 11 regions): every period from 1960 on, five versions of each,
with the bytes a real release has. They lie on disk, as published ones do, and are read from there. Rendering a release
(page, charts, printed sheet) is measured by itself: a published release is signed bytes and never rendered again.
"""

from __future__ import annotations

import datetime as dt
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from disclosure.calendar.periods import CycleKind, Period
from disclosure.catalog import load_catalog
from disclosure.publication import SiteCache, SiteRelease, Tree, build_site, make_manifest
from disclosure.rendering import DocumentContents, build_document, document_json, outlets_of, render_release
from disclosure.rendering.document.document import DisclosureDocument
from disclosure.simulation.demo_figures import demo_figures, demo_history

CATALOG = load_catalog("chuxiong")
VERSIONS = 5
KINDS: tuple[CycleKind, ...] = ("q1", "h1", "q3", "annual")
FIRST_YEAR = 1960


def main(count: int) -> None:
    """Lay the releases out, build, and print what it took."""
    whole = documented(Period(2025, "annual"))
    timed = []
    for _ in range(3):
        begun = time.perf_counter()
        files = render_release(whole, outlets_of(CATALOG, whole)).site
        timed.append(time.perf_counter() - begun)
    print(f"rendering one release: {statistics.median(timed):.2f} s")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        begun = time.perf_counter()
        releases = list(laid_out(home, files, count))
        size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
        print(f"{len(releases)} releases of {size / 1e6:.0f} MB laid out in {time.perf_counter() - begun:.0f} s")
        build("from nothing", home, releases[:-1])
        build("one release more", home, releases)
        build("nothing changed", home, releases)
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")


def documented(period: Period) -> DisclosureDocument:
    history = demo_history(CATALOG, period)
    return build_document(
        CATALOG,
        DocumentContents(
            period,
            demo_figures(CATALOG, period),
            earlier=history,
            compiled_on=dt.date(2026, 3, 10),
            demo=True,
        ),
    )


def laid_out(home: Path, like: dict[str, bytes], count: int) -> Iterator[SiteRelease]:
    """Releases on disk: their own figures (the years change, so do the values), other files as large as ``like``'s."""
    template = document_json(documented(Period(2025, "annual")))
    for number in range(count):
        order, version = divmod(number, VERSIONS)
        year, kind = divmod(order, len(KINDS))
        period = Period(FIRST_YEAR + year, KINDS[kind])
        # The year's sample figures under another period's keys: as many cells, other addresses.
        text = template.replace("2025-annual", period.id).replace("2024-annual", f"{period.year - 1}-{period.kind}")
        files = {**like, "document.json": text.replace("2025年度", period.label).encode()}
        folder = home / f"{period.id}.{version}"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        manifest = make_manifest(files, release={"period": period.id, "version": str(version)})
        published = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=number)
        title = f"{period.label}楚雄州社会保险信息披露"
        stored = Tree.of_folder(folder, manifest.files)
        yield SiteRelease(period, version + 1, title, "摘要", published, stored, manifest, demo=True)


def build(what: str, home: Path, releases: list[SiteRelease]) -> None:
    cache = SiteCache(home / "cache")
    begun, used = time.perf_counter(), time.process_time()
    site = build_site(CATALOG, releases, address="https://www.example.gov.cn/", cache=cache)
    spent = time.perf_counter() - begun
    print(
        f"{what}: {spent:.1f} s ({time.process_time() - used:.1f} s of processor), {cache.made} made, {len(site)} files"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
