"""``python -m deployments.door``: open the door until interrupted."""

from __future__ import annotations

import logging

import uvicorn

from deployments.door.app import make_door
from deployments.logs import keep_event_log
from disclosure.platform.private_files import close_to_others
from disclosure.platform.settings import Settings


def main() -> None:
    """Serve until interrupted."""
    close_to_others()
    settings = Settings()
    logging.basicConfig(format="%(asctime)s | %(levelname)s | %(name)s - %(message)s")
    keep_event_log(settings.logs, "door")
    uvicorn.run(
        make_door(settings),
        host=settings.server_host,
        port=settings.server_port,
        log_level="warning",
        # Who we are told a request comes from counts only where the operator named the proxy that says so.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
    )


if __name__ == "__main__":
    main()
