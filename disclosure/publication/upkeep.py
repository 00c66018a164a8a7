"""The site as our records have it, put up anew where no release is published: a page was altered, a key replaced."""

from __future__ import annotations

from disclosure.catalog import Catalog
from disclosure.openness.pages.pages import FOLDER
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secrets
from disclosure.publication.channels import Staged, open_channel
from disclosure.publication.contents.contents import sign_releases, site_tree
from disclosure.publication.contents.tree import Tree
from disclosure.publication.deliveries import DeliverySubject
from disclosure.publication.switch import ChannelSwitch, FailurePolicy
from disclosure.records.installation import Installation


def recorded_site(installation: Installation) -> Tree:
    """Return what the site should be by our records; empty before anything was published.

    Raises:
        DisclosureError: when the files of a release are not those of its manifest.
    """
    with installation.records.write() as session:
        sign_releases(session, installation)
    with installation.records.read() as session:
        site = site_tree(session, installation)
    return site if any(path.startswith(("releases/", FOLDER)) for path in site) else Tree()


def on_site_channels(catalog: Catalog, site: Tree) -> dict[str, Tree]:
    """Return ``site`` for every channel that has the whole site, by its id."""
    return {fact.id: site for fact in catalog.publishes_to if fact.content == "site"}


def show_site(installation: Installation, site: Tree, read_secret: Secrets) -> bool:
    """Show ``site`` wherever it does not stand yet; tell whether anything had to be written.

    Raises:
        DisclosureError: naming the channels that failed; the others are done, and the next call goes on.
    """
    subject = DeliverySubject("site", installation.catalog.profile.id)
    trees, policy = on_site_channels(installation.catalog, site), FailurePolicy.EACH
    with ChannelSwitch(installation, subject, trees, policy=policy, read_secret=read_secret) as switch:
        switch.run()
        if switch.failures:
            raise DisclosureError(f"网站没有在全部渠道更新：{switch.reasons}请处理后重试，会从未完成的渠道继续。")
        switch.tidy()
        return bool(switch.changed)


def show_recorded(installation: Installation, read_secret: Secrets) -> bool:
    """Show what our records have, and nothing where they have nothing: a release that came to nothing is taken off.

    Another publication may have put up a site that listed it meanwhile. Tell whether anything had to be written.

    Raises:
        DisclosureError: when a channel fails.
    """
    if site := recorded_site(installation):
        return show_site(installation, site, read_secret)
    is_changed = False
    for fact in installation.catalog.publishes_to:
        if fact.content == "site":
            with open_channel(fact, installation.settings.home, read_secret) as channel:
                if live := channel.live():
                    channel.undo(Staged(live.token, ""), "")
                    is_changed = True
    return is_changed
