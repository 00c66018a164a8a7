"""Where every cycle stands, whom it waits for and what is due next: gathered from our records, shown twice."""

from disclosure.overview.facts import (
    Audited,
    Awaited,
    ChannelState,
    Concern,
    Handed,
    Overview,
    ReadBackSummary,
    Released,
    Station,
    Track,
    Upcoming,
)
from disclosure.overview.gathering import look

__all__ = [
    "Audited",
    "Awaited",
    "ChannelState",
    "Concern",
    "Handed",
    "Overview",
    "ReadBackSummary",
    "Released",
    "Station",
    "Track",
    "Upcoming",
    "look",
]
