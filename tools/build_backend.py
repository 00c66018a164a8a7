"""The build backend of pyproject.toml: setuptools for an editable installation, and nothing that is shipped.

A wheel would put ``flows``, ``tasks`` and ``deployments`` at the top of whatever environment it is installed into
(docs/decisions/028-no-wheel.md).
"""

from typing import NoReturn

from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
)

__all__ = ["build_editable", "get_requires_for_build_editable", "prepare_metadata_for_build_editable"]


def refuse(*_: object, **__: object) -> NoReturn:
    """Stand for every way of building what is installed elsewhere."""
    raise SystemExit(
        "This product ships no wheel and no source archive: check it out and run `make run`, or `pip install -e .`."
    )


get_requires_for_build_wheel = prepare_metadata_for_build_wheel = build_wheel = refuse
get_requires_for_build_sdist = build_sdist = refuse
