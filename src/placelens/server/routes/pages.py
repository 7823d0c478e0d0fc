"""The page at ``/``, the OpenAPI page at ``/docs``, and their files.

Both are built by npm into ``static/``. Without them the REST API works, and these URLs say how
to build them.
"""

from __future__ import annotations

import html
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from placelens.server.static_files import ASK_AGAIN, FOR_GOOD, BuiltFiles, built_file

__all__ = ["STATIC", "install"]

READ = ["GET", "HEAD"]
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


def install(app: FastAPI) -> None:
    """Serve the pages built into `STATIC`, or plain ones in their place."""
    static = STATIC

    @app.api_route("/", methods=READ, include_in_schema=False)
    def read_page(request: Request) -> Response:
        return _file(static / "index.html", request) or _plain("placelens", _NOT_BUILT)

    @app.api_route("/docs", methods=READ, include_in_schema=False)
    def read_docs(request: Request) -> Response:
        return _file(static / "docs.html", request) or _plain(
            "placelens REST API", _list_routes(app)
        )

    @app.api_route("/favicon.svg", methods=READ, include_in_schema=False)
    @app.api_route("/favicon.ico", methods=READ, include_in_schema=False)
    def read_icon(request: Request) -> Response:
        return _file(static / "favicon.svg", request) or Response(status_code=204)

    app.mount("/assets", BuiltFiles(static / "assets", cache_control=FOR_GOOD), name="assets")
    app.mount("/map", BuiltFiles(static / "map", cache_control=ASK_AGAIN), name="map")


def _file(path: Path, request: Request) -> Response | None:
    """The file, to be asked for again each time: a new build changes what it links to."""
    return built_file(path, request, cache_control=ASK_AGAIN) if path.is_file() else None


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
