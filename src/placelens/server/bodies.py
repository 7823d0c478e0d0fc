"""JSON bodies that are parsed only where that takes no time that others would wait for."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from placelens.limits import MAX_JSON_VALUES

__all__ = ["BoundedRoute"]


class _BoundedRequest(Request):
    """A request whose body holds no more values than a search can use.

    All that the parser makes of a body is made while nothing else runs in this process, in a thread
    or not: Python's parser keeps its lock. It is quick at long texts, which images are, and slow at
    many values, and there are no more of these than commas and one.
    """

    async def json(self) -> Any:
        """The body, parsed.

        Raises
        ------
        HTTPException
            413 if it holds more than `MAX_JSON_VALUES` values.
        """
        body = await self.body()
        n_values = body.count(b",") + 1
        if n_values > MAX_JSON_VALUES:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the request body holds {n_values:,} values, and {MAX_JSON_VALUES:,} is the most",
            )
        return json.loads(body)


class BoundedRoute(APIRoute):
    """A route that takes such requests only."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What FastAPI calls with each request."""
        handle = super().get_route_handler()

        async def handle_bounded(request: Request) -> Response:
            return await handle(_BoundedRequest(request.scope, request.receive))

        return handle_bounded
