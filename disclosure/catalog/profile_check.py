"""Everything that is wrong with a profile, at once, and what it changes against the layers below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from disclosure.catalog.catalog import BASE, Catalog
from disclosure.catalog.loading import (
    CONTENTS,
    FACT_FILES,
    HOLIDAY_FILES,
    layered_document,
    layers_of,
    load_catalog,
    profile_folder,
    read_facts,
)
from disclosure.catalog.models.indicators import Indicator
from disclosure.platform.errors import DisclosureError
from disclosure.platform.yaml_source import Document, load_document

#: Files of a profile that other rooms read, each by its own rules.
_ELSEWHERE = ("phrases", "rehearsal", "samples", "seeded_errors", "sources")
#: Shown of what is added or changed under one key; the rest is counted.
SHOWN = 12


@dataclass(frozen=True)
class Changes:
    """What a profile has under one key of one file, by the ids of the entries."""

    file: str
    key: str
    added: tuple[str, ...]
    altered: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class ProfileCheck:
    """``mistakes`` are sentences with file and line; ``catalog`` is None where they keep it from being loaded."""

    folder: Path
    mistakes: tuple[str, ...]
    changes: tuple[Changes, ...]
    catalog: Catalog | None


def check_profile(profile: str | Path) -> ProfileCheck:
    """Read all of a profile and tell every mistake in it.

    Raises:
        DisclosureError: when there is no profile at all, or what it extends is none.
    """
    folder = profile_folder(profile)
    layers = layers_of(folder)
    mistakes = [*_strange_files(folder)]
    documents: dict[str, Document] = {}
    for file in _known_files():
        try:
            documents[file] = layered_document(layers, file)
            mistakes += _strange_keys(folder, file)
        except DisclosureError as error:
            mistakes += str(error).splitlines()
    for fact in (*FACT_FILES.values(), *HOLIDAY_FILES):
        if fact.file in documents:
            try:
                read_facts(fact, documents[fact.file])
            except DisclosureError as error:
                mistakes += str(error).splitlines()
    catalog = None
    if not mistakes:
        try:
            # Not the one kept from before: what is checked may have been mended since.
            catalog = load_catalog.__wrapped__(folder)
        except DisclosureError as error:
            mistakes += str(error).splitlines()
    if catalog is not None:
        mistakes += [*_circles(catalog), *_doubtful_aliases(catalog, layers)]
    told = tuple(dict.fromkeys(_blaming_the_profile(mistake, folder) for mistake in mistakes))
    return ProfileCheck(folder, told, tuple(_changes(layers)) if catalog else (), catalog)


def _known_files() -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact.file for fact in (*FACT_FILES.values(), *HOLIDAY_FILES)))


def _strange_files(folder: Path) -> Iterator[str]:
    known = {*_known_files(), *_ELSEWHERE}
    for path in sorted(folder.iterdir()):
        name = path.stem if path.suffix in (".yaml", ".yml") else path.name if path.is_dir() else ""
        if path.suffix == ".yml":
            yield f"{path}：文件名应以 .yaml 结尾，现在没有读它，请改名。"
        elif name and name not in known and not name.startswith("."):
            yield f"{path}：不认识这个文件，没有读它；应为 {'、'.join(sorted(known))} 之一，请核对拼写。"


def _strange_keys(folder: Path, file: str) -> Iterator[str]:
    """Yield keys at the top of a file under which nothing is read."""
    facts = [fact for fact in (*FACT_FILES.values(), *HOLIDAY_FILES) if fact.file == file]
    if any(not fact.top for fact in facts):
        return  # One entry: its model knows every key.
    tops = {fact.top for fact in facts} | ({CONTENTS} if file == "openness" else set())
    for document in _own(folder, file):
        for key in document.data:
            if key not in tops:
                yield f"{document.locate((key,))}：不认识 {key}，没有读它；最上层应为 {'、'.join(sorted(tops))}。"


def _own(folder: Path, file: str) -> Iterator[Document]:
    """Yield what one layer itself says, entries taken away among it."""
    for path in (folder / f"{file}.yaml", *sorted((folder / file).glob("*.yaml"))):
        if path.is_file():
            yield load_document(path)


def _circles(catalog: Catalog) -> Iterator[str]:
    """Yield indicators that are parts of themselves by way of others."""
    for indicator in catalog.indicators.values():
        seen, part = [indicator.id], indicator.part_of
        while part is not None and part not in seen:
            seen.append(part)
            part = catalog.indicators[part].part_of
        if part == indicator.id:
            place = catalog.place_of("indicators.yaml")
            yield f"{place}：{'、'.join(seen)} 的 part_of 连成了圈，请改正。"


def _doubtful_aliases(catalog: Catalog, layers: Sequence[Path]) -> Iterator[str]:
    """Yield names that the profile gave and that mean two reported indicators of one insurance.

    Parts of different wholes may bear one name (女性 of the insured and of the retired); their aliases tell them apart.
    """
    own = layered_document(layers[1:], "indicators")
    for name, fields in (own.data.get("indicators") or {}).items():
        indicator = catalog.indicators.get(name)
        if indicator is None or not isinstance(fields, dict):
            continue
        for alias in (*(fields.get("aliases") or ()), *([fields["name"]] if "name" in fields else ())):
            named = catalog.indicators_named(indicator.insurance, str(alias))
            others = [
                each.id
                for each in named
                if each.id != name and each.id in catalog.reported and not _are_parts_apart(indicator, each)
            ]
            if others and name in catalog.reported:
                where = own.locate(("indicators", name))
                yield f"{where}：“{alias}”也是 {'、'.join(others)} 的叫法，导入时分不清，请只留给一个。"


def _are_parts_apart(one: Indicator, other: Indicator) -> bool:
    return one.name == other.name and None not in (one.part_of, other.part_of) and one.part_of != other.part_of


def _blaming_the_profile(mistake: str, folder: Path) -> str:
    """Tell a mistake at the place where it is to be mended: what is missing is never missing in the program."""
    place, _, what = mistake.partition("：")
    file = Path(place.partition(" 第 ")[0])
    if "缺少" in what and file.is_relative_to(BASE) and not file.is_relative_to(folder):
        return f"{folder / file.name}：{what}"
    if place == "None":
        return f"{folder / 'profile.yaml'}：{what}"
    return mistake


def _changes(layers: Sequence[Path]) -> Iterator[Changes]:
    """Yield what the uppermost layer adds to, alters and takes from those below it."""
    for fact in (*FACT_FILES.values(), *HOLIDAY_FILES):
        if not fact.key:
            continue
        below = _entries(layered_document(layers[:-1], fact.file), fact.top)
        own = {name: given for each in _own(layers[-1], fact.file) for name, given in _entries(each, fact.top).items()}
        added = tuple(name for name, given in own.items() if given is not None and name not in below)
        altered = tuple(
            f"{name}（{'、'.join(map(str, given)) if isinstance(given, dict) else given}）"
            for name, given in own.items()
            if given is not None and name in below
        )
        removed = tuple(name for name, given in own.items() if given is None)
        if own:
            yield Changes(fact.file, fact.top, added, altered, removed)


def _entries(document: Document, top: str) -> Mapping[str, object]:
    found = document.data.get(top)
    return {str(name): given for name, given in found.items()} if isinstance(found, dict) else {}
