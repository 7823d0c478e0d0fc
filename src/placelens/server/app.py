"""The application: settings in, an ASGI app out."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from placelens.server import errors
from placelens.server.admission import Admission
from placelens.server.answers import Problem
from placelens.server.archive import turns_of_zips
from placelens.server.catalogue import Catalogue
from placelens.server.compression import Compression
from placelens.server.decoding import Decoders
from placelens.server.middleware import BodyLimit, HostCheck, SecurityHeaders, UnexpectedErrors
from placelens.server.routes import (
    clusters,
    collections,
    config,
    encoders,
    explain,
    export,
    items,
    originals,
    pages,
    pictures,
    places,
    points,
    search,
    terms,
    timeline,
)
from placelens.server.settings import Settings

__all__ = ["create_app"]

_DESCRIPTION = """
Finds photos and texts by what they show and where they are. Fields have the same names as in
`placelens.Collection.search`. Errors are `application/problem+json` (RFC 9457).
"""


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

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if settings.warm_up:
            # No daemon: a process that ends while one is in native code is aborted.
            for warm_up in (catalogue.warm_up, decoders.warm_up):
                threading.Thread(target=warm_up, name="placelens-warm-up").start()
        yield
        decoders.stop()

    app = FastAPI(
        title="placelens",
        version=__version__,
        description=_DESCRIPTION,
        # FastAPI's own page loads Swagger UI from a CDN; routes/pages.py serves ours.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={"default": {"model": Problem, "description": "What went wrong, and why."}},
        middleware=[
            Middleware(SecurityHeaders, settings=settings),
            Middleware(HostCheck, settings=settings),
            Middleware(UnexpectedErrors),
            Middleware(Admission, settings=settings),
            Middleware(BodyLimit, settings=settings),
            Middleware(Compression),
        ],
    )
    app.state.settings = settings
    app.state.catalogue = catalogue
    app.state.decoders = decoders
    app.state.turns_of_zips = turns_of_zips()
    errors.install(app, settings)
    resources = (
        config,
        encoders,
        terms,
        collections,
        points,
        clusters,
        timeline,
        pictures,
        search,
        export,
        originals,
        explain,
        items,
        places,
    )
    for resource in resources:
        app.include_router(resource.router, prefix="/v1")
    pages.install(app)
    return app
