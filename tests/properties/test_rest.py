"""Requests made from the API's own description, and bent: nothing but 2xx, 4xx and 503."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import placelens as pl
from placelens.server import Settings, create_app
from placelens.testing.fakes import HashEncoder

SMALL_ANSWER = 20_000
ODD = st.sampled_from(
    [
        None, True, 0, -1, 2**63, 10**400, 1e308, 5e-324, float("nan"), float("inf"), "", "\x00",
        "\x1b[2J", "50,14", "9" * 300, "x" * 5_000, [], {}, [None] * 100, {"a": {"a": {"a": []}}},
        ["x"] * 100, [[1.0] * 8] * 3, [{"vector": [1e308] * 8, "weight": -1e308}], {"gte": "x"},
        {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [1e308, 3]]]},
        {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[[[0, 0]]]]}},
    ]
)  # fmt: skip


def of_schema(schema: dict[str, Any], parts: dict[str, Any], levels: int = 4) -> st.SearchStrategy:
    """Values that a JSON schema describes, mostly."""
    if "$ref" in schema:
        return of_schema(parts[schema["$ref"].rpartition("/")[2]], parts, levels)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return st.one_of([of_schema(each, parts, levels) for each in schema[choice]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | ODD
    kind = schema.get("type")
    if kind == "object" and "properties" in schema and levels:
        fields = schema["properties"]
        needed = {
            name: of_schema(fields[name], parts, levels - 1) for name in schema.get("required", [])
        }
        others = {n: of_schema(f, parts, levels - 1) for n, f in fields.items() if n not in needed}
        return st.fixed_dictionaries(needed, optional=others)
    if kind == "array" and levels:
        item = of_schema(schema.get("items", {}), parts, levels - 1)
        return st.lists(item, max_size=4)
    plain = {
        "string": st.text(st.characters(exclude_categories=()), max_size=12),
        "number": st.floats(),
        "integer": st.integers(),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return plain.get(str(kind), ODD) | ODD


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    encoder = HashEncoder(8)
    path = tmp_path_factory.mktemp("rest") / "c.pl"
    collection = pl.Collection.create(path, encoder=encoder)
    words = ["red", "blue", "green"]
    collection.add_vectors(
        words, encoder.encode_texts(words), text=words, lat=[1, 2, 3], lon=[4, 5, 6],
        attributes=[{"city": "Lyon"}, {"rating": 3}, {}], modality="text",
    )  # fmt: skip
    return create_app(Settings(collections={"c": collection}))


def ask(app: Any, method: str, path: str, **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


@given(data=st.data())
@settings(max_examples=250, suppress_health_check=list(HealthCheck))
def test_requests_of_the_own_description(app, data):
    described = app.openapi()
    parts = described["components"]["schemas"]
    path = data.draw(st.sampled_from(sorted(described["paths"])), label="path")
    method, route = data.draw(st.sampled_from(sorted(described["paths"][path].items())))
    query, filled = {}, path
    for parameter in route.get("parameters", []):
        value = data.draw(of_schema(parameter["schema"], parts), label=parameter["name"])
        written = str(value).encode("utf-8", "replace").decode()[:300]
        if parameter["in"] == "path":
            known = {"name": "c", "item_id": "red"}[parameter["name"]]
            chosen = data.draw(st.sampled_from([known, known, written or known]))
            filled = filled.replace(f"{{{parameter['name']}}}", chosen.replace("/", "%2F"))
        elif data.draw(st.booleans()):
            query[parameter["name"]] = written
    options: dict[str, Any] = {"params": query}
    if "requestBody" in route:
        schema = route["requestBody"]["content"]["application/json"]["schema"]
        body = data.draw(of_schema(schema, parts) | ODD, label="body")
        options |= {
            "content": json.dumps(body).encode(),
            "headers": {"content-type": "application/json"},
        }
    try:
        response = ask(
            app, method.upper(), httpx.URL("http://localhost").copy_with(path=filled), **options
        )
    except httpx.InvalidURL:
        return
    assert 200 <= response.status_code < 500 or response.status_code == 503, response.text
    if response.status_code >= 400:
        assert len(response.content) < SMALL_ANSWER
        assert "Traceback" not in response.text
