"""Looking at every channel: whether it can be reached, and what the public sees there. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from disclosure.catalog import Catalog
from disclosure.catalog import Channel as ChannelFact
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secrets
from disclosure.publication.channels import open_channel


@dataclass(frozen=True)
class ChannelStatus:
    """One channel. ``live`` says what the public sees, ``trouble`` why that could not be seen; one of them is empty."""

    fact: ChannelFact
    live: str
    trouble: str


def channel_statuses(catalog: Catalog, home: Path, read_secret: Secrets) -> Iterator[ChannelStatus]:
    """Look at every channel in use, one after the other."""
    for fact in catalog.publishes_to:
        try:
            with open_channel(fact, home, read_secret) as channel:
                live = channel.live()
        except DisclosureError as error:
            yield ChannelStatus(fact, "", str(error).removeprefix(f"渠道“{fact.name}”："))
        else:
            yield ChannelStatus(fact, live.label if live else "还没有发布任何内容", "")
