"""Paths inside a release that rooms on both sides of its rendering name."""

from __future__ import annotations

#: Where the packages for the other channels lie beside the public site's files.
PACKAGES = "packages/"
#: The page that leads to every package, for reviewers.
PACKAGES_OVERVIEW = f"{PACKAGES}index.html"
