"""Looking at every channel: whether it can be reached, and what the public sees there. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from disclosure.catalog import Catalog
from disclosure.catalog import Channel as ChannelFact
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets
from disclosure.publication.channels import open_channel


@dataclass(frozen=True)
class Seen:
    """One channel. ``live`` says what the public sees, ``trouble`` why that could not be seen; one of them is empty."""

    fact: ChannelFact
    live: str
    trouble: str


def look_at_channels(catalog: Catalog, home: Path, read_secret: Secrets) -> Iterator[Seen]:
    """Every channel in use, as it is looked at."""
    for fact in catalog.publishes_to:
        try:
            with open_channel(fact, home, read_secret) as channel:
                live = channel.live()
        except DisclosureError as error:
            yield Seen(fact, "", str(error).removeprefix(f"渠道“{fact.name}”："))
        else:
            yield Seen(fact, live.label if live else "还没有发布任何内容", "")
