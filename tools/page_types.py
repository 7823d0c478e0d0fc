"""Write the page's types, web/src/logic/rest.ts, from the REST API's own description.

Usage: python tools/page_types.py (in an environment with placelens; `make types`)

The schemas that pydantic makes of our models need few of OpenAPI's words; one that is not known
here is an error, so that nothing is left out in silence. openapi-typescript knows all of them, but
needs the programming interface of a TypeScript 5, which the page's compiler no longer has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

PAGE_TYPES = Path(__file__).resolve().parent.parent / "web" / "src" / "logic" / "rest.ts"
_HEAD = """\
/**
 * What the REST API takes and gives.
 * Made by tools/page_types.py: change the server, then run make types.
 */
"""
_PLAIN = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}
# What bounds a value, or tells people of it, is no part of its type.
_PASSED_OVER = {
    "title", "description", "default", "examples", "discriminator", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
    "maxProperties", "pattern", "propertyNames",
}  # fmt: skip


def written(schemas: Mapping[str, Schema]) -> str:
    """The file: an interface for each schema, by name."""
    parts = (_interface(name, schemas[name]) for name in sorted(schemas))
    return "\n".join([_HEAD, *parts])


def _interface(name: str, schema: Schema) -> str:
    required = schema.get("required", ())
    lines = [*_comment(schema, ""), f"export interface {name} {{"]
    for field, below in schema["properties"].items():
        mark = "" if field in required else "?"
        lines += [*_comment(below, "  "), f"  {field}{mark}: {type_of(below)};"]
    return "\n".join([*lines, "}", ""])


def _comment(schema: Schema, indent: str) -> Iterator[str]:
    if "description" in schema:
        said = " ".join(schema["description"].replace("``", "`").split())
        yield f"{indent}/** {said.replace('*/', '* /')} */"


def type_of(schema: Schema) -> str:
    """The type of a value, as TypeScript writes it.

    Examples
    --------
    >>> type_of({"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}})
    '(number | null)[]'
    >>> type_of({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]})
    '[string, number]'
    """
    said = {word: value for word, value in schema.items() if word not in _PASSED_OVER}
    kind = said.pop("type", None)
    match said:
        case {"$ref": reference, **rest} if not rest:
            return reference.rsplit("/", 1)[-1]
        case {"enum": values, **rest} if not rest:
            return " | ".join(map(json.dumps, values))
        case {"const": value, **rest} if not rest.keys() - {"enum"}:
            return json.dumps(value)
        case {"anyOf": choices, **rest} | {"oneOf": choices, **rest} if not rest:
            return " | ".join(dict.fromkeys(map(type_of, choices)))
        case {"prefixItems": items, **rest} if not rest.keys() - {"items"}:
            return f"[{', '.join(map(type_of, items))}]"
        case {"items": item, **rest} if not rest:
            one = type_of(item)
            return f"({one})[]" if " | " in one else f"{one}[]"
        case {} if kind == "object" and not said.keys() - {"additionalProperties"}:
            values = said.get("additionalProperties", True)
            return f"Record<string, {'unknown' if values is True else type_of(values)}>"
        case {} if kind in _PLAIN and not said:
            return _PLAIN[kind]
        case {} if kind is None and not said:
            return "unknown"
    raise NotImplementedError(
        f"no TypeScript for the schema {dict(schema)}; see tools/page_types.py"
    )


def described() -> Mapping[str, Schema]:
    """The schemas of the REST API."""
    from placelens.server import Settings, create_app

    schemas: Mapping[str, Schema] = create_app(Settings(collections={})).openapi()["components"][
        "schemas"
    ]
    return schemas


if __name__ == "__main__":
    PAGE_TYPES.write_text(written(described()), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE_TYPES}\n")
