"""What an error of HTTP tells about the other side: whether it may have done what it was asked."""

from __future__ import annotations

import httpx

#: No byte of the request has left this machine.
NOTHING_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
