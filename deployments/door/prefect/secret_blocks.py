"""Reading a channel's secret for an act at the door: from the environment, or from Prefect's Secret blocks.

The door loads nothing of Prefect, so a block is asked for by the address that Prefect's own client asks; what comes is
used for the act, and kept nowhere.
"""

from __future__ import annotations

from urllib.parse import quote

import httpx

from deployments.door.prefect.starting import prefect_client
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secret, Secrets, from_environment
from disclosure.records.installation import Installation

_BLOCK = "/block_types/slug/secret/block_documents/name/{name}"


def secrets_at_hand(installation: Installation) -> Secrets:
    """Return what reads a secret wherever it is kept."""

    def read(secret: Secret) -> str:
        return _read_block(installation, secret.block) if secret.block else from_environment(secret)

    return read


def _read_block(installation: Installation, name: str) -> str:
    """Read a Secret block.

    Raises:
        DisclosureError: when there is none of this name, or Prefect does not answer.
    """
    try:
        with prefect_client(installation) as prefect:
            found = prefect.get(_BLOCK.format(name=quote(name)), params={"include_secrets": "true"})
            if found.status_code == httpx.codes.NOT_FOUND:
                raise DisclosureError(
                    f"Prefect 里没有 Secret 块“{name}”，请由运维人在流程页面的“配置块”里建立，或改用环境变量。"
                )
            return str(found.raise_for_status().json()["data"]["value"])
    except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
        raise DisclosureError(f"流程服务没有应答，读不到 Secret 块“{name}”里的口令，请稍后再试。") from error
