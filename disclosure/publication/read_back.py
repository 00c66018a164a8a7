"""Reading back what the public sees: its bytes against what was signed, its numbers against the compilation.

The numbers are read out of what was published as a reader would: out of the page, the printed sheets by PDFium, the
article as the platform gives it back, the tables. The compilation is read from our records for it, not from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.catalog import Channel as ChannelFact
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secrets, from_environment
from disclosure.publication.channels import PublishingChannel, open_channel
from disclosure.publication.channels.versions import VersionsChannel
from disclosure.publication.channels.wechat import WechatChannel
from disclosure.publication.contents.contents import package_tree, release_folder
from disclosure.publication.contents.documents import document_of
from disclosure.publication.contents.tree import Tree
from disclosure.publication.proof.manifest import compare_hashes, sha256
from disclosure.records.installation import Installation
from disclosure.records.states import PUBLISHED, ReleaseState
from disclosure.records.tables import Compilation, Cycle, ReadBack, Release
from disclosure.rendering import DisclosureDocument, package_paths, public_paths
from disclosure.rendering.open_data.open_data import WORKBOOK
from disclosure.rendering.read_numbers import (
    differences,
    figures_in_article,
    figures_in_csv,
    figures_in_fragment,
    figures_in_page,
    figures_in_pdf,
    figures_in_poster,
    figures_in_workbook,
    figures_of,
)

#: The row about all bytes of a release on a channel.
BYTES = ""
_ARTICLE = "article.html"


@dataclass(frozen=True)
class Read:
    """What reading one file back came to; ``path`` is as rendered, empty for the bytes of all files."""

    channel: str
    release: str
    path: str
    figures: int
    problems: tuple[str, ...]


def read_back(installation: Installation, read_secret: Secrets = from_environment) -> list[Read]:
    """Read back every release on every channel, and note it.

    Raises:
        DisclosureError: when a channel cannot be reached.
    """
    found: list[Read] = []
    for fact in installation.catalog.publishes_to:
        with open_channel(fact, installation.settings.home, read_secret) as channel:
            found += read_back_channel(installation, fact, channel)
    return found


def read_back_channel(
    installation: Installation, fact: ChannelFact, channel: PublishingChannel, live: Mapping[str, str] | None = None
) -> list[Read]:
    """Read back the releases that one channel should show, and note it; ``live`` are its files where just read."""
    with installation.records.read() as session:
        shown = list(_shown(session, installation.catalog, fact))
    if isinstance(channel, VersionsChannel) and live is None:
        live = channel.live_files()
    found = []
    for each in shown:
        if isinstance(channel, VersionsChannel):
            seen = {path: (live or {}).get(each.folder + name, "") for name, path in each.paths.items()}
            found += _note(installation, fact, each, _read_files(installation, each, seen))
        elif isinstance(channel, WechatChannel):
            tree = package_tree(installation, each.release, fact)
            found += _note(installation, fact, each, _read_article(installation, each, channel, tree))
    return found


@dataclass(frozen=True)
class _ReleaseOnChannel:
    """A release on a channel: name there -> path as rendered, below ``folder``."""

    release: Release
    cycle: Cycle
    compiled: Compilation
    folder: str
    paths: Mapping[str, str]


def _shown(session: Session, catalog: Catalog, fact: ChannelFact) -> Iterator[_ReleaseOnChannel]:
    rows = session.execute(
        select(Release, Cycle, Compilation)
        .join(Cycle, Release.cycle_id == Cycle.id)
        .join(Compilation, Release.compilation_id == Compilation.id)
        .where(Cycle.profile == catalog.profile.id, Release.state.in_(PUBLISHED))
        .order_by(Release.published_at.desc(), Release.version.desc())
    )
    newest: set[str] = set()
    for release, cycle, compiled in rows:
        is_withdrawn = release.state is ReleaseState.WITHDRAWN
        if fact.content == "release":
            # Of a withdrawn one it shows an explanation or nothing.
            if not is_withdrawn:
                yield _ReleaseOnChannel(release, cycle, compiled, "", package_paths(release.files, fact.folder))
            return
        # Earlier versions stand beside the newest and are held to their bytes by their own manifests.
        if cycle.period_id not in newest:
            newest.add(cycle.period_id)
            if is_withdrawn:
                continue
            paths = {path: path for path in public_paths(release.files)}
            yield _ReleaseOnChannel(release, cycle, compiled, f"releases/{cycle.period_id}/", paths)


@dataclass(frozen=True)
class _Result:
    path: str
    sha256: str
    figures: int
    problems: tuple[str, ...]


def _read_files(installation: Installation, shown: _ReleaseOnChannel, seen: Mapping[str, str]) -> Iterator[_Result]:
    """Read the files of a channel of files; ``seen``: path as rendered -> SHA-256 of what is live."""
    signed = {path: shown.release.files[path] for path in shown.paths.values()}
    wrong = compare_hashes(signed, {path: found for path, found in seen.items() if found})
    yield _Result(BYTES, "", 0, wrong)
    with installation.records.read() as session:
        known = {
            row.path: row
            for row in session.scalars(select(ReadBack).where(ReadBack.release_id == shown.release.id))
            if not row.problems and row.figures
        }
    # What is live byte for byte is read where we have it; of what is not live as signed, that is all there is to say.
    files = Tree.of_folder(release_folder(installation.settings.releases, shown.release.digest), signed)
    document: DisclosureDocument | None = None
    for path, expected in signed.items():
        reader = _reader(path)
        if reader is None:
            continue
        if seen[path] != expected:
            yield _Result(path, seen[path], 0, ())
        elif path in known and known[path].sha256 == expected:
            yield _Result(path, expected, known[path].figures, ())
        else:
            document = document or _document(installation, shown)
            figures, problems = _compare(reader, files[path], document, installation.catalog)
            yield _Result(path, expected, figures, problems)


def _read_article(
    installation: Installation, shown: _ReleaseOnChannel, channel: WechatChannel, tree: Tree
) -> Iterator[_Result]:
    yield _Result(BYTES, "", 0, channel.read_live(tree))
    html = channel.live_content(tree)
    path = shown.paths[_ARTICLE]
    if html is None:
        yield _Result(path, "", 0, ())
        return
    content = html.encode()
    figures, problems = _compare(_READERS[_ARTICLE], content, _document(installation, shown), installation.catalog)
    yield _Result(path, sha256(content), figures, problems)


def _document(installation: Installation, shown: _ReleaseOnChannel) -> DisclosureDocument:
    with installation.records.read() as session:
        cycle, compiled = session.merge(shown.cycle, load=False), session.merge(shown.compiled, load=False)
        return document_of(session, installation.catalog, cycle, compiled)


def _note(
    installation: Installation, fact: ChannelFact, shown: _ReleaseOnChannel, results: Iterable[_Result]
) -> list[Read]:
    results, now = list(results), utc_now()
    with installation.records.write() as session:
        kept = select(ReadBack).where(ReadBack.release_id == shown.release.id, ReadBack.channel == fact.id)
        rows = {row.path: row for row in session.scalars(kept)}
        for result in results:
            row = rows.get(result.path)
            if row is None:
                row = ReadBack(release_id=shown.release.id, channel=fact.id, path=result.path)
                session.add(row)
            row.sha256, row.figures, row.problems = result.sha256, result.figures, list(result.problems)
            row.checked_at = now
    return [Read(fact.id, shown.release.title, each.path, each.figures, each.problems) for each in results]


# How the numbers of each kind of file are read


@dataclass(frozen=True)
class _NumberReader:
    """``whole``: every figure has to be there; ``printed``: to the printed decimals; ``texts``: also those in words."""

    read: Callable[[bytes, DisclosureDocument, Catalog], Mapping[str, str]]
    whole: bool = True
    printed: bool = True
    texts: bool = False


_PDF = _NumberReader(lambda content, document, _: figures_in_pdf(content, document))
_POSTER = _NumberReader(lambda content, document, _: figures_in_poster(content, document), whole=False)
_PART_OF_PDF = _NumberReader(_PDF.read, whole=False)
_CSV = _NumberReader(lambda content, *_: figures_in_csv(content), texts=True)
_WORKBOOK = _NumberReader(
    lambda content, _, catalog: figures_in_workbook(content, catalog.outlets.open_data.sheet_all),
    printed=False,
    texts=True,
)
#: By the file's path on the site, or its name in a package.
_READERS = {
    "index.html": _NumberReader(lambda content, document, _: figures_in_page(content, document.period), texts=True),
    "figures.csv": _CSV,
    "disclosure.pdf": _PDF,
    "print/large.pdf": _PDF,
    "print/poster.pdf": _POSTER,
    WORKBOOK: _WORKBOOK,
    "packages/handover/content.html": _NumberReader(
        lambda content, document, _: figures_in_fragment(content, document)
    ),
    "packages/handover/attachments/disclosure.pdf": _PDF,
    "packages/handover/attachments/figures.csv": _CSV,
    "packages/handover/attachments/tables.xlsx": _WORKBOOK,
    _ARTICLE: _NumberReader(lambda content, document, _: figures_in_article(content.decode(), document), whole=False),
}


def _reader(path: str) -> _NumberReader | None:
    if path.startswith("data/") and path.endswith(".csv"):
        return _NumberReader(_CSV.read, whole=False, texts=True)
    if path.startswith("packages/hall/"):
        return _PART_OF_PDF if "公告" in path else _POSTER if "海报" in path else None
    if path.endswith(f"/{_ARTICLE}"):
        return _READERS[_ARTICLE]
    return _READERS.get(path)


def _compare(
    reader: _NumberReader, content: bytes, document: DisclosureDocument, catalog: Catalog
) -> tuple[int, tuple[str, ...]]:
    """Count the figures that were read out of ``content``, and tell what differs from the compilation."""
    expected = figures_of(document)
    if not reader.texts:
        words = {seen.key for seen in document.observations if not seen.is_number and not seen.state}
        expected = {key: value for key, value in expected.items() if key not in words}
    try:
        found = reader.read(content, document, catalog)
    except (DisclosureError, ValueError, KeyError) as error:
        return 0, (f"没有能够读出数字：{error}",)
    if not found and expected:
        return 0, ("没有读出任何数字。",)
    return len(found), differences(expected, found, whole=reader.whole, printed=reader.printed)
