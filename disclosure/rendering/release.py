"""All files of one release: what the public site shows, and the packages that go to the other channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from disclosure.cycle.release_paths import PACKAGES, PACKAGES_OVERVIEW
from disclosure.platform.templating import render_text
from disclosure.rendering.charts import chart_svg
from disclosure.rendering.document.document import DisclosureDocument
from disclosure.rendering.handover import handover_package
from disclosure.rendering.open_data.open_data import FIGURES, WORKBOOK, open_data_files
from disclosure.rendering.outlets import Outlets
from disclosure.rendering.page import render_page
from disclosure.rendering.print.sheet import NOTICE, hall_packages, print_files
from disclosure.rendering.wechat import wechat_package


@dataclass(frozen=True)
class Rendered:
    """``site`` is for the release's folder on the public site; ``packages`` by name: handover, wechat, hall.

    Paths are relative; each package is a tree of its own.
    """

    site: Mapping[str, bytes]
    packages: Mapping[str, Mapping[str, bytes]]
    overview: bytes

    @property
    def files(self) -> dict[str, bytes]:
        """Everything that is signed, in one tree: the site's files, and ``packages/<name>/…`` beside them."""
        apart = {
            f"{PACKAGES}{name}/{path}": content
            for name, package in self.packages.items()
            for path, content in package.items()
        }
        return {**self.site, PACKAGES_OVERVIEW: self.overview, **apart}


def public_paths(paths: Iterable[str]) -> list[str]:
    """Those of the paths of ``Rendered.files`` that belong to the public site."""
    return [path for path in paths if not path.startswith(PACKAGES)]


def package_paths(paths: Iterable[str], package: str) -> dict[str, str]:
    """Path within ``package`` -> path in ``Rendered.files``, of those of ``paths`` that belong to it."""
    start = f"{PACKAGES}{package}/"
    return {path.removeprefix(start): path for path in paths if path.startswith(start)}


def render_release(document: DisclosureDocument, outlets: Outlets) -> Rendered:
    """Everything that is published of ``document``; the same document and outlets give the same bytes.

    ``manifest.json``, which the page links to, is added when the release is put on a site.

    Raises:
        DisclosureError: when a sheet cannot be set or an article breaks a limit of its platform.
    """
    charts = {block.chart.id: chart_svg(block.chart) for block in document.blocks if block.chart}
    printed = print_files(document, charts, outlets)
    data = open_data_files(document, outlets)
    files = {**printed, **data}
    attachments = {
        "disclosure.pdf": (document.title, printed[NOTICE]),
        "tables.xlsx": (f"{document.title}（表格）", data[WORKBOOK]),
        "figures.csv": (f"{document.title}（数据）", data[FIGURES]),
    }
    packages = {
        "handover": handover_package(document, outlets, attachments),
        "wechat": wechat_package(document, outlets),
        "hall": hall_packages(document, charts, outlets),
    }
    return Rendered(
        site={"index.html": render_page(document, charts, files, outlets.facts.site), **files},
        packages=packages,
        overview=_overview(document, outlets, packages),
    )


def _overview(
    document: DisclosureDocument,
    outlets: Outlets,
    packages: Mapping[str, Mapping[str, bytes]],
) -> bytes:
    """Return the leader's list of everything beside the page; it goes to no channel."""
    halls = {
        hall.name: [path for path in packages["hall"] if path.startswith(f"{hall.centre}/")] for hall in outlets.halls
    }
    return render_text(
        "review/packages.html.j2",
        document=document,
        outlets=outlets,
        packages=packages,
        halls=halls,
    ).encode()
