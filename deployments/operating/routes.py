"""What those who operate this ask by machine: ``/health`` and ``/ready`` for anybody, ``/metrics`` for whoever may.

``/health`` answers 200 while the door itself answers: a supervisor that starts again what gives no answer asks it.
``/ready`` answers 503 while a part is away: what stands in front, and monitoring, ask it. Both say which parts work.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import source_of
from deployments.operating.health import Health, HealthKeeper
from disclosure.monitoring.measures import list_measures
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation

_BEARER = "bearer "


def make_operating_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of health and metrics."""
    keeper = HealthKeeper(installation)

    def health(_request: Request) -> Response:
        return _told(keeper.health(), HTTPStatus.OK)

    def ready(_request: Request) -> Response:
        found = keeper.health()
        return _told(found, HTTPStatus.OK if found.is_ready else HTTPStatus.SERVICE_UNAVAILABLE)

    def metrics(request: Request) -> Response:
        if not may_read_metrics(installation.settings, request):
            return PlainTextResponse(
                "取运行指标要用 DISCLOSURE_METRICS_TOKEN 的口令（Authorization: Bearer）。\n",
                HTTPStatus.UNAUTHORIZED,
                {"WWW-Authenticate": "Bearer"},
            )
        return _measured(installation, keeper.health())

    return [
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


def may_read_metrics(settings: Settings, request: Request) -> bool:
    """Whether a request shows the token; without one only this machine may read, and only where nobody else comes in.

    Behind a proxy on this machine everybody's requests come from here, so a public address calls for a token.
    """
    if settings.metrics_token is not None:
        told = request.headers.get("authorization", "")
        wanted = settings.metrics_token.get_secret_value()
        given = told[len(_BEARER) :].strip() if told.lower().startswith(_BEARER) else ""
        return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())
    if settings.public_url or settings.trusted_proxies or not settings.is_local:
        return False
    try:
        return ip_address(source_of(request)).is_loopback
    except ValueError:
        return False


def _told(health: Health, status: HTTPStatus) -> Response:
    parts = {part.value: "ok" if works else "away" for part, works in health.parts.items()}
    return JSONResponse({"status": "ok" if health.is_ready else "degraded", "parts": parts}, status)


def _measured(installation: Installation, health: Health) -> Response:
    """Write everything measured in Prometheus' text format; what our records would say is left out while they are away.

    A scraper then still hears which part is away.
    """
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest  # noqa: PLC0415 - 0.1 s, and few bureaus are asked

    registry = CollectorRegistry()
    parts = Gauge("disclosure_part_up", "Whether a part works.", ["part"], registry=registry)
    for part, works in health.parts.items():
        parts.labels(part.value).set(works)
    try:
        measures = list_measures(installation, utc_now())
    except (DisclosureError, OSError):
        measures = []
    for measure in measures:
        gauge = Gauge(measure.name, measure.meaning, measure.labels, registry=registry)
        for values, number in measure.samples:
            (gauge.labels(*values) if values else gauge).set(number)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
