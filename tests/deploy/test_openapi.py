"""docs/openapi.json: the API of the three services in one reviewed file, from which clients can be generated."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.gateway.openapi import SNAPSHOT, current, merge

Node = dict[str, Any]
OAUTH = ("post /auth/token", "post /auth/revoke")


@pytest.fixture(scope="module")
def document() -> Node:
    found: Node = json.loads(SNAPSHOT.read_text())
    return found


def operations(document: Node) -> Iterator[tuple[str, Node]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_snapshot_is_what_the_apps_say() -> None:
    said = current()
    assert json.loads(said) == json.loads(SNAPSHOT.read_text()), "run `make openapi`, and review the difference"
    assert said == SNAPSHOT.read_text(), "run `make openapi`: only the order differs"


def test_operations_have_names_for_people_and_for_clients(document: Node) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for name, operation in operations(document):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), name
        assert operation["summary"], name
        assert operation["description"].startswith(operation["summary"]), name
        assert len(operation["tags"]) == 1, name
        assert tags[operation["tags"][0]], name


def test_names_are_those_that_a_person_would_give(document: Node) -> None:
    """They become names of classes and files in generated clients."""
    for kind in ("schemas", "responses"):
        for name in document["components"][kind]:
            assert re.fullmatch(r"([A-Z]+[a-z]+)+", name), name
            assert len(name) <= 40, name
    made = {f"{name}Response" for name in document["components"]["responses"]}  # by some generators
    assert made.isdisjoint(document["components"]["schemas"])


def test_every_object_has_a_name(document: Node) -> None:
    """Generators name each schema without a name `InlineObject27`."""
    named = document["components"]["schemas"].values()
    fields = [field for schema in named for field in schema.get("properties", {}).values()]
    for node in (document["paths"], document["components"]["responses"], fields):
        assert not [part for part in parts(node) if {"properties", "allOf"} & part.keys()]


def parts(node: Any) -> Iterator[Node]:
    """A document's objects at any depth, without examples."""
    if isinstance(node, dict):
        yield node
        node = [value for name, value in node.items() if name not in {"example", "examples"}]
    for below in node if isinstance(node, list) else ():
        yield from parts(below)


def test_ids_have_64_bits(document: Node) -> None:
    """Without a format, generated Java uses 32 bits for them, and Go does not compile."""
    wide = [part for part in parts(document) if part.get("type") == "integer" and part.get("maximum", 0) >= 2**31]
    assert len(wide) > 20
    for part in wide:
        assert (part["format"], part["maximum"], part["minimum"] in (0, 1)) == ("int64", 2**53 - 1, True)
    named = [(name, node) for part in parts(document) for name, node in part.get("properties", {}).items()]
    named += [(one["name"], one["schema"]) for _, operation in operations(document) for one in parameters(operation)]
    ids = [(name, node) for name, node in named if re.fullmatch(r"id|[a-z_]+_id", name)]
    for name, node in ids:
        kinds = [one for one in node.get("anyOf", [node]) if one.get("type") != "null"]
        assert all(one["type"] == "string" or one["format"] == "int64" for one in kinds), name


def parameters(operation: Node) -> list[Node]:
    found: list[Node] = operation.get("parameters", [])
    return found


def test_parameters_and_fields_of_forms_are_no_lists_and_never_null(document: Node) -> None:
    """They cannot hold null, and generators leave out routes whose headers may be lists."""
    found = [(one["name"], one["schema"]) for _, operation in operations(document) for one in parameters(operation)]
    for form in ("TokenForm", "RevokeForm"):
        found += document["components"]["schemas"][form]["properties"].items()
    for name, schema in found:
        assert "anyOf" not in schema, name
        assert schema.get("type", "string") in {"string", "integer", "boolean"}, name
    conditions = [schema for name, schema in found if name in {"If-Match", "If-None-Match", "Idempotency-Key"}]
    assert len(conditions) > 5
    assert {schema["type"] for schema in conditions} == {"string"}


def test_a_list_is_no_alternative_to_something_else(document: Node) -> None:
    """openapi-generator's Java for it does not compile."""
    for part in parts(document):
        kinds = [one.get("type") for one in part.get("anyOf", ()) if one.get("type") != "null"]
        assert "array" not in kinds or len(kinds) == 1, part


def test_no_constant_is_a_boolean(document: Node) -> None:
    """openapi-generator's Python compares a boolean constant with a text, and so refuses every answer with it."""
    constants = [part["const"] for part in parts(document) if "const" in part]
    assert constants
    assert all(isinstance(constant, str) for constant in constants)


def test_every_field_has_an_example(document: Node) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field, node in schema.get("properties", {}).items():
            assert has_example(node), f"{name}.{field}"


def has_example(node: Node) -> bool:
    alternatives = [one for one in node.get("anyOf", ()) if one.get("type") != "null"]
    speaks = {"examples", "enum", "const", "default", "$ref"} & node.keys() or node.get("type") == "boolean"
    return bool(speaks) or any(map(has_example, alternatives)) or ("items" in node and has_example(node["items"]))


def test_every_refusal_is_a_problem_with_declared_and_explained_codes(document: Node) -> None:
    shared = document["components"]["responses"]
    for name, operation in operations(document):
        assert {"500", "503"} <= operation["responses"].keys(), name
        for status, response in operation["responses"].items():
            if status >= "400":
                found = shared[response["$ref"].rpartition("/")[2]]
                media_type = "application/json" if name in OAUTH else "application/problem+json"
                examples = found["content"][media_type]["examples"]
                assert examples, name
                for code, example in examples.items():
                    assert (example["value"]["code"], example["value"]["status"]) == (code, int(status))
                    assert re.search(f"`{code}`: .{{10,}}", found["description"]), (name, code)


def test_only_public_routes_are_shown(document: Node) -> None:
    """S-28."""
    assert not any(
        path.startswith(("/internal", "/livez", "/readyz", "/metrics", "/docs")) for path in document["paths"]
    )
    assert set(document["components"]["securitySchemes"]) == {"user"}


def test_the_document_says_where_signing_in_is_needed(document: Node) -> None:
    paths = document["paths"]
    assert document["components"]["securitySchemes"]["user"]["flows"]["password"]["tokenUrl"] == "/auth/token"
    assert paths["/users/me"]["patch"]["security"] == [{"user": ["users:write"]}]
    assert paths["/users"]["get"]["security"] == [{}, {"user": ["users:read"]}]
    assert paths["/users/me/export"]["get"]["security"] == [{"user": []}]
    scopes = document["components"]["securitySchemes"]["user"]["flows"]["password"]["scopes"]
    assert {"api", "users:read", "users:write", "auth:read"} <= scopes.keys()
    assert "security" not in paths["/auth/register"]["post"]


def part(path: str, **schemas: Node) -> Node:
    operation = {"operationId": path[1:], "responses": {"200": {"$ref": "#/components/schemas/Card"}}}
    return {
        "info": {"version": "1", "description": "x"},
        "tags": [],
        "paths": {path: {"get": operation}},
        "components": {"schemas": schemas},
    }


def test_the_same_schemas_are_shared_and_namesakes_kept_apart() -> None:
    card, same = {"properties": {"suit": {"$ref": "#/components/schemas/Suit"}}}, {"type": "string"}
    merged = merge(
        {
            "auth": part("/a", Card=card, Suit={"enum": ["hearts"]}, Same=same),
            "posts": part("/p", Card=card, Suit={"enum": ["bells"]}, Same=same),
        }
    )
    assert list(merged["components"]["schemas"]) == ["Card", "PostsCard", "PostsSuit", "Same", "Suit"]
    assert merged["components"]["schemas"]["PostsCard"]["properties"]["suit"]["$ref"].endswith("/PostsSuit")
    assert merged["paths"]["/p"]["get"]["responses"]["200"]["$ref"].endswith("/PostsCard")
    assert merged["paths"]["/a"]["get"]["responses"]["200"]["$ref"].endswith("/Card")


def test_two_services_cannot_have_the_same_path() -> None:
    with pytest.raises(ValueError, match="path /a"):
        merge({"auth": part("/a"), "posts": part("/a")})
