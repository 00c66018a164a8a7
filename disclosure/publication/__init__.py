"""Publication: manifests, the site, and the channels that make a release visible in one switch."""

from disclosure.publication.manifest import Manifest, make_manifest
from disclosure.publication.site import SiteRelease, build_site

__all__ = ["Manifest", "SiteRelease", "build_site", "make_manifest"]
