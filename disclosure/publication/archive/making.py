"""Making a year's archive: one zip beside its older ones, its list signed with the key that signs what is published.

The ledger says that it was made, with its digest: a forged archive has another, and a lost one is missed.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.cycle import queries
from disclosure.platform.clock import format_moment, shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import render_text
from disclosure.publication.archive.contents import LEDGER, Archived, as_csv, gather, ledger_excerpt
from disclosure.publication.contents.site import MANIFEST, SIGNATURE
from disclosure.publication.contents.tree import Tree
from disclosure.publication.proof.keys import checkpoint_of_ledger, key_files, signing_key
from disclosure.publication.proof.manifest import make_manifest
from disclosure.publication.proof.signing import sign
from disclosure.publication.publishing_lock import publishing_lock
from disclosure.records import ledger
from disclosure.records.installation import Installation
from disclosure.records.states import UNDER_WAY
from disclosure.records.tables import Cycle

INDEX, README, SUMS = "归档目录.csv", "说明.txt", "SHA256SUMS"
_HEADER = ("序号", "文件", "种类", "题名", "责任者", "形成日期", "保管期限", "SHA-256")


@dataclass(frozen=True)
class YearArchive:
    """An archive that was made: its file, how many files it holds of how many periods, and its digest."""

    file: Path
    periods: tuple[str, ...]
    file_count: int
    digest: str


def archive_year(installation: Installation, year: int, folder: Path, actor: str = "系统") -> YearArchive:
    """Put everything about the periods of ``year`` into one signed zip in ``folder``.

    Raises:
        DisclosureError: when there is nothing of that year, something of it is under way, or a file is missing.
        UnsoundRecordsError: when the records are not to be believed.
    """
    with publishing_lock(installation):
        now = utc_now()
        with installation.records.write() as session:
            cycles = _cycles(session, installation, year)
            labels = tuple(queries.period_of(cycle).label for cycle in cycles)
            files = _files(session, installation, year, cycles)
            checkpoint, key_id = checkpoint_of_ledger(session, installation)
            about = {
                "kind": "archive",
                "year": str(year),
                "profile": installation.catalog.profile.id,
                "title": _title(installation, year),
                "published_at": shanghai(now).isoformat(timespec="seconds"),
                "periods": "、".join(labels),
            }
            told = {
                "length": str(checkpoint.length),
                "head_hash": checkpoint.head_hash,
                "at": checkpoint.at,
                "signature": checkpoint.signature,
                "key": key_id,
            }
            manifest = make_manifest(files, release=about, ledger=told)
            public, private = signing_key(session, installation)
            # The list of keys is taken after the key is made; it has a signature of its own.
            files |= key_files(session, installation)
        text = manifest.to_json().encode()
        # By now its key is in use for sure, which it may have been made for.
        files |= {MANIFEST: text, SIGNATURE: sign(text, private, public.id, utc_now()).encode()}
        name = f"disclosure-archive-{installation.catalog.profile.id}-{year}-{now:%Y%m%dT%H%M%SZ}.zip"
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / name, files, shanghai(now))
        with installation.records.write() as session:
            ledger.append(session, "archive.made", actor=actor, year=year, file=name, digest=manifest.digest)
    return YearArchive(folder / name, labels, len(files), manifest.digest)


def _cycles(session: Session, installation: Installation, year: int) -> list[Cycle]:
    """Return the cycles about ``year`` in the order of the catalogue's kinds; refuse what is not over."""
    rows = session.scalars(select(Cycle).where(Cycle.profile == installation.catalog.profile.id).order_by(Cycle.id))
    cycles = [cycle for cycle in rows if queries.period_of(cycle).year == year]
    if not cycles:
        raise DisclosureError(f"记录里没有 {year} 年的周期，没有可以归档的。请核对年份和 DISCLOSURE_HOME。")
    if open_ones := [queries.period_of(cycle).label for cycle in cycles if cycle.step in UNDER_WAY]:
        raise DisclosureError(f"{'、'.join(open_ones)}还没有办完，没有归档。请在办完（或关闭）以后再归档 {year} 年。")
    return cycles


def _files(session: Session, installation: Installation, year: int, cycles: Sequence[Cycle]) -> Tree:
    """Return everything but the list and the keys."""
    now = utc_now()
    gathered = [*gather(session, installation, cycles)]
    is_annual = any(one.is_annual for one in gathered)
    publisher, day = installation.catalog.profile.publisher, shanghai(now).date()
    excerpt = Tree.of({LEDGER: ledger_excerpt(session, cycles).encode()})
    gathered.append(Archived("ledger", f"{year}年台账摘录", publisher, day, is_annual, excerpt))
    readme = render_text(
        "archive/readme.txt.j2",
        title=_title(installation, year),
        publisher=publisher,
        made=format_moment(now),
        version=version("shebao-disclosure"),
        periods=[queries.period_of(cycle).label for cycle in cycles],
    )
    about = Tree.of({README: readme.replace("\n", "\r\n").encode("utf-8-sig")})
    gathered.append(Archived("list", "说明", publisher, day, is_annual, about))
    tree = Tree.of({INDEX: _index(installation, gathered)})
    for one in gathered:
        tree |= one.files
    sums = "".join(f"{sha256}  {path}\n" for path, sha256 in tree.hashes.items())
    return tree | {SUMS: sums.encode()}


def _index(installation: Installation, gathered: Sequence[Archived]) -> bytes:
    """Return the list that an archivist reads: every file with its kind, title, who, when, and how long it is kept."""
    rows = []
    for one in gathered:
        retention = installation.catalog.retention[one.kind]
        term = retention.annual if one.is_annual else retention.other
        rows += [
            (path, retention.name, one.title, one.by, one.formed_on.isoformat(), term, sha256)
            for path, sha256 in one.files.hashes.items()
        ]
    return as_csv(_HEADER, ((number, *row) for number, row in enumerate(rows, 1)))


def _title(installation: Installation, year: int) -> str:
    return f"{installation.catalog.profile.short_title}{year}年归档包"


def _write(path: Path, files: Mapping[str, bytes], made: dt.datetime) -> None:
    """Write the zip so that it is there whole or not at all, for its owner alone."""
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    try:
        with os.fdopen(handle, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
                moment = (made.year, made.month, made.day, made.hour, made.minute, made.second)
                for name in sorted(files):
                    member = zipfile.ZipInfo(name, moment)
                    member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                    packed.writestr(member, files[name])
            stream.flush()
            os.fsync(stream.fileno())
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)
