"""The API's own description: what FastAPI makes of the routes, with what it cannot know."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from placelens.server.answers import Invalid, Problem
from placelens.server.errors import MEDIA_TYPE

__all__ = ["ERRORS", "DescribedApp", "operation_id"]

ERRORS: dict[int | str, dict[str, Any]] = {
    "default": {"model": Problem, "description": "What went wrong, and why."},
    422: {"model": Invalid, "description": "A value cannot be used."},
}
"""What every route may answer instead."""

_BEARER = {"type": "http", "scheme": "bearer", "description": "`placelens tokens create`"}
# Reading takes a token where others than this machine's users reach the server, and else none.
_OPTIONAL: list[dict[str, list[str]]] = [{}, {"bearer": []}]
_REQUIRED: list[dict[str, list[str]]] = [{"bearer": []}]
_READING = ("/search", "/explain")


def operation_id(route: APIRoute) -> str:
    """The name of a route's function: what clients that are made of the description call it.

    Examples
    --------
    >>> operation_id(APIRoute("/v1/items", lambda: None, name="list_items"))
    'list_items'
    """
    return route.name


class DescribedApp(FastAPI):
    """An app whose description says that errors are problems, and which routes want a token."""

    def openapi(self) -> dict[str, Any]:
        """The description."""
        if self.openapi_schema is None:
            described = super().openapi()
            described["components"]["securitySchemes"] = {"bearer": _BEARER}
            for path, operations in described["paths"].items():
                for method, operation in operations.items():
                    reads = method == "get" or path.endswith(_READING)
                    operation["security"] = _OPTIONAL if reads else _REQUIRED
                    for status in map(str, ERRORS):
                        answer = operation["responses"][status]
                        # FastAPI has one media type for all answers of a route.
                        schema = next(iter(answer["content"].values()))["schema"]
                        answer["content"] = {MEDIA_TYPE: {"schema": schema}}
        return self.openapi_schema or {}
