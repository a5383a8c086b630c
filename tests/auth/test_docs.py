"""auth's own OpenAPI document. tests/deploy/test_openapi.py tests that of all services."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from common.http.docs import declared_codes, describe


@pytest.fixture(scope="module")
def schema(app: FastAPI) -> dict[str, Any]:
    return describe(app)


def codes(operation: dict[str, Any], status: str) -> set[str]:
    return set(declared_codes(operation["responses"][status]))


@pytest.mark.parametrize("path", ["/docs", "/docs/auth", "/redoc", "/openapi.json"])
async def test_the_service_itself_shows_no_docs(client: AsyncClient, path: str) -> None:
    """S-43"""
    assert (await client.get(path)).status_code == 404


async def test_what_a_route_takes_tells_what_it_refuses(schema: dict[str, Any]) -> None:
    paths = schema["paths"]
    register, token, me = paths["/auth/register"]["post"], paths["/auth/token"]["post"], paths["/auth/me"]["get"]
    assert codes(register, "409") == {"email-taken", "request-in-progress"}
    body = {"malformed-body", "duplicate-names", "body-too-deep", "body-too-large"}
    own = {"validation-failed", "bad-idempotency-key", "idempotency-key-reused", "weak-password"}
    own |= {"special-use-domain", "address-needs-smtputf8"}
    assert codes(register, "422") == own | body
    assert codes(token, "422") == {"validation-failed"}
    assert {"400", "413", "415"} <= set(register["responses"])
    assert {"invalid-request", "unsupported-grant-type", "invalid-grant", "invalid-scope"} <= codes(token, "400")
    assert codes(token, "401") == {"invalid-client"}
    assert codes(me, "401") == {"sign-in-required", "invalid-token"}
    assert "201" in register["responses"]


async def test_refusals_of_the_token_route_also_speak_oauth(schema: dict[str, Any]) -> None:
    """RFC 6749, section 5.2"""
    required = schema["components"]["schemas"]["OAuthProblem"]["required"]
    assert {"error", "error_description", "code", "status"} <= set(required)
    for path in ("/auth/token", "/auth/revoke"):
        for status, response in schema["paths"][path]["post"]["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/json"], (path, status)
                content = response["content"]["application/json"]
                assert content["schema"] == {"$ref": "#/components/schemas/OAuthProblem"}
                for example in content["examples"].values():
                    assert {"error", "error_description"} <= example["value"].keys()
    token = schema["paths"]["/auth/token"]["post"]["responses"]["401"]["content"]["application/json"]
    assert token["examples"]["invalid-client"]["value"]["error"] == "invalid_client"


async def test_every_answer_is_typed(schema: dict[str, Any]) -> None:
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values():
                    assert content["schema"], (path, status)


async def test_internal_routes_are_described_only_when_asked_for(app: FastAPI, schema: dict[str, Any]) -> None:
    assert not any(path.startswith("/internal") for path in schema["paths"])
    assert "/internal/accounts/{account_id}" in describe(app, internal=True)["paths"]


async def test_passwords_are_marked_and_bounded(schema: dict[str, Any]) -> None:
    fields = schema["components"]["schemas"]["UserCreate"]["properties"]
    assert (fields["password"]["minLength"], fields["password"]["maxLength"]) == (8, 256)
    assert (fields["name"]["minLength"], fields["name"]["maxLength"]) == (1, 100)
    assert (fields["email"]["format"], fields["email"]["maxLength"]) == ("email", 254)
    assert schema["components"]["schemas"]["UserCreate"]["additionalProperties"] is False
