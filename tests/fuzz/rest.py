"""Requests made from the API's own description, and bent: nothing but 2xx, 4xx and 503.

Those that write have a collection of their own, which can be read, and is sound, after each.
"""

from __future__ import annotations

import asyncio
import io
import json
import random
import string
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from PIL import Image
from tests.fuzz.mutations import ODD_VALUES, broken_bytes, broken_text
from tests.fuzz.queries import NAMES, add_texts, searched_collection
from tests.fuzz.scratch import scratch

import placelens as pl
from placelens.server import Settings, create_app
from placelens.testing.fakes import HashEncoder

SMALL_ANSWER = 20_000
KNOWN = {"name": "c"}
READING = ("/search", "/explain", "/heat", "/export", "/originals", "/map", "/pictures", "/session")
CHECKED = 0.05
# Streams of events, which end when their client leaves.
ENDLESS = {"/v1/jobs/events"}
WORDS = ["red", "a", "Lyon", "5km", "gauss:5km", "2019", "scan", "1,2", "distance", "city"]
VECTOR = [{"vector": [1e308] * 8, "weight": -1e308}]


def try_one(rng: random.Random) -> bool:
    """A request, and whether it was answered with what it asked for."""
    return _try(_app(), *made_request(rng, _routes(), KNOWN))


def try_writes(rng: random.Random) -> bool:
    """A request that may change a collection, as those before it have left it."""
    app, collection = _writing()
    if len(collection) < len(NAMES):
        add_texts(collection)
    known = {"name": "c", "item_id": rng.choice(list(collection)), "search_name": rng.choice(NAMES)}
    if proposals := list(collection.proposals(k=3)):
        known["proposal_id"] = rng.choice(proposals).id
    request = made_request(rng, _changing(), known, is_bent=rng.random() < 0.5)
    was_done = _try(app, *request)
    collection.refresh()
    assert len(list(collection.items())) == len(collection)
    collection.search("red", k=2)
    if rng.random() < CHECKED:
        health = pl.Collection.check(collection.path)
        assert health.is_sound, health
    return was_done


Routes = Mapping[str, Mapping[str, Any]]
"""By path and method, as OpenAPI describes them."""


def _routes() -> Routes:
    return {path: of for path, of in _described()["paths"].items() if path not in ENDLESS}


def _changing() -> Routes:
    """The routes that change something; jobs go on by themselves, and have tests of their own."""
    return {
        path: changing
        for path, of in _routes().items()
        if not path.endswith(READING) and "jobs" not in path
        and (changing := {method: route for method, route in of.items() if method != "get"})
    }  # fmt: skip


def _try(app: Any, method: str, path: str, query: bytes, body: bytes) -> bool:
    status, answer = asyncio.run(_send(app, method, path, query, body))
    if not (200 <= status < 500 or status == 503):
        raise AssertionError(f"{method} {path}?{query!r} {body[:500]!r}: {status} {answer[:500]!r}")
    if status >= 400 and (len(answer) > SMALL_ANSWER or b"Traceback" in answer):
        raise AssertionError(f"{method} {path}: an error of {len(answer)} bytes: {answer[:500]!r}")
    return status < 400


def made_request(
    rng: random.Random,
    routes: Routes,
    known: dict[str, str],
    *,
    is_bent: bool = True,
) -> tuple[str, str, bytes, bytes]:
    """Method, path, query and body of a request to one of the routes, as it wants them or not."""
    parts = _described()["components"]["schemas"]
    path = rng.choice(sorted(routes))
    method, route = rng.choice(sorted(routes[path].items()))
    query = []
    for parameter in route.get("parameters", []):
        value = _text(made_of(parameter["schema"], parts, rng, is_bent=is_bent))[:300]
        if parameter["in"] == "path":
            right = known.get(parameter["name"], "a")
            chosen = rng.choice([right, right, value or right]) if is_bent else right
            path = path.replace(f"{{{parameter['name']}}}", chosen)
        elif rng.random() < 0.5:
            query.append((parameter["name"], value))
    body = b""
    if "requestBody" in route:
        content = route["requestBody"]["content"].get("application/json")
        if content is None:  # a picture
            body = _picture(rng.randrange(256))
        else:
            body = json.dumps(made_of(content["schema"], parts, rng, is_bent=is_bent)).encode()
        if is_bent and rng.random() < 0.1:
            body = broken_bytes(body, rng)
    written = urlencode(query, errors="replace").encode()
    if is_bent and rng.random() < 0.1:
        written = broken_bytes(written, rng)
    return method.upper(), path, written, body


def made_of(
    schema: dict[str, Any],
    parts: dict[str, Any],
    rng: random.Random,
    levels: int = 4,
    *,
    is_bent: bool = True,
) -> Any:
    """A value that a JSON schema describes; mostly, if it is to be bent."""

    def of(part: dict[str, Any], levels: int) -> Any:
        return made_of(part, parts, rng, levels, is_bent=is_bent)

    if is_bent and rng.random() < 0.04:
        return rng.choice([*ODD_VALUES, VECTOR])
    if "$ref" in schema:
        return of(parts[schema["$ref"].rpartition("/")[2]], levels)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return of(rng.choice(schema[choice]), levels)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "object" and "properties" in schema and levels:
        needed = schema.get("required", [])
        chosen = [name for name in schema["properties"] if name in needed or rng.random() < 0.25]
        made = {name: of(schema["properties"][name], levels - 1) for name in chosen}
        if is_bent:
            return made
        # What the schema does not say: a place has both, and an item is one of those there are.
        place = {"lat": 1.0, "lon": rng.uniform(-180, 180)} if "lat" in schema["properties"] else {}
        return made | place | ({"item_id": rng.choice(NAMES)} if "item_id" in made else {})
    if kind == "array" and levels:
        kinds = schema.get("prefixItems") or [schema.get("items", {})] * rng.randrange(5)
        return [of(each, levels - 1) for each in kinds]
    value = _plain(kind, schema, rng)
    return _bent(value, rng) if is_bent and rng.random() < 0.5 else value


def _plain(kind: str | None, schema: dict[str, Any], rng: random.Random) -> Any:
    low = schema.get("minimum", -3)
    high = schema.get("maximum", schema.get("exclusiveMaximum", 200))
    if kind == "integer":
        return rng.randint(int(low), int(high))
    if kind == "number":
        return rng.uniform(low, high)
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "string":
        return rng.choice(WORDS)
    return None if kind == "null" else {"city": "Lyon"}


def _bent(value: Any, rng: random.Random) -> Any:
    """Another of the same type, hardly what is meant."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return rng.randint(-(2**70), 2**70)
    if isinstance(value, float):
        return rng.gauss(0, 1) * 1e300
    if isinstance(value, str):
        return rng.choice([broken_text(WORDS, rng), rng.choice(string.printable)])
    return rng.choice(ODD_VALUES)


def _text(value: Any) -> str:
    """A value as it stands in a path or query."""
    if isinstance(value, int) and not isinstance(value, bool):
        return format(value, "x") if abs(value) >= 10**300 else str(value)
    return str(value)


@cache
def _app() -> Any:
    return create_app(Settings(collections={"c": searched_collection()}))


@cache
def _writing() -> tuple[Any, pl.Collection]:
    """A server that asks for no token, and the collection that it writes to."""
    folder = scratch("writes")
    collection = pl.Collection.create(folder / "c.pl", encoder=HashEncoder(8))
    add_texts(collection)
    settings = Settings(
        collections={"c": collection}, write=True, auth=False, uploads=folder / "uploads"
    )
    return create_app(settings), collection


def _picture(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(file, "png")
    return file.getvalue()


@cache
def _described() -> dict[str, Any]:
    return _app().openapi()


async def _send(app: Any, method: str, path: str, query: bytes, body: bytes) -> tuple[int, bytes]:
    """Ask the app without a socket: a request's parts, as an ASGI server gives them."""
    headers = [(b"host", b"localhost")]
    if body:
        kind = b"image/png" if body.startswith(b"\x89PNG") else b"application/json"
        headers += [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "path": path.encode("utf-8", "replace").decode(),
        "raw_path": quote(path, errors="replace").encode(),
        "query_string": query, "headers": headers, "scheme": "http", "root_path": "",
        "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    received: list[dict[str, Any]] = []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:  # the client waits for its answer
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        received.append(message)

    await app(scope, receive, send)
    return received[0]["status"], b"".join(message.get("body", b"") for message in received)
