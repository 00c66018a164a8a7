"""Publication: manifests, the site, and the channels that make a release visible in one switch."""

from disclosure.publication.manifest import Manifest, make_manifest
from disclosure.publication.site import SiteRelease, build_site
from disclosure.publication.site_cache import SiteCache
from disclosure.publication.tree import Tree

__all__ = ["Manifest", "SiteCache", "SiteRelease", "Tree", "build_site", "make_manifest"]
