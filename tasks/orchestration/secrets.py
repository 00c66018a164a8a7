"""Reading secrets where Prefect is at hand: from the environment, or from its Secret blocks."""

from __future__ import annotations

from prefect.blocks.system import Secret as SecretBlock

from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secret, from_environment


def read_secret(secret: Secret) -> str:
    """Read a secret from the environment, or from Prefect's Secret block.

    Raises:
        DisclosureError: when it is in neither.
    """
    if not secret.block:
        return from_environment(secret)
    try:
        return str(SecretBlock.load(secret.block).get())  # type: ignore[union-attr]  # not in an event loop
    except ValueError as error:
        raise DisclosureError(
            f"Prefect 里没有 Secret 块“{secret.block}”，请在界面的 Blocks 里建立，或改用环境变量。"
        ) from error
