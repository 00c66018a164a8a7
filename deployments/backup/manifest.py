"""The list of what an archive holds, its last member: an archive without it, or that differs from it, is none."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, ValidationError

from disclosure.platform.errors import DisclosureError

#: Names of members.
MANIFEST, HOME, RECORDS, PREFECT = "manifest.json", "home", "records", "prefect"


class ArchivedFile(BaseModel):
    """One file as it was archived."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int
    sha256: str


class BackupManifest(BaseModel):
    """What an archive holds; ``files`` and ``links`` (with their targets) by the names of their members."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_at: dt.datetime
    version: str
    profile: str
    #: How long the ledger was at least.
    ledger_length: int
    #: Members that are copies of databases, by what they are of.
    databases: dict[str, str]
    files: dict[str, ArchivedFile]
    links: dict[str, str]


def parse_manifest(content: bytes) -> BackupManifest:
    """Return the manifest that a member holds.

    Raises:
        DisclosureError: when it is not of this version of the product.
    """
    try:
        return BackupManifest.model_validate_json(content)
    except ValidationError as error:
        raise DisclosureError("备份的清单看不懂：可能是更新的版本做的，请用做它的版本恢复。没有恢复。") from error
