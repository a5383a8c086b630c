"""Every route of every app declares its access and all its answers."""

import secrets
from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import iter_route_contexts

from common.http.access import Access, public
from common.http.deps import CallingService, DbSession, MaybeSignedIn, ReadSession, SignedIn
from common.http.docs import declared_codes, describe
from common.http.routing import ServiceRoute, service_router
from common.tokens.claims import Principal
from deploy.services import DATABASES, REGISTRY, SERVICES

SECRETS = dict.fromkeys(
    ("database_password", "client_secret", "key_encryption_key", "refresh_key"), secrets.token_urlsafe(32)
)
METHODS = ("get", "put", "post", "delete", "patch")
VALUES: dict[str, Any] = {"database_url": "postgresql://x@127.0.0.1/x", **SECRETS}
OPEN = {"/livez", "/readyz", "/metrics"}
"""Routes that are no ServiceRoute: probes and metrics, which the gateway hides."""

IN_THE_OPEN = {
    "POST /auth/token",
    "POST /auth/revoke",
    "POST /auth/register",
    "POST /auth/verify-email/confirm",
    "POST /auth/password-reset",
    "POST /auth/password-reset/confirm",
    "POST /auth/email/confirm",
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /posts/{post_id}/comments",
    "GET /posts/{post_id}/comments/{comment_id}",
    "GET /posts/tags",
    "POST /api/users",
    "POST /api/users/login",
    "GET /api/tags",
}
"""Every `@public` route, so that an addition is visible in review."""


def app_of(service: str, **changes: Any) -> FastAPI:
    settings = import_module(f"{service}.config").Settings.model_validate({**VALUES, **changes})
    app: FastAPI = import_module(f"{service}.main").create_app(settings)
    return app


def routes(app: FastAPI) -> Iterator[Any]:
    return (context.original_route for context in iter_route_contexts(app.routes))


def operations(app: FastAPI) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in describe(app, internal=True)["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_says_who_may_use_it(service: str) -> None:
    """S-31: deny by default."""
    found = list(routes(app_of(service)))
    assert len(found) > 5
    for route in found:
        if not route.path.startswith(f"/docs/{service}") and route.path not in OPEN:
            assert isinstance(route, ServiceRoute), f"{route.path} is outside the house"
            assert (route.access is Access.SERVICES) == route.path.startswith("/internal/")


def test_the_routes_in_the_open_are_known() -> None:
    served = [route for service in SERVICES for route in routes(app_of(service)) if isinstance(route, ServiceRoute)]
    found = {f"{min(route.methods or ())} {route.path}" for route in served if route.access is Access.PUBLIC}
    paths = tuple(path for service in REGISTRY.values() for path in service.paths)
    assert found == {route for route in IN_THE_OPEN if route.split()[1].startswith(paths)}  # not of removed services


def test_a_route_without_one_policy_is_not_built() -> None:
    async def says_nothing(session: ReadSession) -> None: ...

    async def says_two_things(caller: SignedIn, guest: MaybeSignedIn) -> None: ...

    @public
    async def contradicts_itself(caller: Annotated[Principal, Depends(CallingService("posts"))]) -> None: ...

    for endpoint in (says_nothing, says_two_things, contradicts_itself):
        with pytest.raises(TypeError, match="must say once who may use it"):
            service_router("/x", "x").get("")(endpoint)


def test_a_route_that_creates_outside_the_requests_transaction_is_not_built() -> None:
    async def in_no_transaction(caller: SignedIn, session: ReadSession) -> None: ...

    async def in_one(caller: SignedIn, session: DbSession) -> None: ...

    with pytest.raises(TypeError, match="must work in DbSession"):
        service_router("/x", "x").post("", status_code=201)(in_no_transaction)
    service_router("/x", "x").post("", status_code=201)(in_one)


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_declares_what_follows_from_its_form(service: str) -> None:
    """`tests.contract` checks refusals by business rules, in each request of the other tests."""
    for name, operation in operations(app_of(service)):
        responses = operation["responses"]
        for status, response in responses.items():
            if status >= "400":
                assert declared_codes(response), f"{name} declares {status} without a code"
        expected = {"414", "429", "431", "500", "503"}
        expected |= {"400", "408", "413", "415", "422"} if "requestBody" in operation else set()
        expected |= {"401", "403"} if "security" in operation else set()
        headers = {one["name"].lower() for one in operation.get("parameters", ()) if one["in"] == "header"}
        expected |= {"304"} if "if-none-match" in headers else set()
        expected |= {"412"} if "if-match" in headers else set()
        expected |= {"409", "422"} if "idempotency-key" in headers else set()
        assert expected <= set(responses), name
        if service in DATABASES:  # others pass the key on
            assert ("idempotency-key" in headers) == ("201" in responses), name
