"""What the channels beside the website need to be told: addresses, licence, metadata, halls, limits."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from disclosure.calendar.periods import CycleKind
from disclosure.platform.fact import Fact, Id, Name


class SiteFacts(Fact):
    """Where the public reads: ``address`` ends in a slash; and what a government site states of itself.

    ``host`` is 主办单位 (empty: who publishes), ``identification_code`` 政府网站标识码, ``icp`` and ``police`` the two
    filing numbers; what is empty is not shown.
    """

    address: str
    host: str = ""
    identification_code: Annotated[str, Field(pattern=r"^([0-9A-Za-z]{10})?$")] = ""
    icp: str = ""
    police: str = ""

    @property
    def domain(self) -> str:
        """The name of the site's machine."""
        return urlsplit(self.address).hostname or ""

    @field_validator("address")
    @classmethod
    def _is_a_folder(cls, value: str) -> str:
        if not (value.startswith(("https://", "http://")) and value.endswith("/") and value.isascii()):
            raise ValueError("网站地址应以 https:// 开头、以 / 结尾，只用 ASCII 字符")
        return value


class LicenceFacts(Fact):
    """Terms of use: ``name`` is an identifier of the Data Package standard, ``line`` what people read."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    title: Name
    line: Name


class FieldFacts(Fact):
    """A column of the open data: Chinese title, meaning, type in a Table Schema."""

    title: Name
    description: Name
    type: Literal["string", "number"] = "string"


class OpenDataFacts(Fact):
    """Words of the open data; ``fields`` explains every column there may be."""

    keywords: tuple[Name, ...]
    fields: dict[str, FieldFacts]
    figures_title: Name
    figures_description: Name
    sheet_all: Name
    sheet_about: Name


class IndexNumberFacts(Fact):
    """The rule of 索引号: ``pattern`` may use ``{agency} {category} {year} {number}``, the last by cycle."""

    pattern: Name
    agency: Name
    category: Name
    numbers: dict[CycleKind, str]


class HandoverFacts(Fact):
    """Metadata of the government openness site and of 12333.

    ``fields`` are label -> value, printed in this order; a value may use the names ``outlets.outlets_of`` fills.
    ``sites`` tells, for each site, its name and labels that site calls otherwise.
    """

    index_number: IndexNumberFacts
    fields: dict[Name, Name]
    sites: dict[Id, HandoverSite]


class HandoverSite(Fact):
    """One receiver of the package."""

    name: Name
    renamed: dict[Name, Name] = Field(default={})
    left_out: tuple[Name, ...] = ()
    also: dict[Name, Name] = Field(default={})


class HallFacts(Fact):
    """The print packages of the centres: ``places`` by office id, else ``place``."""

    place: Name
    places: dict[Id, Name] = Field(default={})
    until: Name
    until_undated: Name
    file_cover: Name
    file_notice: Name
    file_large: Name
    file_poster: Name


class ArticleFacts(Fact):
    """Limits of a WeChat article (characters; ``content_bytes`` in bytes of UTF-8) and its author."""

    title: int = Field(ge=1)
    author: int = Field(ge=1)
    digest: int = Field(ge=1)
    content: int = Field(ge=1)
    content_bytes: int = Field(ge=1)
    author_name: str = ""


class OutletFacts(Fact):
    """Everything of ``outlets.yaml``."""

    site: SiteFacts
    licence: LicenceFacts
    open_data: OpenDataFacts
    handover: HandoverFacts
    hall: HallFacts
    article: ArticleFacts
