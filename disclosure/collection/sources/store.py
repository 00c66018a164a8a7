"""Files by fsspec URL: on this machine, over SFTP, in S3, or wherever else an fsspec file system reaches."""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import fsspec.core

from disclosure.collection.sources.base import GoneError, in_words
from disclosure.errors import DisclosureError

_CHUNK_BYTES = 1 << 20
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


# What goes wrong is said in our words; paramiko would print its own beside them.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Entry:
    """A file as its folder lists it; ``modified`` is comparable only within one store."""

    name: str
    size: int
    modified: str


class Store:
    """One folder. Every error is one Chinese sentence that begins with ``where``; secrets never show.

    ``url`` is an fsspec URL or a plain path; ``options`` go to its file system, ``secrets`` as well.
    """

    def __init__(self, url: str, options: Mapping[str, Any], secrets: Mapping[str, str], where: str) -> None:
        self.where, self._secrets = where, tuple(secrets.values())
        protocol = url.partition("://")[0] if "://" in url else "file"
        self._is_object_store = protocol in ("s3", "s3a")
        given = {**_options_of(protocol, dict(options), where), **secrets}
        with self._in_words():
            self.fs, root = fsspec.core.url_to_fs(url, skip_instance_cache=True, **given)
            self.root = root.rstrip("/")
            if sftp := getattr(self.fs, "ftp", None):
                sftp.get_channel().settimeout(_READ_SECONDS)

    def entries(self) -> list[Entry]:
        """The files right in the folder, without links and folders."""
        with self._in_words():
            self.fs.invalidate_cache()
            found = [entry for info in self.fs.ls(self.root, detail=True) if (entry := _entry(info))]
        # An object store may list the folder itself.
        return [entry for entry in found if entry.name]

    def others(self) -> dict[str, str]:
        """What else lies right in the folder: name -> ``link`` or ``folder``."""
        with self._in_words():
            self.fs.invalidate_cache()
            found = {
                posixpath.basename(str(info["name"]).rstrip("/")): info for info in self.fs.ls(self.root, detail=True)
            }
        return {
            name: "link" if info.get("islink") or info.get("type") == "link" else "folder"
            for name, info in found.items()
            if name and _entry(info) is None
        }

    def holds_any(self, folder: str) -> bool:
        """Whether anything lies in a subfolder."""
        with self._in_words():
            return bool(self.fs.ls(self._path(folder), detail=False))

    def entry(self, name: str) -> Entry | None:
        """One file; None when it is not there."""
        with self._in_words():
            self.fs.invalidate_cache()
            try:
                return _entry(self.fs.info(self._path(name)))
            except FileNotFoundError:
                return None

    def chunks(self, name: str) -> Iterator[bytes]:
        """A file's bytes, piece by piece.

        Raises:
            GoneError: when it is not there any more; ``move`` the same.
        """
        with self._in_words(), self._still_there(name), self.fs.open(self._path(name), "rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk

    def put(self, name: str, content: bytes) -> None:
        """Write a file so that it is there whole or not at all."""
        path = self._path(name)
        with self._in_words():
            self._make(posixpath.dirname(path))
            if self._is_object_store:
                self.fs.pipe_file(path, content)
                return
            beside = f"{posixpath.dirname(path)}/.partial-{token_hex(8)}"
            self.fs.pipe_file(beside, content)
            self.fs.mv(beside, path)

    def move(self, name: str, target: str) -> None:
        """Rename within the folder and its subfolders (an object store copies, then deletes)."""
        with self._in_words():
            self._make(posixpath.dirname(self._path(target)))
        with self._in_words(), self._still_there(name):
            self.fs.mv(self._path(name), self._path(target))

    def make(self, *folders: str) -> None:
        """Make the folder itself and subfolders that are not there."""
        with self._in_words():
            for folder in ("", *folders):
                self._make(self._path(folder))

    def close(self) -> None:
        """Let go of the connection."""
        if client := getattr(self.fs, "client", None):
            client.close()
        if session := getattr(self.fs, "_s3", None):
            self.fs.close_session(self.fs.loop, session)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}".rstrip("/")

    def _make(self, folder: str) -> None:
        if not self._is_object_store:
            self.fs.makedirs(folder, exist_ok=True)

    @contextmanager
    def _still_there(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise GoneError(f"{self.where}：{name} 已经不在了。") from error

    def _in_words(self) -> AbstractContextManager[None]:
        return in_words(self.where, self._secrets, _told)


def _options_of(protocol: str, options: dict[str, Any], where: str) -> dict[str, Any]:
    """Options with what makes a connection safe and lets none hang."""
    if protocol in ("sftp", "ssh"):
        if not options.get("host_key"):
            raise DisclosureError(
                f"{where}：options 里要写明对方主机的公钥 host_key（如 ssh-ed25519 AAAA…，"
                "用 ssh-keyscan -t ed25519 取得后向对方核对）。"
            )
        return {
            "timeout": _CONNECT_SECONDS,
            "banner_timeout": _CONNECT_SECONDS,
            "auth_timeout": _CONNECT_SECONDS,
            "channel_timeout": _READ_SECONDS,
            # Only what is configured here, not what the operator's account happens to hold.
            "look_for_keys": False,
            "allow_agent": False,
            "host_key_policy": _only(str(options.pop("host_key")), where),
            **options,
        }
    if protocol in ("s3", "s3a"):
        limits = {"connect_timeout": _CONNECT_SECONDS, "read_timeout": _READ_SECONDS, "retries": {"max_attempts": 2}}
        return {"config_kwargs": limits, "anon": False, "use_listings_cache": False, **options}
    return options


def _only(host_key: str, where: str) -> Any:
    """Paramiko's policy for a host that must show this very public key."""
    import paramiko

    words = host_key.split()
    if len(words) < 2:
        raise DisclosureError(f"{where}：host_key 应写成 ssh-ed25519 AAAA… 这样，由类型和公钥两段组成。")

    class OnlyThis(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, _client: Any, hostname: str, key: Any) -> None:
            if [key.get_name(), key.get_base64()] != words[:2]:
                raise paramiko.BadHostKeyException(hostname, key, key)

    return OnlyThis()


def _entry(info: Mapping[str, Any]) -> Entry | None:
    # A link may point anywhere; nobody hands in a link.
    if info.get("type") != "file" or info.get("islink"):
        return None
    modified = next((info[key] for key in ("mtime", "LastModified", "modified", "created") if info.get(key)), "")
    said = modified.isoformat() if hasattr(modified, "isoformat") else str(modified)
    return Entry(posixpath.basename(str(info["name"])), int(info["size"] or 0), said)


def fill(url: str, **values: object) -> str:
    """``url`` with ``{home}`` and the like filled in; a name it does not know stays."""
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), url)


def unknown_placeholders(url: str, *known: str) -> list[str]:
    """Placeholders of ``url`` beside the ``known``."""
    return [name for name in _PLACEHOLDER.findall(url) if name not in known]


_BY_NAME = {
    "BadHostKeyException": "对方主机的公钥与 host_key 不符，没有连接；请向对方核对，确实换过的再改 host_key",
    "AuthenticationException": "用户名、口令或密钥不对，请核对 url 和口令的环境变量",
    "BadAuthenticationType": "对方不接受这种登录方式，请核对是用口令还是密钥",
    "NoCredentialsError": "没有写明访问密钥，请在 secrets 里写 key 和 secret 的环境变量名",
    "EndpointConnectionError": "连不上，请核对地址、端口和网络",
    "ConnectTimeoutError": "连不上，请核对地址、端口和网络",
    "ReadTimeoutError": "对方没有及时答复，请核对网络",
}


def _told(error: Exception) -> str:
    for kind in type(error).__mro__:
        if words := _BY_NAME.get(kind.__name__):
            return words
    if isinstance(error, FileNotFoundError):
        return "没有这个文件或文件夹，请核对 url"
    if isinstance(error, PermissionError):
        return "没有权限，请核对用户、访问密钥和文件夹的权限"
    if isinstance(error, ConnectionError | TimeoutError) or type(error).__name__ in (
        "gaierror",
        "SSHException",
        "NoValidConnectionsError",
    ):
        return "连不上，请核对地址、端口和网络"
    return ""
