"""Channels: where a release is published, what each is given, how it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from disclosure.platform.fact import Fact, Id, Name
from disclosure.platform.secrets import Secret, written_secret

ChannelKind = Literal["folder", "sftp", "s3", "webdav", "wechat"]

_SCHEMES: Mapping[str, tuple[str, ...]] = {
    "folder": ("",),
    "sftp": ("sftp",),
    "s3": ("s3",),
    "webdav": ("webdav", "webdavs"),
    "wechat": ("http", "https"),
}


class Channel(Fact):
    """Where a release is published and who answers for it.

    ``content``: the whole ``site``, or one package of the ``release``: ``handover``, ``wechat``, ``hall`` or
    ``hall/<centre>``, in ``folder``.
    ``url``: a folder below ``home`` or anywhere (``{home}`` is filled in), ``sftp://user@host/folder``,
    ``s3://bucket/prefix``, ``webdav(s)://host/folder``, or the official account's API. ``options`` (not secret) and
    ``secrets`` are given to what reaches it.
    """

    id: Id
    name: Name
    office: Id
    kind: ChannelKind
    url: Name
    content: Literal["site", "release"] = "site"
    folder: str = Field(default="", pattern=r"^([^/\\.][^/\\]*(/[^/\\.][^/\\]*)*)?$")
    options: dict[str, Any] = Field(default={})
    secrets: dict[str, Secret] = Field(default={})
    active: bool = True

    @model_validator(mode="before")
    @classmethod
    def _no_secret_written_out(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and (place := written_secret(fields)):
            raise ValueError(
                f"的 {place} 里写着口令，口令不能写在配置文件里：请把它放进环境变量，"
                "再写 secrets: {password: {env: 变量名}}"
            )
        return fields

    @field_validator("url")
    @classmethod
    def _can_be_split(cls, value: str) -> str:
        urlsplit(value)
        return value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Channel:
        schemes = _SCHEMES[self.kind]
        if urlsplit(self.url).scheme not in schemes:
            shapes = "文件夹的路径" if self.kind == "folder" else "、".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"kind 为 {self.kind} 时，url 应为 {shapes}")
        if self.kind == "wechat" and (not self.options.get("appid") or "appsecret" not in self.secrets):
            raise ValueError("微信公众号要在 options 里写 appid，在 secrets 里写 appsecret 的环境变量名")
        if self.kind == "wechat" and self.content != "release":
            raise ValueError("微信公众号只发布文章，content 应为 release，并用 folder 写明文章在发布件的哪个文件夹")
        return self


assert set(_SCHEMES) == set(get_args(ChannelKind))  # noqa: S101 - both lists are in this file
