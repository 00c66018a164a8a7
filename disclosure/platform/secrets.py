"""Secrets: where the YAML says they are kept, how they are read, and that none is written out in it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import model_validator

from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import Fact

#: Names under which libraries take what nobody else may know.
_SECRET_NAME = re.compile(
    r"passw|pwd|secret|token|passphrase|pkey|credential|^key$|account_key|口令|密码", re.IGNORECASE
)


class Secret(Fact):
    """Where a secret is kept: an environment variable or a Prefect Secret block; never the secret itself."""

    env: str = ""
    block: str = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Secret:
        if bool(self.env) == bool(self.block):
            raise ValueError("env（环境变量名）和 block（Prefect 的 Secret 块名）应写且只写一个")
        # Settings have the first prefix, and child processes are given neither.
        if self.env and not re.fullmatch(r"(?!DISCLOSURE_|PREFECT_)[A-Za-z_][A-Za-z0-9_]*", self.env):
            raise ValueError("环境变量名只用字母、数字和下划线，且不以 DISCLOSURE_、PREFECT_ 开头")
        if self.block and not re.fullmatch(r"[a-z0-9-]+", self.block):
            raise ValueError("Secret 块名只用小写字母、数字和连字符")
        return self


#: Reads a secret; a ``DisclosureError`` says what is not set.
Secrets = Callable[[Secret], str]


def from_environment(secret: Secret) -> str:
    """Return the value of the environment variable.

    Raises:
        DisclosureError: when it is not set, or the secret is in a block, which only Prefect's side can read.
    """
    if secret.block:
        raise DisclosureError(f"口令在 Prefect 的 Secret 块“{secret.block}”里，此处读不到，请改用环境变量。")
    value = os.environ.get(secret.env, "")
    if not value:
        raise DisclosureError(f"环境变量 {secret.env} 没有设置，请把口令放进去后重新启动。")
    return value


def written_secret(fields: Mapping[str, Any]) -> str:
    """Where a secret stands written out; empty when nowhere."""
    for name, value in fields.items():
        if name == "secrets":
            given = value.items() if isinstance(value, dict) else [("", value)]
            for key, reference in given:
                if not isinstance(reference, dict):
                    return f"secrets.{key}".rstrip(".")
        elif _SECRET_NAME.search(str(name)):
            return str(name)
        elif name == "url" and _has_password(str(value)):
            return "url"
        elif isinstance(value, dict) and (inner := written_secret(value)):
            return f"{name}.{inner}"
    return ""


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return parts.password is not None or any(_SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query))
