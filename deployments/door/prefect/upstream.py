"""Asking Prefect's server in the visitor's stead: with our credential, and nothing of theirs but the question."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from disclosure.platform.settings import Settings

_TIMEOUT = httpx.Timeout(30, connect=3, pool=10)
#: Seconds before a call that found Prefect's database busy is made again.
_PAUSES = (0.2, 0.5, 1.0)
_LIMITS = httpx.Limits(max_connections=40, max_keepalive_connections=10)
#: All that Prefect is told of the visitor's browser; cookies, credentials, forwarding and override headers stay here.
_ASKED_WITH = frozenset({"accept", "if-none-match", "if-modified-since", "range"})
#: All that the browser is told of Prefect's answer: no cookie, no address, no challenge, no permission for other sites.
_ANSWERED_WITH = frozenset(
    {
        "content-type",
        "content-length",
        "content-encoding",
        "content-disposition",
        "content-range",
        "etag",
        "last-modified",
        "vary",
    }
)


class PrefectAwayError(Exception):
    """Prefect's server does not answer, or does not know us."""


@dataclass(frozen=True)
class Upstream:
    """Prefect's server as the door reaches it; ``find_credential`` gives what it was started with."""

    settings: Settings
    client: httpx.AsyncClient
    find_credential: Callable[[], SecretStr | None]

    def credential(self) -> str:
        """Return ``user:password``; empty while no server of ours runs."""
        known = self.find_credential()
        return known.get_secret_value() if known else ""

    @asynccontextmanager
    async def ask(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None, *, packed: bool = False
    ) -> AsyncIterator[httpx.Response]:
        """Open Prefect's answer, whose body may be streamed; ``packed``: it may come compressed.

        Raises:
            PrefectAwayError: when there is none.
        """
        told = {name: value for name, value in headers.items() if name.lower() in _ASKED_WITH}
        told["Accept-Encoding"] = "gzip" if packed else "identity"
        told["Authorization"] = f"Basic {base64.b64encode(self.credential().encode()).decode()}"
        if body is not None:
            told["Content-Type"] = "application/json"
        request = self.client.build_request(method, f"{self.settings.prefect_url}{address}", headers=told, content=body)
        try:
            answer = await self._send(request)
        except httpx.HTTPError as error:
            raise PrefectAwayError(f"{error}") from error
        try:
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                raise PrefectAwayError("Prefect 的口令已换过")
            yield answer
        except httpx.HTTPError as error:
            raise PrefectAwayError(f"{error}") from error
        finally:
            await answer.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send until Prefect's database is free: with 503 it says that nothing was done; its own client tries again."""
        for pause in _PAUSES:
            answer = await self.client.send(request, stream=True)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            await answer.aclose()
            await asyncio.sleep(pause)
        return await self.client.send(request, stream=True)


def make_client() -> httpx.AsyncClient:
    """Make the client that asks: no proxy, no redirect followed, no cookie kept."""
    return httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, trust_env=False, follow_redirects=False)


def answer_headers(answer: httpx.Response) -> dict[str, str]:
    """Return what the browser is told of Prefect's headers."""
    return {name: value for name, value in answer.headers.items() if name.lower() in _ANSWERED_WITH}
