"""The page's types are those of the REST API, and every schema it may have becomes a type."""

import doctest
import importlib.util

import pytest


@pytest.fixture(scope="module")
def page_types(repo):
    spec = importlib.util.spec_from_file_location("page_types", repo / "tools" / "page_types.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_file_is_up_to_date(page_types):
    wanted = page_types.written(page_types.described())
    assert page_types.PAGE_TYPES.read_text(encoding="utf-8") == wanted, "run make types"


def test_its_examples(page_types):
    assert doctest.testmod(page_types).failed == 0


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "integer", "minimum": 1, "default": 3}, "number"),
        ({"$ref": "#/components/schemas/Hit"}, "Hit"),
        ({"type": "string", "enum": ["a", "b"]}, '"a" | "b"'),
        ({"type": "string", "const": "a"}, '"a"'),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Record<string, string>"),
    ],
)
def test_a_schema_becomes_a_type(page_types, schema, written):
    assert page_types.type_of(schema) == written


@pytest.mark.parametrize(
    "schema", [{"not": {}}, {"allOf": []}, {"type": "array"}, {"$ref": "a", "x": 1}]
)
def test_what_is_not_known_is_no_type(page_types, schema):
    with pytest.raises(NotImplementedError, match="no TypeScript"):
        page_types.type_of(schema)


def test_a_field_that_may_be_missing_is_optional(page_types):
    schema = {
        "properties": {"a": {"type": "string", "description": "A ``b``."}, "c": {"type": "null"}},
        "required": ["a"],
        "description": "What */ is.",
    }
    assert page_types.written({"Thing": schema}).split("\n\n", 1)[1] == (
        "/** What * / is. */\n"
        "export interface Thing {\n"
        "  /** A `b`. */\n"
        "  a: string;\n"
        "  c?: null;\n"
        "}\n"
    )
