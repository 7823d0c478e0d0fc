"""``POST`` and ``DELETE /v1/session``: a cookie for what cannot send a token: images and events."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from placelens.server.access import SESSION_S, Access, Keys, cookie_name
from placelens.server.errors import ProblemError

router = APIRouter(prefix="/session", tags=["server"])


@router.post("", status_code=HTTPStatus.NO_CONTENT)
def begin_session(request: Request, response: Response) -> None:
    """Have the browser keep a cookie that reads what the request's token reads; for 12 hours."""
    access: Access = request.state.access
    keys: Keys = request.app.state.keys
    if access.token is None or access.by_cookie:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "a session begins with a token: send Authorization: Bearer TOKEN",
            kind="token",
            title="A token is needed",
            headers={"WWW-Authenticate": 'Bearer realm="placelens"'},
        )
    response.set_cookie(
        cookie_name(request.headers.get("host", "")),
        keys.session_of(access.token),
        max_age=SESSION_S,
        path="/v1",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


@router.delete("", status_code=HTTPStatus.NO_CONTENT)
def end_session(request: Request, response: Response) -> None:
    """Have the browser forget the cookie."""
    response.delete_cookie(
        cookie_name(request.headers.get("host", "")), path="/v1", httponly=True, samesite="strict"
    )
