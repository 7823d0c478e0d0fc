"""``GET /health``, ``/ready`` and ``/metrics``: what a machine asks that looks after the server."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from placelens.server.answers import Health
from placelens.server.connections import Occasionally
from placelens.server.dependencies import CatalogueOf, MetricsOf
from placelens.server.errors import ProblemError
from placelens.server.metrics import MEDIA_TYPE

router = APIRouter(tags=["server"])
metrics_router = APIRouter(tags=["server"])

_occasionally = Occasionally()


@router.get("/health")
async def read_health() -> Health:
    """The process lives. It waits for no thread, and is answered however busy the server is."""
    return Health(status="alive")


@router.get("/ready")
def read_readiness(catalogue: CatalogueOf) -> Health:
    """All collections are open; which are not is told in the log, and to nobody without a token."""
    reasons = catalogue.not_open()
    if reasons:
        named = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        _occasionally.warn("collections that are not ready: %s", named)
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{len(reasons)} of {len(catalogue.names)} collections are not open; the log says why",
            kind="not-ready",
            title="Not ready",
            headers={"Retry-After": "1"},
        )
    return Health(status="ready")


@metrics_router.get("/metrics", response_class=Response, include_in_schema=False)
def read_metrics(metrics: MetricsOf, catalogue: CatalogueOf) -> Response:
    """Numbers for Prometheus."""
    n_items = {name: len(collection) for name, collection in catalogue.opened.items()}
    return Response(metrics.text(n_items), media_type=MEDIA_TYPE)
