"""Requests made from the API's own description, and bent: nothing but 2xx, 4xx and 503."""

from __future__ import annotations

import asyncio
import json
import random
import string
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from tests.fuzz.mutations import ODD_VALUES, broken_bytes, broken_text
from tests.fuzz.queries import searched_collection

from placelens.server import Settings, create_app

SMALL_ANSWER = 20_000
KNOWN = {"name": "c"}
# Streams of events, which end when their client leaves.
ENDLESS = {"/v1/jobs/events"}
VECTOR = [{"vector": [1e308] * 8, "weight": -1e308}]


def try_one(rng: random.Random) -> bool:
    """A request, and whether it was answered with what it asked for."""
    method, path, query, body = made_request(rng)
    status, answer = asyncio.run(_send(method, path, query, body))
    if not (200 <= status < 500 or status == 503):
        raise AssertionError(f"{method} {path}?{query!r} {body[:500]!r}: {status} {answer[:500]!r}")
    if status >= 400 and (len(answer) > SMALL_ANSWER or b"Traceback" in answer):
        raise AssertionError(f"{method} {path}: an error of {len(answer)} bytes: {answer[:500]!r}")
    return status < 400


def made_request(rng: random.Random) -> tuple[str, str, bytes, bytes]:
    """Method, path, query and body of one of the API's requests."""
    described = _described()
    parts = described["components"]["schemas"]
    path = rng.choice(sorted(set(described["paths"]) - ENDLESS))
    method, route = rng.choice(sorted(described["paths"][path].items()))
    query = []
    for parameter in route.get("parameters", []):
        value = _text(made_of(parameter["schema"], parts, rng))[:300]
        if parameter["in"] == "path":
            known = KNOWN.get(parameter["name"], "a")
            chosen = rng.choice([known, known, value or known])
            path = path.replace(f"{{{parameter['name']}}}", chosen)
        elif rng.random() < 0.5:
            query.append((parameter["name"], value))
    body = b""
    if "requestBody" in route:
        content = route["requestBody"]["content"].get("application/json")
        if content is None:  # a picture, which others are made of
            content = {"schema": {"type": "string"}}
        body = json.dumps(made_of(content["schema"], parts, rng)).encode()
        if rng.random() < 0.1:
            body = broken_bytes(body, rng)
    written = urlencode(query, errors="replace").encode()
    return method.upper(), path, broken_bytes(written, rng) if rng.random() < 0.1 else written, body


def made_of(
    schema: dict[str, Any], parts: dict[str, Any], rng: random.Random, levels: int = 4
) -> Any:
    """A value that a JSON schema describes, mostly."""
    if rng.random() < 0.04:
        return rng.choice([*ODD_VALUES, VECTOR])
    if "$ref" in schema:
        return made_of(parts[schema["$ref"].rpartition("/")[2]], parts, rng, levels)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return made_of(rng.choice(schema[choice]), parts, rng, levels)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "object" and "properties" in schema and levels:
        needed = schema.get("required", [])
        chosen = [name for name in schema["properties"] if name in needed or rng.random() < 0.25]
        return {
            name: made_of(schema["properties"][name], parts, rng, levels - 1) for name in chosen
        }
    if kind == "array" and levels:
        kinds = schema.get("prefixItems") or [schema.get("items", {})] * rng.randrange(5)
        return [made_of(each, parts, rng, levels - 1) for each in kinds]
    return _plain(kind, schema, rng)


def _plain(kind: str | None, schema: dict[str, Any], rng: random.Random) -> Any:
    low = schema.get("minimum", -3)
    high = schema.get("maximum", schema.get("exclusiveMaximum", 200))
    if kind == "integer":
        return rng.choice([rng.randint(int(low), int(high)), rng.randint(-(2**70), 2**70)])
    if kind == "number":
        return rng.choice([rng.uniform(low, high), rng.uniform(low, high), rng.gauss(0, 1) * 1e300])
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "string":
        words = ["red", "a", "Lyon", "5km", "gauss:5km", "2019", "scan", "1,2", "distance", "city"]
        return rng.choice(
            [rng.choice(words), broken_text(words, rng), rng.choice(string.printable)]
        )
    return None if kind == "null" else rng.choice([{"city": "Lyon"}, *ODD_VALUES])


def _text(value: Any) -> str:
    """A value as it stands in a path or query."""
    if isinstance(value, int) and not isinstance(value, bool):
        return format(value, "x") if abs(value) >= 10**300 else str(value)
    return str(value)


@cache
def _app() -> Any:
    return create_app(Settings(collections={"c": searched_collection()}))


@cache
def _described() -> dict[str, Any]:
    return _app().openapi()


async def _send(method: str, path: str, query: bytes, body: bytes) -> tuple[int, bytes]:
    """Ask the app without a socket: a request's parts, as an ASGI server gives them."""
    headers = [(b"host", b"localhost")]
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
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

    await _app()(scope, receive, send)
    return received[0]["status"], b"".join(message.get("body", b"") for message in received)
