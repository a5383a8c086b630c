"""`make check` sees changes of the API that break clients: a case for each rule, and changes that break nothing."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.gateway.openapi import SNAPSHOT
from deploy.release.breaking import RELEASED, Break, breaks, undescribed

Node = dict[str, Any]
Keys = tuple[str | int, ...]
GONE: Final = object()
NULL: Final = {"type": "null"}
TEXT: Final = {"type": "string"}
GET: Final = ("paths", "/posts", "get")
POST: Final = ("paths", "/posts", "post")
TAG: Final = (*GET, "parameters", 0)
LIMITED: Final = ("components", "responses", "Limited", "content", "application/problem+json", "examples")
NEW: Final = ("components", "schemas", "PostCreate")
SEEN: Final = ("components", "schemas", "Post")
AUTHOR: Final = ("components", "schemas", "Author")
PLACE: Final = ("components", "schemas", "Place")


def ref(name: str) -> Node:
    return {"$ref": f"#/components/schemas/{name}"}


def document() -> Node:
    """An API with a list, and a creating route."""
    new = {
        "type": "object",
        "additionalProperties": False,
        "required": ["title"],
        "properties": {
            "title": {"type": "string", "maxLength": 200, "minLength": 1},
            "status": {"type": "string", "enum": ["draft", "published"], "default": "published"},
            "link": {"anyOf": [TEXT, NULL]},
            "tags": {"type": "array", "items": TEXT},
            "place": ref("Place"),
        },
    }
    post = {
        "type": "object",
        "required": ["id", "author"],
        "properties": {
            "id": {"type": "integer", "format": "int64", "maximum": 99},
            "status": {"type": "string", "enum": ["draft", "published"]},
            "author": {"anyOf": [ref("Author"), NULL]},
            "title": TEXT,
            "held": {"type": "object", "additionalProperties": TEXT},
        },
    }
    named = {"type": "object", "properties": {"name": TEXT}}
    done = {"headers": {"ETag": {}}, "content": {"application/json": {"schema": ref("Post")}}}
    limited: Node = {"content": {"application/problem+json": {"examples": {"rate-limited": {}, "too-fast": {}}}}}
    read = {
        "operationId": "list",
        "parameters": [{"name": "tag", "in": "query", "schema": TEXT}],
        "responses": {"200": done, "429": {"$ref": "#/components/responses/Limited"}},
    }
    create = {
        "operationId": "create",
        "security": [{"user": []}],
        "requestBody": {"content": {"application/json": {"schema": ref("PostCreate")}}},
        "responses": {"201": done, "202": {}},
    }
    made: Node = {
        "paths": {"/posts": {"get": read, "post": create}},
        "components": {
            "schemas": {"PostCreate": new, "Post": post, "Author": named, "Place": named},
            "responses": {"Limited": limited},
        },
    }
    copy: Node = json.loads(json.dumps(made))
    return copy


def changed(keys: Keys, value: object) -> Node:
    """The document with another value at a place, or without the place."""
    made = document()
    node: Any = made
    for key in keys[:-1]:
        node = node[key]
    if value is GONE:
        del node[keys[-1]]
    else:
        node[keys[-1]] = value
    return made


BREAKING: Final[dict[str, tuple[Keys, object]]] = {
    "`GET /posts`: was removed": (GET, GONE),
    "`POST /posts`: was removed": (POST, GONE),
    "`GET /posts`: was renamed from list to find": ((*GET, "operationId"), "find"),
    "`GET /posts`: now asks for sign-in": ((*GET, "security"), [{"user": []}]),
    "`GET /posts`: lost the parameter `tag`": (TAG, GONE),
    "`GET /posts`: now needs the parameter `tag`": ((*TAG, "required"), True),
    "`GET /posts`: `tag` has a lower maxLength: 5": ((*TAG, "schema", "maxLength"), 5),
    "`POST /posts`: now needs a body": ((*POST, "requestBody", "required"), True),
    "`POST /posts`: body: lost application/json": ((*POST, "requestBody", "content"), {}),
    "`GET /posts`: no longer has the problem `too-fast` (429)": ((*LIMITED, "too-fast"), GONE),
    "`POST /posts`: no longer answers 202": ((*POST, "responses", "202"), GONE),
    "`POST /posts`: lost the header `ETag` (201)": ((*POST, "responses", "201", "headers"), {}),
    "`PostCreate`: `tags` was removed": ((*NEW, "properties", "tags"), GONE),
    "`PostCreate`: `tags` must now be sent": ((*NEW, "required"), ["title", "tags"]),
    "`PostCreate`: `title` no longer accepts string": ((*NEW, "properties", "title"), {"type": "integer"}),
    "`PostCreate`: `link` no longer accepts null": ((*NEW, "properties", "link"), TEXT),
    "`PostCreate`: `tags` no longer accepts string": ((*NEW, "properties", "tags", "items"), {"type": "integer"}),
    '`PostCreate`: `status` no longer accepts "draft"': ((*NEW, "properties", "status", "enum"), ["published"]),
    "`PostCreate`: `title` no longer accepts other values": ((*NEW, "properties", "title", "enum"), ["a"]),
    "`PostCreate`: `title` has a lower maxLength: 100": ((*NEW, "properties", "title", "maxLength"), 100),
    "`PostCreate`: `title` has a higher minLength: 2": ((*NEW, "properties", "title", "minLength"), 2),
    "`PostCreate`: `title` has another pattern: ^a": ((*NEW, "properties", "title", "pattern"), "^a"),
    "`PostCreate`: `title` has the format email, not none": ((*NEW, "properties", "title", "format"), "email"),
    "`PostCreate`: `status` has another default: draft": ((*NEW, "properties", "status", "default"), "draft"),
    "`Place`: no longer accepts unknown fields": ((*PLACE, "additionalProperties"), False),
    "`Place`: is now Author": ((*NEW, "properties", "place"), ref("Author")),
    "`Post`: `title` was removed": ((*SEEN, "properties", "title"), GONE),
    "`Post`: `id` may now be missing": ((*SEEN, "required"), ["author"]),
    "`Post`: `title` may now be null": ((*SEEN, "properties", "title"), {"anyOf": [TEXT, NULL]}),
    "`Post`: `held` may now be anything": ((*SEEN, "properties", "held", "additionalProperties"), True),
    '`Post`: `status` may now be "hidden"': ((*SEEN, "properties", "status", "enum"), ["draft", "published", "hidden"]),
    "`Post`: `status` may now be other values": ((*SEEN, "properties", "status", "enum"), GONE),
    "`Post`: `id` has the format none, not int64": ((*SEEN, "properties", "id", "format"), GONE),
    "`Author`: `name` was removed": ((*AUTHOR, "properties", "name"), GONE),
}
HARMLESS: Final[dict[str, tuple[Keys, object]]] = {
    "a new route": (("paths", "/tags"), {"get": {"operationId": "tags", "responses": {}}}),
    "a new optional parameter": ((*POST, "parameters"), [{"name": "sort", "in": "query", "schema": TEXT}]),
    "a new problem": ((*LIMITED, "too-late"), {}),
    "signing in becomes optional": ((*POST, "security"), [{}, {"user": []}]),
    "a new optional field of requests": ((*NEW, "properties", "lead"), TEXT),
    "requests need one field less": ((*NEW, "required"), []),
    "requests may be longer": ((*NEW, "properties", "title", "maxLength"), 300),
    "requests may be empty": ((*NEW, "properties", "title", "minLength"), GONE),
    "requests may have null": ((*NEW, "properties", "tags"), {"anyOf": [{"type": "array", "items": TEXT}, NULL]}),
    "requests may have unknown fields": ((*NEW, "additionalProperties"), GONE),
    "one more value in requests": ((*NEW, "properties", "status", "enum"), ["draft", "published", "hidden"]),
    "a new field of answers": ((*SEEN, "properties", "likes"), {"type": "integer"}),
    "one value less in answers": ((*SEEN, "properties", "status", "enum"), ["published"]),
    "answers are never null": ((*SEEN, "properties", "author"), ref("Author")),
    "answers always have a field": ((*SEEN, "required"), ["id", "author", "title"]),
    "answers have other limits": ((*SEEN, "properties", "id", "maximum"), 7),
}


@pytest.mark.parametrize("told", BREAKING)
def test_a_breaking_change_is_named(told: str) -> None:
    assert [str(one) for one in breaks(document(), changed(*BREAKING[told]))] == [told]


@pytest.mark.parametrize("change", HARMLESS)
def test_other_changes_are_not(change: str) -> None:
    assert changed(*HARMLESS[change]) != document()
    assert breaks(document(), changed(*HARMLESS[change])) == []


def test_a_new_parameter_that_is_needed_breaks() -> None:
    asked = [{"name": "sort", "in": "query", "schema": TEXT, "required": True}]
    assert breaks(document(), changed((*POST, "parameters"), asked)) == [
        Break("POST /posts", "now needs the parameter `sort`")
    ]


def test_a_form_of_schema_without_a_rule_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="no rule for oneOf"):
        breaks(document(), changed((*SEEN, "properties", "id"), {"oneOf": [TEXT]}))


def cases(**named: str) -> Node:
    """A form of schema whose cases a field tells apart."""
    return {
        "oneOf": [ref(name) for name in named.values()],
        "discriminator": {
            "propertyName": "state",
            "mapping": {value: f"#/components/schemas/{name}" for value, name in named.items()},
        },
    }


def test_cases_that_a_field_tells_apart_are_compared_one_by_one() -> None:
    author = (*SEEN, "properties", "author")
    one, two = changed(author, cases(here="Author")), changed(author, cases(here="Author", moved="Place"))
    assert breaks(one, one) == breaks(two, one) == []
    assert breaks(one, two) == [Break("Post", "`author` may now be the case moved")]


def test_our_own_document_may_be_the_released_one() -> None:
    """As after the next release: a rule that is missing is noticed before."""
    current = json.loads(SNAPSHOT.read_text())
    assert breaks(current, current) == []


def test_a_description_names_its_subject(tmp_path: Path) -> None:
    found = [Break("GET /posts", "was removed"), Break("Post", "`id` was removed")]
    (tmp_path / "+another.api.md").write_text("`Post` has fewer fields.\n")
    assert undescribed(found, tmp_path) == found
    (tmp_path / "+fewer.breaking.md").write_text("`Post` has fewer fields.\n")
    assert undescribed(found, tmp_path) == found[:1]


def test_the_released_document_is_compared_as_it_is() -> None:
    """Every rule runs over the whole of our own document, in both roles."""
    released = json.loads(RELEASED.read_text())
    assert breaks(released, released) == []
    without = json.loads(SNAPSHOT.read_text())
    del without["components"]["schemas"]["FollowerResponse"]["properties"]["name"]
    without["components"]["schemas"]["FollowerResponse"]["required"].remove("name")
    assert Break("FollowerResponse", "`name` was removed") in breaks(released, without)
