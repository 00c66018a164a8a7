"""Reading a secret from where the YAML says it is kept."""

from __future__ import annotations

import os
from collections.abc import Callable

from disclosure.catalog import Secret
from disclosure.errors import DisclosureError

#: Reads a secret; a ``DisclosureError`` says what is not set.
Secrets = Callable[[Secret], str]


def from_environment(secret: Secret) -> str:
    """The value of the environment variable.

    Raises:
        DisclosureError: when it is not set, or the secret is in a block, which only Prefect's side can read.
    """
    if secret.block:
        raise DisclosureError(f"口令在 Prefect 的 Secret 块“{secret.block}”里，此处读不到，请改用环境变量。")
    value = os.environ.get(secret.env, "")
    if not value:
        raise DisclosureError(f"环境变量 {secret.env} 没有设置，请把口令放进去后重新启动。")
    return value
