"""What people call things when they search: words of every day and what each of them means."""

from __future__ import annotations

from pydantic import model_validator

from disclosure.platform.fact import Fact, Name


class EverydayWord(Fact):
    """A word people type, and what it means: insurances, indicators (``*`` allowed), openness items, releases."""

    word: Name
    insurances: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    releases: bool = False

    @model_validator(mode="after")
    def _means_something(self) -> EverydayWord:
        if not (self.insurances or self.indicators or self.items or self.releases):
            raise ValueError("没有写它指什么，应写 insurances、indicators、items、releases 之一")
        return self
