"""Publication: manifests, the site, and the channels that make a release visible in one switch."""

from disclosure.publication.contents.site import SiteRelease, build_site
from disclosure.publication.contents.site_cache import SiteCache
from disclosure.publication.contents.tree import Tree
from disclosure.publication.proof.manifest import Manifest, make_manifest

__all__ = ["Manifest", "SiteCache", "SiteRelease", "Tree", "build_site", "make_manifest"]
