"""Processes that kill themselves (SIGKILL: nothing is tidied up) just before their n-th write.

A write is whatever changes another machine (SFTP, S3, WebDAV, the official account), a folder channel, or our records.
They are forked from a server process without threads, so that one costs a few hundredths of a second.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import paramiko
import s3fs
import webdav4.http
from paramiko.sftp import CMD_EXTENDED, CMD_MKDIR, CMD_SYMLINK, CMD_WRITE
from sqlalchemy import event
from sqlalchemy.orm import Session

from disclosure.catalog import Channel as ChannelFact
from disclosure.catalog import load_catalog
from disclosure.platform.secrets import from_environment
from disclosure.platform.settings import Settings
from disclosure.publication.channels import open_channel, s3, sftp, webdav, wechat
from disclosure.publication.channels.folder import FolderVersions
from disclosure.publication.contents.tree import Tree
from disclosure.publication.openness import publish_openness
from disclosure.publication.publish import publish_round
from disclosure.publication.withdrawal import apply_withdrawal
from disclosure.records.installation import Installation

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])
#: Imported for the processes to come.
LOADED = (s3, sftp, webdav, wechat)

_SFTP = {CMD_EXTENDED, CMD_MKDIR, CMD_SYMLINK, CMD_WRITE}
_S3 = {"put_object", "copy_object", "delete_object", "delete_objects"}
_DAV = {"PUT", "MOVE", "COPY", "MKCOL", "DELETE"}
_DISK = {"os.link", "os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"}
#: What a channel's readers could notice.
_STEPS = ("finish", "set_current", "remove")
_WECHAT = ("draft/add", "draft/delete", "media/", "material/", "freepublish/submit", "freepublish/delete")


def _nothing(*_: object) -> None:
    """To prepare."""


def kills(
    kinds: str, action: Callable[..., None], *given: Any, prepare: Callable[..., object] = _nothing
) -> Iterator[bool]:
    """Run ``action`` again and again, dying before its first write, its second, …: whether it died; the last did not.

    ``kinds``: ``channels`` counts writes to channels, ``switches`` those of them that finish, show or remove a version
    or an article, ``records`` commits of ours. ``prepare`` is run once for all.
    """
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_serve, args=(theirs, kinds, dict(os.environ), prepare, action, given))
    process.start()
    try:
        for write in itertools.count(1):
            ours.send(write)
            status: int = ours.recv()
            assert status in (0, -signal.SIGKILL), f"the process ended with {status}"
            yield status != 0
            if status == 0:
                return
    finally:
        ours.close()
        process.join()


def put_on(fact: ChannelFact, home: Any, files: Mapping[str, bytes]) -> None:
    """Stage and switch on one channel."""
    with open_channel(fact, home, from_environment) as channel:
        tree = Tree.of(files)
        staged = channel.stage(tree)
        assert channel.read_staged(staged, tree) == ()
        before = channel.live()
        channel.switch(staged)
        channel.tidy({before.token} if before else ())


#: What whoever is killed was about: the call that shows it, and that shows it when it is made again.
SHOWING: Mapping[str, Callable[[Installation, int], object]] = {
    "release": publish_round,
    "openness": lambda installation, _: publish_openness(installation),
    "withdrawal": apply_withdrawal,
    "restoration": apply_withdrawal,
}


def show(settings: Mapping[str, Any], subject: str, cycle_id: int) -> None:
    """Show ``subject`` in an installation."""
    SHOWING[subject](Installation(Settings(**settings)), cycle_id)


def load_profile(settings: Mapping[str, Any], *_: object) -> None:
    """What ``show`` would do first."""
    load_catalog(settings["profile"])


def _serve(  # noqa: PLR0917 - arguments of a process
    pipe: Any,
    kinds: str,
    environment: Mapping[str, str],
    prepare: Callable[..., object],
    action: Callable[..., None],
    given: tuple[Any, ...],
) -> None:
    """Fork a process for each number that comes through ``pipe``; answer how it ended."""
    os.environ.update(environment)
    prepare(*given)
    while True:
        try:
            write = pipe.recv()
        except EOFError:
            return
        child = os.fork()
        if child == 0:
            status = 1
            try:
                _run(write, kinds, action, given)
                status = 0
            finally:
                os._exit(status)
        pipe.send(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _run(write: int, kinds: str, action: Callable[..., None], given: tuple[Any, ...]) -> None:
    left = iter(range(write - 1))

    def count() -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    if kinds == "records":
        event.listen(Session, "before_commit", lambda _: count())
    else:
        _watch_channels(count, kinds)
    action(*given)


def _watch_channels(count: Callable[[], None], kinds: str) -> None:
    def watch(owner: type, name: str, changes: Callable[..., bool] = lambda *_, **__: True) -> None:
        plain = getattr(owner, name)

        def watched(self: Any, *arguments: Any, **named: Any) -> Any:
            if changes(*arguments, **named):
                count()
            return plain(self, *arguments, **named)

        setattr(owner, name, watched)

    watch(httpx.Client, "request", lambda _method, url, **_: any(f"/cgi-bin/{one}" in str(url) for one in _WECHAT))
    if kinds == "switches":
        for owner, name in itertools.product((FolderVersions, sftp.SftpVersions, s3.S3Versions), _STEPS):
            watch(owner, name)
        return
    watch(paramiko.SFTPClient, "_async_request", lambda _who, kind, *_: kind in _SFTP)
    watch(s3fs.S3FileSystem, "_call_s3", lambda method, *_, **__: method in _S3)
    watch(webdav4.http.Client, "request", lambda method, *_, **__: str(getattr(method, "value", method)) in _DAV)
    sys.addaudithook(lambda event, about: count() if _changes_disk(event, about) else None)


def _changes_disk(event: str, about: tuple[Any, ...]) -> bool:
    """Tell whether what Python tells its audit hooks is a change of this machine's disk."""
    if event == "open":
        return isinstance(about[2], int) and bool(about[2] & (os.O_WRONLY | os.O_RDWR))
    return event in _DISK
