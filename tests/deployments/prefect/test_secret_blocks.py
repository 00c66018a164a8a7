"""Protects reading a channel's secret at the door: where it is kept, and in words when it cannot be had."""

from __future__ import annotations

from typing import cast

import httpx
import pytest

from deployments.door.prefect import secret_blocks
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secret
from disclosure.records.installation import Installation

pytestmark = pytest.mark.unit

NOWHERE = cast("Installation", None)


def ask(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | None) -> str:
    """Read the block ``wechat`` of a server that answers so, or not at all."""
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if answer is None:
            raise httpx.ConnectError("")
        return answer

    def client(_: Installation) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(serve), base_url="http://prefect.test/api")

    monkeypatch.setattr(secret_blocks, "prefect_client", client)
    try:
        return secret_blocks.secrets_at_hand(NOWHERE)(Secret(block="wechat"))
    finally:
        (one,) = asked
        assert one.url.path == "/api/block_types/slug/secret/block_documents/name/wechat"
        assert dict(one.url.params) == {"include_secrets": "true"}


def test_a_secret_is_read_where_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANNEL_PASSWORD", "在环境里")
    assert secret_blocks.secrets_at_hand(NOWHERE)(Secret(env="CHANNEL_PASSWORD")) == "在环境里"
    assert ask(monkeypatch, httpx.Response(200, json={"data": {"value": "在块里"}})) == "在块里"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(404, json={}), "没有 Secret 块“wechat”"),
        (httpx.Response(500), "没有应答"),
        (httpx.Response(200, text="no JSON"), "没有应答"),
        (httpx.Response(200, json={"data": None}), "没有应答"),
        (None, "没有应答"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | None, told: str
) -> None:
    with pytest.raises(DisclosureError, match=told):
        ask(monkeypatch, answer)
