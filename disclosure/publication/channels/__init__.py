"""Channels: each kind in a file of its own behind the few calls of ``PublishingChannel``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from disclosure.catalog import Channel as ChannelFact
from disclosure.platform.remote_files import fill, open_files
from disclosure.platform.secrets import Secrets
from disclosure.publication.channels.base import Live, PublishingChannel, Staged, UnknownOutcomeError
from disclosure.publication.channels.folder import FolderVersions
from disclosure.publication.channels.s3 import S3Versions
from disclosure.publication.channels.sftp import SftpVersions
from disclosure.publication.channels.versions import VersionsChannel, VersionStore
from disclosure.publication.channels.webdav import WebdavVersions
from disclosure.publication.channels.wechat import open_wechat

__all__ = ["Live", "PublishingChannel", "Staged", "UnknownOutcomeError", "open_channel"]

_REMOTE_STORES: Mapping[str, Callable[[Any, str], VersionStore]] = {
    "sftp": SftpVersions,
    "s3": S3Versions,
    "webdav": WebdavVersions,
}


def open_channel(fact: ChannelFact, home: Path, read_secret: Secrets) -> PublishingChannel:
    """Return the channel that ``fact`` describes, connected; relative folders lie in ``home``.

    Raises:
        DisclosureError: when a secret is not set or the other side cannot be reached.
    """
    where = f"渠道“{fact.name}”"
    secrets = {name: read_secret(secret) for name, secret in fact.secrets.items()}
    url = fill(fact.url, home=home)
    if fact.kind == "folder":
        return VersionsChannel(FolderVersions(home / url), where)
    if fact.kind == "wechat":
        return open_wechat(url, fact.options, secrets["appsecret"], where)
    fs, root = open_files(url, fact.options, secrets, where)
    return VersionsChannel(_REMOTE_STORES[fact.kind](fs, root), where, secrets.values())
