"""What lies in or beside the inboxes and is nobody's file: left alone, and told until somebody takes it away."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from disclosure.catalog import Catalog
from disclosure.collection.sources import PollContext, Source, load_sources
from disclosure.collection.sources.inbox import OWN_FOLDERS, InboxSource, is_handed_in
from disclosure.platform.errors import DisclosureError
from disclosure.platform.file_names import printable_name
from disclosure.platform.secrets import from_environment
from disclosure.records.installation import Installation

#: Files of a folder that are counted; of more, so many say enough.
_MOST = 1000


def files_beside_inboxes(root: Path, catalog: Catalog, sources: Iterable[Source]) -> Iterator[str]:
    """One sentence for each file or folder in ``root``, the home of the local inboxes, that is no inbox."""
    local = {source.centre for source in sources if isinstance(source, InboxSource) and not source.url}
    for entry in _entries(root):
        name = printable_name(entry.name)
        if not is_handed_in(entry.name):
            continue
        if not entry.is_dir() or (entry.is_symlink() and entry.name not in local):
            example = next(iter(sorted(local)), "单位编号")
            is_usual = entry.is_file(follow_symlinks=False)
            kind = "链接" if entry.is_symlink() else "文件" if is_usual else "管道或设备"
            yield f"{kind}“{name}”放在了各单位收件夹的外面，没有收；请移到单位自己的文件夹里，如 inbox/{example}。"
        elif entry.name not in local and (count := _files_in(Path(entry.path))):
            office = catalog.offices.get(entry.name)
            whose = f"“{office.name}”的文件不从这里收" if office else f"没有编号为“{name}”的单位"
            names = "、".join(sorted(local))
            yield f"文件夹 inbox/{name} 里的 {count} 个文件没有收：{whose}；收件夹有 {names}，请移过去。"


def local_misplaced_files(installation: Installation) -> tuple[str, ...]:
    """Return what lies astray on this machine, for ``status``; inboxes elsewhere are looked at by intake.

    Raises:
        DisclosureError: when ``sources.yaml`` has a mistake.
    """
    sources = load_sources(installation.catalog)
    told = list(files_beside_inboxes(installation.settings.inbox, installation.catalog, sources))
    for source in sources:
        folder = installation.settings.inbox / source.centre
        if isinstance(source, InboxSource) and not source.url and folder.is_dir():
            poll = source.begin_poll(
                PollContext(installation.catalog, installation.settings.home, (), from_environment)
            )
            try:
                told += [
                    f"{installation.catalog.offices[source.centre].name}：{words}"
                    for words in poll.misplaced().values()
                ]
            except DisclosureError as error:
                told.append(str(error))
            finally:
                poll.close()
    return tuple(told)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _files_in(folder: Path) -> int:
    """How many files lie in a folder and below, those we put away aside; links are not followed."""
    count = 0
    for place, folders, files in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name not in OWN_FOLDERS]
        count += sum(is_handed_in(name) for name in files)
        if count >= _MOST:
            break
    return count
