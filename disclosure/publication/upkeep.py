"""The site as our records have it, put up anew where no release is published: the openness catalogue changed, say."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets
from disclosure.publication.act import stage_whole
from disclosure.publication.channels import Channel, Staged, open_channel
from disclosure.publication.contents import sign_releases, site_tree
from disclosure.publication.tree import Tree
from disclosure.workplace import Workplace


def recorded_site(place: Workplace) -> Tree:
    """What the site should be by our records; empty before anything was published.

    Raises:
        DisclosureError: when the files of a release are not those of its manifest.
    """
    with place.records.write() as session:
        sign_releases(session, place)
    with place.records.read() as session:
        site = site_tree(session, place)
    return site if any("/" in path for path in site) else Tree.of({})


def show_recorded(place: Workplace, read_secret: Secrets) -> None:
    """Show what our records have, and nothing where they have nothing: a release that came to nothing is taken off.

    Another publication may have put up a site that listed it meanwhile.

    Raises:
        DisclosureError: when a channel fails.
    """
    site = recorded_site(place)
    if site:
        put_site(place, site, lambda: None, read_secret)
        return
    for fact in place.catalog.publishes_to:
        if fact.content == "site":
            with open_channel(fact, place.settings.home, read_secret) as channel:
                if live := channel.live():
                    channel.undo(Staged(live.token, ""), "")


def put_site(place: Workplace, site: Tree, check_again: Callable[[], None], read_secret: Secrets) -> bool:
    """Show ``site`` on every channel that has the whole site, all or none; whether anything had to be written.

    Staged out of sight and read back first; then ``check_again`` that it may be shown. Whoever was killed half way
    is followed by the next call, which finds what is not live yet.

    Raises:
        DisclosureError: when a channel fails; those that had switched show again what they showed before.
    """
    with ExitStack() as closing:
        channels = [
            closing.enter_context(open_channel(fact, place.settings.home, read_secret))
            for fact in place.catalog.publishes_to
            if fact.content == "site"
        ]
        stale = [channel for channel in channels if channel.read_live(site)]
        staged = [(channel, stage_whole(channel, site)) for channel in stale]
        if staged:
            check_again()
            _switch(staged, site)
        return bool(staged)


def hold_to(channel: Channel, site: Tree) -> None:
    """See that the public reads ``site`` now.

    Raises:
        DisclosureError: naming what differs.
    """
    if wrong := channel.read_live(site):
        raise DisclosureError(f"{channel.where}：发布后核对不一致：{''.join(wrong[:5])}请重试。")


def _switch(staged: list[tuple[Channel, Staged]], site: Tree) -> None:
    switched: list[tuple[Channel, Staged, str]] = []
    try:
        for channel, ready in staged:
            live = channel.live()
            switched.append((channel, ready, live.token if live else ""))
            channel.switch(ready)
            hold_to(channel, site)
    except DisclosureError:
        for channel, ready, before in reversed(switched):
            channel.undo(ready, before)
        raise
    for channel, _, before in switched:
        channel.tidy({before} - {""})
