"""Errors as RFC 9457 problem details: one table from error to status, one shape of answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from placelens import errors
from placelens.display import LONGEST_MESSAGE, LONGEST_VALUE, cut, shown, visible
from placelens.server.settings import Settings

__all__ = ["STATUS_OF_ERROR", "ProblemError", "install", "problem", "status_of"]

logger = logging.getLogger("placelens.server")

MEDIA_TYPE = "application/problem+json"

# The nearest class above an error in the tree decides; placelens.errors draws the tree.
STATUS_OF_ERROR: Mapping[type[errors.PlacelensError], HTTPStatus] = MappingProxyType(
    {
        errors.InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.CollectionNotFoundError: HTTPStatus.NOT_FOUND,
        errors.ItemNotFoundError: HTTPStatus.NOT_FOUND,
        errors.CollectionExistsError: HTTPStatus.CONFLICT,
        errors.CollectionLockedError: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.CollectionDamagedError: HTTPStatus.SERVICE_UNAVAILABLE,  # until it is repaired
        errors.EncoderMismatchError: HTTPStatus.CONFLICT,
        errors.FormatVersionError: HTTPStatus.CONFLICT,  # until it is migrated
        errors.ProposalStateError: HTTPStatus.CONFLICT,
        errors.EncoderError: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.ReadError: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.SearchStoppedError: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.MissingExtraError: HTTPStatus.NOT_IMPLEMENTED,
        errors.PlacelensError: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)

_MOST_ERRORS = 10
"""Fields that an answer names; a request may have tens of thousands that are wrong."""

# Whatever looks like an absolute path: /home/ann/..., C:\\Users\\..., \\\\server\\...
_PATH = re.compile(r"""(?<![\w/.:~])(?:~|[A-Za-z]:)?[/\\][^\s'",;]*[/\\]""")


class ProblemError(HTTPException):
    """What a route raises to answer with a problem of a kind."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        kind: str,
        title: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.kind, self.title = kind, title


def status_of(error: errors.PlacelensError) -> HTTPStatus:
    """Status of an error: that of the nearest class in the table.

    Examples
    --------
    >>> status_of(errors.FilterError("box ..."))
    <HTTPStatus.UNPROCESSABLE_ENTITY: 422>
    """
    for ancestor in type(error).__mro__:
        if ancestor in STATUS_OF_ERROR:
            return STATUS_OF_ERROR[ancestor]
    raise TypeError(f"{type(error).__name__} is no PlacelensError")


def problem(
    status: int,
    detail: str,
    *,
    kind: str | None = None,
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> JSONResponse:
    """One problem details answer; without a ``kind`` its type is ``about:blank``."""
    body = {
        "type": f"urn:placelens:problem:{kind}" if kind else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": int(status),
        "detail": cut(detail, LONGEST_MESSAGE),
        **members,
    }
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI, settings: Settings) -> None:
    """Have the app answer every error with a problem."""
    app.state.hide = None if settings.paths_shown else partial(without_folders, settings)
    app.add_exception_handler(errors.PlacelensError, _on_placelens_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)


def without_folders(settings: Settings, text: str) -> str:
    """A message without the folders that it names: what is on this disk is nobody else's matter.

    Examples
    --------
    >>> hidden = Settings(collections={"p": "/home/ann/my photos.pl"}, show_paths=False)
    >>> without_folders(hidden, "/home/ann/my photos.pl has no item with id 'x'")
    "p has no item with id 'x'"
    >>> without_folders(hidden, "'/mnt/disk/a.jpg' cannot be read; see /docs")
    "'a.jpg' cannot be read; see /docs"
    """
    for name, source in settings.collections.items():
        folder = getattr(source, "path", source)
        for written in {str(folder), str(Path(str(folder)).expanduser().resolve())}:
            text = text.replace(written, name)
    return _PATH.sub("", text)


def _path(request: Request) -> str:
    """The path of a URL, cut, with nothing in it that a terminal would obey.

    Not by ``request.url``, which cannot be made of a query whose bytes are no UTF-8.
    """
    return visible(cut(request.scope["path"], LONGEST_VALUE))


def _on_placelens_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, errors.PlacelensError):
        raise error
    status = status_of(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error(
            "%s %s failed request=%s",
            request.method,
            shown(request.scope["path"]),
            request.state.request_id,
            exc_info=error,
        )
    name = type(error).__name__.removesuffix("Error")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    headers = {"Retry-After": "1"} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    hide: Callable[[str], str] | None = request.app.state.hide
    return problem(
        status,
        str(error) if hide is None else hide(str(error)),
        kind=words.replace(" ", "-"),
        title=words.capitalize() + " error",
        headers=headers,
    )


def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        reason = found[0].get("ctx", {}).get("error", "it cannot be parsed")
        position = found[0]["loc"][-1]
        return problem(
            HTTPStatus.BAD_REQUEST,
            f"the request body is not JSON: {reason} at character {position}",
            kind="json",
            title="Not JSON",
        )
    first = found[:_MOST_ERRORS]
    entries = [_entry(one, LONGEST_MESSAGE // len(first)) for one in first]
    detail = "; ".join(f"{entry['field']}: {entry['message']}" for entry in entries)
    if len(found) > len(entries):
        detail = f"{detail}; and {len(found) - len(entries):,} more"
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        detail,
        kind="validation",
        title="The request is not valid",
        errors=entries,
    )


def _entry(found: Mapping[str, Any], longest: int) -> dict[str, Any]:
    """One validation error: the field as one would write it, the value, and what is wrong."""
    field = cut(_field(found["loc"]), LONGEST_VALUE)
    message = cut(str(found["msg"]), longest).removeprefix("Value error, ").removeprefix("Input ")
    value = found.get("input")
    if found["type"] == "missing":
        return {"field": field, "value": None, "message": "is required"}
    if found["type"] == "model_attributes_type" and len(found["loc"]) == 1:
        # Most often curl -d without the header, which sends a form.
        return {
            "field": field,
            "value": shown(value),
            "message": "should be a JSON object, sent with Content-Type: application/json",
        }
    # A wrong container would be echoed whole; its parts are named by their own errors.
    lead = "" if isinstance(value, Mapping | list) else f"{shown(value)} "
    return {"field": field, "value": shown(value), "message": f"{lead}{message}"}


def _field(location: Sequence[str | int]) -> str:
    """``("body", "images", 0, "object", "data")`` as ``images[0].data``."""
    path = ""
    for part in location[1:]:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not part.startswith("as "):  # the branch of a union: see schemas.by_json_type
            path += f".{part}" if path else part
    return path or str(location[0])


def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"there is nothing at {_path(request)}; /docs lists what there is"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{_path(request)} does not take {request.method}; see /docs"
    kind, title = (error.kind, error.title) if isinstance(error, ProblemError) else (None, None)
    return problem(error.status_code, detail, kind=kind, title=title, headers=error.headers)
