"""Draw the house from its real imports: packages and the core's rooms, each arrow the transitive reduction leaves.

``picture()`` gives a Mermaid flowchart for ``docs/architecture.md``; the floors are those of the import contract.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
CORE = "disclosure"


def floors() -> tuple[list[str], list[str]]:
    """Return the packages and the core's rooms, the highest first, as the import contract in pyproject has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    packages, rooms = (each["layers"] for each in contracts if each["type"] == "layers")
    return packages, rooms


def imports() -> dict[str, set[str]]:
    """Return for every package and room (``disclosure.review``) those it imports itself."""
    packages, rooms = floors()
    graph = grimp.build_graph(*packages)

    def node(module: str) -> str:
        package, _, rest = module.partition(".")
        return f"{package}.{rest.partition('.')[0]}" if package == CORE and rest else package

    arrows: dict[str, set[str]] = {name: set() for name in packages if name != CORE}
    arrows |= {f"{CORE}.{room}": set() for room in rooms}
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            start, end = node(importer), node(imported)
            if start != end and start in arrows and end in arrows:
                arrows[start].add(end)
    return arrows


def reduced(arrows: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return the arrows that no longer way makes needless; ``arrows`` must have no circle."""
    below: dict[str, set[str]] = {}

    def reach(name: str) -> set[str]:
        if name not in below:
            below[name] = set().union(*({end} | reach(end) for end in arrows[name]))
        return below[name]

    return {
        start: sorted(end for end in ends if not any(end in reach(other) for other in ends if other != end))
        for start, ends in arrows.items()
    }


def picture() -> str:
    """Return the Mermaid flowchart of packages and rooms."""
    packages, rooms = floors()
    lines = ["flowchart TD"]
    lines += [f"    {name}[{name}/]" for name in packages if name != CORE]
    lines += [f"    subgraph {CORE}[{CORE}/]", *(f"        {CORE}.{room}[{room}]" for room in rooms), "    end"]
    for start, ends in reduced(imports()).items():
        lines += [f"    {start} --> {end}" for end in ends]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(picture(), end="")
