"""`/docs/auth`: works without any other host; and the schema says what may be answered."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from httpx import AsyncClient

PROBLEM = "application/problem+json"


class References(HTMLParser):
    """What a page loads, and the scripts that are written in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in {"src", "href"}]


@pytest.fixture(scope="module")
async def page(client: AsyncClient) -> str:
    reply = await client.get("/docs/auth")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    return reply.text


@pytest.fixture(scope="module")
async def schema(client: AsyncClient) -> dict[str, Any]:
    reply = await client.get("/docs/auth/openapi.json")
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


async def test_the_page_needs_no_other_host(client: AsyncClient, page: str) -> None:
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", page) == []
    references = References()
    references.feed(page)
    assert len(references.found) >= 3
    for path in references.found:
        assert path.startswith("/docs/auth/static/"), path
        asset = await client.get(path)
        assert (asset.status_code, len(asset.content) > 500) == (200, True), path
        assert asset.headers["x-content-type-options"] == "nosniff"
    assert "url: '/docs/auth/openapi.json'" in page


async def test_no_script_but_the_page_s_own_may_run(client: AsyncClient, page: str) -> None:
    """S-42"""
    policy = (await client.get("/docs/auth")).headers["content-security-policy"]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 1
    assert f"'sha256-{base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


@pytest.mark.parametrize(
    "path", ["../../../etc/passwd", "%2e%2e/%2e%2e/pyproject.toml", "", "nothing.js", "%00", "swagger-ui.css/x"]
)
async def test_the_assets_are_no_way_to_other_files(client: AsyncClient, path: str) -> None:
    reply = await client.get(f"/docs/auth/static/{path}")
    assert (reply.status_code, reply.headers["content-type"]) == (404, PROBLEM)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_fastapi_s_own_pages_are_not_there(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


def operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", found) for path, methods in schema["paths"].items() for method, found in methods.items()
    ]


def codes(operation: dict[str, Any], status: str) -> set[str]:
    found = operation["responses"][status]["content"][PROBLEM]["schema"]["properties"]["code"]["enum"]
    return set(found)


async def test_every_refusal_is_a_problem_with_codes(schema: dict[str, Any]) -> None:
    assert {"type", "title", "status", "detail", "code"} <= set(schema["components"]["schemas"]["Problem"]["required"])
    assert "HTTPValidationError" not in str(schema)
    for name, operation in operations(schema):
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == [PROBLEM], (name, status)
                assert codes(operation, status), (name, status)
        assert {"500", "503"} <= set(operation["responses"]), name


async def test_what_a_route_takes_tells_what_it_refuses(schema: dict[str, Any]) -> None:
    paths = schema["paths"]
    register, token, me = paths["/auth/register"]["post"], paths["/auth/token"]["post"], paths["/auth/me"]["get"]
    assert codes(register, "409") == {"email-taken"}
    body = {"malformed-body", "duplicate-names", "body-too-deep", "body-too-large"}
    assert codes(register, "422") == {"validation-failed"} | body
    assert codes(token, "422") == {"validation-failed"}
    assert {"400", "413", "415"} <= set(register["responses"])
    assert {"invalid-request", "unsupported-grant-type", "invalid-grant", "invalid-scope"} <= codes(token, "400")
    assert codes(token, "401") == {"invalid-client"}
    assert codes(me, "401") == {"sign-in-required", "invalid-token"}
    assert "201" in register["responses"]


async def test_every_answer_is_typed(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values():
                assert content["schema"], (name, status)
        assert operation["summary"], name


async def test_authorize_signs_in_at_the_token_route(schema: dict[str, Any]) -> None:
    user = schema["components"]["securitySchemes"]["user"]
    assert user["type"] == "oauth2"
    assert user["flows"]["password"]["tokenUrl"] == "/auth/token"
    assert schema["paths"]["/auth/me"]["get"]["security"] == [{"user": []}]
    assert "security" not in schema["paths"]["/auth/register"]["post"]


async def test_operation_ids_are_unique(schema: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(schema)]
    assert len(set(ids)) == len(ids)


async def test_passwords_are_marked_and_bounded(schema: dict[str, Any]) -> None:
    fields = schema["components"]["schemas"]["UserCreate"]["properties"]
    assert (fields["password"]["minLength"], fields["password"]["maxLength"]) == (8, 256)
    assert (fields["name"]["minLength"], fields["name"]["maxLength"]) == (1, 100)
    assert (fields["email"]["format"], fields["email"]["maxLength"]) == ("email", 254)
    assert schema["components"]["schemas"]["UserCreate"]["additionalProperties"] is False
