"""The page at ``/``, the OpenAPI page at ``/docs``, and their files.

Both are built by npm into ``static/``. Without them the REST API works, and these URLs say how
to build them.
"""

from __future__ import annotations

import html
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["STATIC", "install"]

STATIC = Path(__file__).resolve().parent.parent / "static"

_PLAIN_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
{body}
"""
_NOT_BUILT = (
    "<p>The page is not part of this install: it is built with Node. In the source folder run "
    "<code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code>, or install a released wheel, "
    'which has it.</p><p>The REST API works without it: see <a href="/docs">/docs</a>.</p>'
)


class _Assets(StaticFiles):
    """Built files, whose names have a hash of their content and so never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def install(app: FastAPI) -> None:
    """Serve the pages built into `STATIC`, or plain ones in their place."""
    static = STATIC

    @app.get("/", include_in_schema=False)
    def read_page() -> Response:
        return _file(static / "index.html") or _plain("placelens", _NOT_BUILT)

    @app.get("/docs", include_in_schema=False)
    def read_docs() -> Response:
        return _file(static / "docs.html") or _plain("placelens REST API", _list_routes(app))

    @app.get("/favicon.svg", include_in_schema=False)
    @app.get("/favicon.ico", include_in_schema=False)
    def read_icon() -> Response:
        return _file(static / "favicon.svg") or Response(status_code=204)

    app.mount("/assets", _Assets(directory=static / "assets", check_dir=False), name="assets")
    app.mount("/map", StaticFiles(directory=static / "map", check_dir=False), name="map")


def _file(path: Path) -> Response | None:
    """The file, to be asked for again each time: a new build changes what it links to."""
    if not path.is_file():
        return None
    return FileResponse(path, headers={"Cache-Control": "no-cache"})


def _plain(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(_PLAIN_PAGE.format(title=html.escape(title), body=body))


def _list_routes(app: FastAPI) -> str:
    """Every route with what it is for, in plain HTML."""
    rows = [
        f"<li><code>{method.upper()} {html.escape(path)}</code>: "
        f"{html.escape(route['description'])}</li>"
        for path, methods in app.openapi()["paths"].items()
        for method, route in methods.items()
    ]
    return (
        '<p>The whole description: <a href="/openapi.json">/openapi.json</a></p>'
        f"<ul>{''.join(rows)}</ul>"
    )
