"""Other machines by fsspec URL: safe options, nothing that hangs, errors in one Chinese sentence without secrets."""

from __future__ import annotations

import errno
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from disclosure.platform.errors import DisclosureError, UnavailableError, is_passing

_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


# What goes wrong is said in our words; paramiko would print its own beside them.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


def open_files(url: str, options: Mapping[str, Any], secrets: Mapping[str, str], where: str) -> tuple[Any, str]:
    """Return the fsspec file system of ``url`` (or a plain path), connected, and the path in it without ``/`` behind.

    ``options`` and ``secrets`` are given to the file system. Who has it closes it with ``close_files``.

    Raises:
        DisclosureError: beginning with ``where``, when it cannot be reached.
    """
    protocol = url.partition("://")[0] if "://" in url else "file"
    with in_words(where, secrets.values(), told):
        if protocol in ("webdav", "webdavs"):
            return _open_webdav(url, {**options, **secrets})
        # Every resumed run imports this module, and few open anything.
        import fsspec.core  # noqa: PLC0415 - every resumed run imports this, few open files

        given = {**_options_of(protocol, dict(options), where), **secrets}
        fs, root = fsspec.core.url_to_fs(url, skip_instance_cache=True, **given)
        if sftp := getattr(fs, "ftp", None):
            sftp.get_channel().settimeout(_READ_SECONDS)
        return fs, root.rstrip("/")


def _open_webdav(url: str, given: dict[str, Any]) -> tuple[Any, str]:
    from webdav4.fsspec import WebdavFileSystem  # noqa: PLC0415 - every resumed run imports this, few open files

    parts = urlsplit(url)
    host = parts.hostname or ""
    scheme = "https" if parts.scheme == "webdavs" else "http"
    base = f"{scheme}://{host}{f':{parts.port}' if parts.port else ''}"
    user, password = parts.username or given.pop("username", ""), given.pop("password", "")
    fs = WebdavFileSystem(
        base,
        auth=(user, password) if user else None,
        timeout=_READ_SECONDS,
        # A proxy set for the desktop must not stand between us and another machine of the network.
        trust_env=False,
        skip_instance_cache=True,
        **given,
    )
    return fs, unquote(parts.path).strip("/")


def close_files(fs: Any) -> None:
    """Let go of the connection."""
    client = getattr(fs, "client", None)
    # webdav4's client keeps httpx's below its own.
    if client := getattr(client, "http", client):
        client.close()
    if session := getattr(fs, "_s3", None):
        fs.close_session(fs.loop, session)


def is_object_store(url: str) -> bool:
    """Whether a file is there whole or not at all there, without folders and renames."""
    return url.partition("://")[0] in ("s3", "s3a")


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
    import paramiko  # noqa: PLC0415 - every resumed run imports this, few open files

    words = host_key.split()
    if len(words) < 2:
        raise DisclosureError(f"{where}：host_key 应写成 ssh-ed25519 AAAA… 这样，由类型和公钥两段组成。")

    class OnlyThis(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, _client: Any, hostname: str, key: Any) -> None:
            if [key.get_name(), key.get_base64()] != words[:2]:
                raise paramiko.BadHostKeyException(hostname, key, key)

    return OnlyThis()


@contextmanager
def in_words(where: str, secrets: Iterable[str], told: Callable[[Exception], str]) -> Iterator[None]:
    """Errors of a library, said in one Chinese sentence without any of ``secrets``.

    ``told`` gives what is wrong and what to do; an empty text for an error it does not know, whose first line is
    then shown as it is.
    """
    try:
        yield
    except DisclosureError:
        raise
    except Exception as error:  # every library has its own tree of errors
        words = _missing_extra(error) or told(error)
        if not words:
            first = re.sub(r"\s+", " ", str(error)).strip()[:160]
            words = f"出错（{type(error).__name__}：{first}），请把这句话告诉管理员"
        for secret in filter(None, secrets):
            words = words.replace(secret, "***")
        kind = UnavailableError if is_passing(error) else DisclosureError
        # The library's own error may hold what must not be shown.
        raise kind(f"{where}：{words}。") from None


#: The extra of pyproject.toml that brings a package, by the package's name.
_EXTRAS = {"paramiko": "sftp", "s3fs": "s3", "webdav4": "webdav", "pymysql": "mysql"}


def _missing_extra(error: BaseException | None) -> str:
    """Say what is not installed and how to; an empty text when that is not what is wrong.

    fsspec raises an error of its own from the one that names the package.
    """
    while isinstance(error, ImportError):
        package = (error.name or "").partition(".")[0]
        if extra := _EXTRAS.get(package):
            return f"没有安装可选软件包 {package}（{extra}），请在本程序所在的文件夹运行 make extras 安装后重试"
        error = error.__cause__
    return ""


def fill(url: str, **values: object) -> str:
    """``url`` with ``{home}`` and the like filled in; a name it does not know stays."""
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), url)


def unknown_placeholders(url: str, *known: str) -> list[str]:
    """Placeholders of ``url`` beside the ``known``."""
    return [name for name in _PLACEHOLDER.findall(url) if name not in known]


_UNREACHABLE = "连不上，请核对地址、端口和网络"
_NO_RIGHT = "没有权限，请核对用户、口令或访问密钥，和文件夹的权限"
#: By the names of errors, as their libraries are imported only where they are used.
_BY_NAME = {
    "BadHostKeyException": "对方主机的公钥与 host_key 不符，没有连接；请向对方核对，确实换过的再改 host_key",
    "AuthenticationException": "用户名、口令或密钥不对，请核对 url 和口令的环境变量",
    "BadAuthenticationType": "对方不接受这种登录方式，请核对是用口令还是密钥",
    "NoCredentialsError": "没有写明访问密钥，请在 secrets 里写 key 和 secret 的环境变量名",
    "EndpointConnectionError": _UNREACHABLE,
    "ConnectTimeoutError": _UNREACHABLE,
    "ReadTimeoutError": "对方没有及时答复，请核对网络",
    "TimeoutException": "对方没有及时答复，请核对网络",
    "TransportError": _UNREACHABLE,
    "FileNotFoundError": "没有这个文件或文件夹，请核对 url",
    "PermissionError": _NO_RIGHT,
    "ConnectionError": _UNREACHABLE,
    "TimeoutError": _UNREACHABLE,
    "gaierror": _UNREACHABLE,
    "SSHException": _UNREACHABLE,
    "NoValidConnectionsError": _UNREACHABLE,
}


def told(error: Exception) -> str:
    """Return what is wrong and what to do, for the errors that file systems are known to raise; empty for another."""
    # WebDAV's errors carry the answer.
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return _NO_RIGHT
    for kind in type(error).__mro__:
        if words := _BY_NAME.get(kind.__name__):
            return words
    number = error.errno if isinstance(error, OSError) else None
    return "写不进去，请检查磁盘空间和权限" if number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS) else ""
