"""Channels: each kind in a file of its own behind the few calls of ``Channel``."""

from __future__ import annotations

from pathlib import Path

from disclosure.catalog import Channel as ChannelFact
from disclosure.kept_secrets import Secrets
from disclosure.publication.channels.base import Channel, Live, Staged, UnknownOutcomeError
from disclosure.publication.channels.folder import FolderShelf
from disclosure.publication.channels.versions import Shelf, VersionsChannel
from disclosure.remote.files import fill, open_files

__all__ = ["Channel", "Live", "Staged", "UnknownOutcomeError", "open_channel"]


def open_channel(fact: ChannelFact, home: Path, read_secret: Secrets) -> Channel:
    """The channel that ``fact`` describes, connected; relative folders lie in ``home``.

    Raises:
        DisclosureError: when a secret is not set or the other side cannot be reached.
    """
    where = f"渠道“{fact.name}”"
    secrets = {name: read_secret(secret) for name, secret in fact.secrets.items()}
    url = fill(fact.url, home=home)
    if fact.kind == "folder":
        return VersionsChannel(FolderShelf(home / url), where)
    if fact.kind == "wechat":
        from disclosure.publication.channels.wechat import open_wechat

        return open_wechat(url, fact.options, secrets["appsecret"], where)
    fs, root = open_files(url, fact.options, secrets, where)
    return VersionsChannel(_shelf(fact.kind, fs, root), where, secrets.values())


def _shelf(kind: str, fs: object, root: str) -> Shelf:
    """Libraries of the other side's protocol are imported by those who use it."""
    if kind == "sftp":
        from disclosure.publication.channels.sftp import SftpShelf

        return SftpShelf(fs, root)
    if kind == "s3":
        from disclosure.publication.channels.s3 import S3Shelf

        return S3Shelf(fs, root)
    from disclosure.publication.channels.webdav import WebdavShelf

    return WebdavShelf(fs, root)
