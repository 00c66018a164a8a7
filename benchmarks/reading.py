"""How fast workbooks are read, checked and taken in: ``python benchmarks/reading.py [FILES]`` (200 unless told).

Each workbook has 500 rows of indicators for 12 regions, all filled in: 6,000 figures, with last year's beside.
Compared are our reader (which reads every cell by its address, proves that nothing has moved, and checks each
figure) and pandas with openpyxl and with calamine, which lay the same sheets out as they are and check nothing.
The readers take turns on the same file, so that a busy moment of the machine meets all of them; peak memory is
measured in a process of its own each. Then all files are handed in, into SQLite: kept, read, recorded.
"""

from __future__ import annotations

import io
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from rich.progress import track

from disclosure.calendar.periods import Period
from disclosure.catalog import PROFILES, Catalog, load_catalog
from disclosure.collection import WorkbookContents, write_workbook
from disclosure.collection.submit import submit_path
from disclosure.collection.workbook.read.reader import examine
from disclosure.cycle import queries
from disclosure.figures.figures import Figure
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation

PERIOD, CENTRE, ROWS, TURNS = Period(2025, "annual"), "social_insurance_centre", 500, 15


def profile(folder: Path) -> Path:
    """A profile of 500 indicators by county, on the regions and offices of 楚雄."""
    folder.mkdir()
    for name in ("regions.yaml", "organisation.yaml"):
        shutil.copy(PROFILES / "chuxiong" / name, folder)
    (folder / "profile.yaml").write_text(
        "id: large\ntitle: 大表\nshort_title: 大表\npublisher: 大表\nindicators: {only: ['work_injury.many.*']}\n"
        "demo_period: 2025-annual\ndemo_figures: seeded\ndemo_figures_are: sample\ndemo_figures_origin: 随机数\n",
        encoding="utf-8",
    )
    lines = [
        f"  work_injury.many.n{row:03}: {{insurance: work_injury, section: benefits, name: 第{row}项支付, kind: flow, "
        f"unit: 万元, centre: {CENTRE}, by_county: true}}\n"
        for row in range(ROWS)
    ]
    (folder / "indicators.yaml").write_text("indicators:\n" + "".join(lines), encoding="utf-8")
    return folder


def workbook(folder: Path, catalog: Catalog) -> bytes:
    """One workbook, every cell filled in."""
    chance = random.Random(1)  # noqa: S311 - figures, no secrets

    def figures(period: Period) -> list[Figure]:
        return [
            Figure(r.code, i.id, period, i.unit, Decimal(chance.randrange(10**7)).scaleb(-2), centre=CENTRE)
            for i in catalog.indicators_for(PERIOD, CENTRE)
            for r in catalog.regions_for(i)
        ]

    past = figures(Period(2024, "annual"))
    path = folder / "one.xlsx"
    write_workbook(
        path,
        catalog,
        WorkbookContents(PERIOD, CENTRE, filled=figures(PERIOD), earlier=past, cover=("吴填报", "冯复核", "")),
    )
    return path.read_bytes()


def copies(folder: Path, content: bytes, count: int) -> list[Path]:
    """The same workbook ``count`` times, each with other bytes: a comment on its archive."""
    paths = []
    for number in range(count):
        paths.append(folder / f"{number:03}.xlsx")
        paths[-1].write_bytes(content)
        with zipfile.ZipFile(paths[-1], "a") as archive:
            archive.comment = str(number).encode()
    return paths


def readers(catalog: Catalog) -> dict[str, Callable[[bytes], object]]:
    """What is compared; pandas only where it is asked for, so that it weighs on nobody else's memory."""

    def ours(content: bytes) -> object:
        reading = examine(content, "one.xlsx", catalog)
        assert reading.is_accepted
        assert len(reading.figures) == ROWS * len(catalog.regions)
        return reading

    def pandas_with(engine: str) -> Callable[[bytes], object]:
        def read(content: bytes) -> object:
            import pandas as pd

            return pd.read_excel(io.BytesIO(content), sheet_name=None, header=None, engine=engine)  # type: ignore[call-overload]

        return read

    return {"ours": ours, "pandas + calamine": pandas_with("calamine"), "pandas + openpyxl": pandas_with("openpyxl")}


def peak_megabytes() -> float:
    """Most memory this process has held (Linux); ``getrusage`` would count what its parent held before."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0]) / 1024


def measure_memory(folder: Path, name: str) -> None:
    """In a process of its own: read the first files with one reader, print the peak."""
    read = readers(load_catalog(folder / "large"))[name]
    for path in sorted((folder / "files").iterdir())[:5]:
        read(path.read_bytes())
    print(f"{peak_megabytes():.0f}")


def main(count: int) -> None:
    """Print medians, rates and peaks."""
    with tempfile.TemporaryDirectory(prefix="reading-") as name:
        folder = Path(name)
        catalog = load_catalog(profile(folder / "large"))
        content = workbook(folder, catalog)
        (folder / "files").mkdir()
        paths = copies(folder / "files", content, count)
        print(f"{count} workbooks of {ROWS} rows for {len(catalog.regions)} regions, {len(content) // 1024} KB each")
        taken: dict[str, list[float]] = {}
        for _ in range(TURNS):
            for reader, read in readers(catalog).items():
                began = time.perf_counter()
                read(content)
                taken.setdefault(reader, []).append(time.perf_counter() - began)
        for reader, seconds in taken.items():
            command = [sys.executable, __file__, "memory", str(folder), reader]
            peak = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout.strip()
            median = statistics.median(seconds)
            print(f"{reader:18} {median * 1000:7.1f} ms a file, {1 / median:6.1f} files/s, peak {peak} MB")
        installation = Installation(Settings(home=folder / "home", profile=str(folder / "large")))
        with installation.records.write() as session:
            queries.open_cycle(session, installation.catalog, PERIOD)
        began = time.perf_counter()
        for path in track(paths, "handing in"):
            assert submit_path(installation, path).is_accepted
        whole = time.perf_counter() - began
        print(f"handed in: {count} files in {whole:.1f} s, {count / whole:.1f} files/s, peak {peak_megabytes():.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["memory"]:
        measure_memory(Path(sys.argv[2]), sys.argv[3])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
