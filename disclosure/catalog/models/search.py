"""What people call things when they search: words of every day and what each of them means."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from disclosure.platform.fact import Fact, Name

#: The site's own pages that a word may be about.
SitePage = Literal["schedule", "glossary", "explorer"]


class EverydayWord(Fact):
    """A word people type, and what it means: insurances, indicators (``*`` allowed), openness items, releases.

    ``guides`` is for a word of any errand, such as what to bring: all items that have a guide. ``pages`` are those of
    the site's own that are about it.
    """

    word: Name
    insurances: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    releases: bool = False
    guides: bool = False
    pages: tuple[SitePage, ...] = ()

    @model_validator(mode="after")
    def _means_something(self) -> EverydayWord:
        if not (self.insurances or self.indicators or self.items or self.releases or self.guides or self.pages):
            raise ValueError("没有写它指什么，应写 insurances、indicators、items、releases、guides、pages 之一")
        return self
