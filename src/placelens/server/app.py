"""The application: settings in, an ASGI app out."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from placelens.server import errors
from placelens.server.access import Authentication, Keys, OriginCheck
from placelens.server.admission import Admission
from placelens.server.archive import turns_of_zips
from placelens.server.catalogue import Catalogue
from placelens.server.compression import Compression
from placelens.server.decoding import Decoders
from placelens.server.description import ERRORS, DescribedApp, operation_id
from placelens.server.jobs import Jobs
from placelens.server.metrics import Metrics
from placelens.server.middleware import (
    BodyLimit,
    HeadRequests,
    HostCheck,
    SecurityHeaders,
    UnexpectedErrors,
)
from placelens.server.observing import REQUEST_ID, Observing
from placelens.server.routes import (
    changes,
    clusters,
    collections,
    config,
    encoders,
    explain,
    export,
    health,
    heat,
    items,
    jobs,
    originals,
    pages,
    pictures,
    places,
    points,
    proposals,
    search,
    searches,
    session,
    sketch,
    terms,
    timeline,
    words,
)
from placelens.server.settings import Settings

__all__ = ["create_app"]

_DESCRIPTION = """
Finds photos and texts by what they show and where they are. Fields have the same names as in
`placelens.Collection.search`. Errors are `application/problem+json` (RFC 9457).
"""

# Below /v1, in the order that the OpenAPI lists them.
_RESOURCES = (
    config,
    session,
    encoders,
    terms,
    collections,
    points,
    clusters,
    timeline,
    words,
    pictures,
    search,
    searches,
    heat,
    sketch,
    export,
    originals,
    explain,
    items,
    changes,
    proposals,
    jobs,
    places,
)


def create_app(settings: Settings) -> FastAPI:
    """Make the app that serves the REST API and the page.

    Parameters
    ----------
    settings
        What to serve, and how.

    Returns
    -------
    FastAPI
        An ASGI app, for uvicorn or any other server. Collections are opened when first asked
        for, searches run in the thread pool.
    """
    from placelens import __version__

    catalogue = Catalogue(settings)
    decoders = Decoders()
    keys = Keys(settings)
    imports = Jobs(catalogue)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if settings.warm_up:
            # No daemon: a process that ends while one is in native code is aborted.
            for warm_up in (catalogue.warm_up, decoders.warm_up):
                threading.Thread(target=warm_up, name="placelens-warm-up").start()
        yield
        await run_in_threadpool(imports.stop)
        decoders.stop()

    metrics = Metrics()
    app = DescribedApp(
        title="placelens",
        version=__version__,
        description=_DESCRIPTION,
        # FastAPI's own page loads Swagger UI from a CDN; routes/pages.py serves ours.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses=ERRORS,
        generate_unique_id_function=operation_id,
        middleware=_middleware(settings, keys, metrics),
    )
    app.state.settings = settings
    app.state.catalogue = catalogue
    app.state.decoders = decoders
    app.state.turns_of_zips = turns_of_zips()
    app.state.keys = keys
    app.state.jobs = imports
    app.state.streams = set()
    app.state.metrics = metrics
    errors.install(app, settings)
    for resource in _RESOURCES:
        app.include_router(resource.router, prefix="/v1")
    app.include_router(health.router)
    if settings.metrics:
        app.include_router(health.metrics_router)
    pages.install(app)
    return app


def _middleware(settings: Settings, keys: Keys, metrics: Metrics) -> list[Middleware]:
    """What each request goes through, from outside in."""
    return [
        Middleware(Observing, metrics=metrics),
        Middleware(SecurityHeaders, settings=settings),
        Middleware(HostCheck, settings=settings),
        # Before tokens are asked for: a browser sends none to ask what another site may.
        *_cors(settings),
        Middleware(UnexpectedErrors),
        Middleware(OriginCheck, settings=settings),
        Middleware(Authentication, settings=settings, keys=keys),
        Middleware(Admission, settings=settings),
        Middleware(BodyLimit, settings=settings),
        Middleware(HeadRequests),
        Middleware(Compression),
    ]


def _cors(settings: Settings) -> list[Middleware]:
    """What lets pages of the listed origins read answers; without any, no such header is sent."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "HEAD", "POST", "PATCH", "DELETE"),
            allow_headers=("Authorization", "Content-Type", REQUEST_ID),
            expose_headers=("ETag", "Location", "Retry-After", "WWW-Authenticate", REQUEST_ID),
            # Their pages send tokens; a cookie of this server's page is not theirs to use.
            allow_credentials=False,
        )
    ]
