"""Every route of every app declares its access and all its answers."""

import re
import secrets
from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Match

from common.http.access import Access, for_keys, public
from common.http.deps import CallingService, DbSession, MaybeSignedIn, ReadSession, SignedIn, WithRole
from common.http.docs import declared_codes, describe
from common.http.routing import ServiceRoute, SmallBodyRoute, service_router
from common.tokens.claims import Principal
from common.tokens.scopes import KEY_SCOPES
from deploy.services import DATABASES, REGISTRY, SERVICES

SECRETS = dict.fromkeys(
    ("database_password", "client_secret", "key_encryption_key", "refresh_key"), secrets.token_urlsafe(32)
)
METHODS = ("get", "put", "post", "delete", "patch")
VALUES: dict[str, Any] = {"database_url": "postgresql://x@127.0.0.1/x", **SECRETS}
OPEN = {"/livez", "/readyz", "/metrics"}
"""Routes that are no ServiceRoute: probes and metrics, which the gateway hides."""

IN_THE_OPEN = {
    "POST /auth/sign-in",
    "POST /auth/sign-in/second-factor",
    "GET /.well-known/passkey-endpoints",
    "GET /.well-known/webauthn",
    "GET /auth/providers",
    "GET /auth/providers/{name}/authorize",
    "GET /auth/providers/{name}/callback",
    "GET /auth/sign-in",
    "POST /auth/providers/{name}/callback",
    "POST /auth/sign-in/mail-code",
    "POST /auth/sign-in/mail-code/confirm",
    "POST /auth/sign-in/passkey",
    "POST /auth/sign-in/passkey/options",
    "POST /auth/sign-in/provider",
    "POST /auth/token",
    "POST /auth/revoke",
    "POST /auth/register",
    "POST /auth/keys/leaked",
    "POST /auth/verify-email/confirm",
    "POST /auth/password-reset",
    "POST /auth/password-reset/confirm",
    "POST /auth/email/confirm",
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /users/pictures/{file}",
    "PUT /users/pictures/{name}/original",  # by its signed link
    "GET /posts/pictures/{file}",  # only with posts
    "PUT /posts/pictures/{name}/original",  # only with posts
    "GET /posts/{post_id}/comments/{comment_id}",  # only with posts
    "GET /posts/feeds/latest.atom",  # only with posts
    "GET /posts/feeds/people/{author_id}.atom",  # only with posts
    "GET /posts/feeds/tags/{tag}.atom",  # only with posts
    "GET /posts/tags",  # only with posts
    "POST /api/users",  # only with conduit
    "POST /api/users/login",  # only with conduit
    "GET /api/tags",  # only with conduit
}
"""Every `@public` route, so that an addition is visible in review."""

NEVER_REPEATED = {"POST /auth/keys"}
"""Routes that create, and whose answers hold a secret and so are never stored."""


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


@pytest.mark.parametrize("service", SERVICES)
def test_a_path_with_a_newline_at_its_end_is_another_one(service: str) -> None:
    """It would have another priority than its route (R-17), and pass limits of a proxy on that path."""
    for route in routes(app_of(service)):
        path = re.sub(r"\{\w+\}", "7", route.path)
        given = {"type": "http", "method": min(route.methods), "path": path, "headers": []}
        assert route.matches(given)[0] is Match.FULL, path
        if isinstance(route, ServiceRoute) and not route.path.endswith("}"):
            assert route.matches({**given, "path": f"{path}\n"})[0] is Match.NONE, path


def test_the_routes_in_the_open_are_known() -> None:
    served = [route for service in SERVICES for route in routes(app_of(service)) if isinstance(route, ServiceRoute)]
    found = {f"{min(route.methods or ())} {route.path}" for route in served if route.access is Access.PUBLIC}
    paths = tuple(path for service in REGISTRY.values() for path in service.paths)
    assert found == {route for route in IN_THE_OPEN if route.split()[1].startswith(paths)}  # not of removed services


def test_admins_reach_the_parked_events_of_every_service_with_a_database() -> None:
    for service in DATABASES:
        paths = {route.path for route in routes(app_of(service))}
        for path in ("", "/replay", "/drop"):
            wanted = f"/{service}/admin/parked-events{path}"
            assert wanted in paths, f"{service}/main.py lacks parked_events_router: {wanted}"


def test_a_route_without_one_policy_is_not_built() -> None:
    async def says_nothing(session: ReadSession) -> None: ...

    async def says_two_things(caller: SignedIn, guest: MaybeSignedIn) -> None: ...

    @public
    async def contradicts_itself(caller: Annotated[Principal, Depends(CallingService("posts"))]) -> None: ...

    for endpoint in (says_nothing, says_two_things, contradicts_itself):
        with pytest.raises(TypeError, match="must say once who may use it"):
            service_router("/x", "x").get("")(endpoint)


def test_keys_get_two_scopes_for_each_service_but_not_over_their_account() -> None:
    assert {*KEY_SCOPES, "auth:write"} == {f"{service}:{verb}" for service in DATABASES for verb in ("read", "write")}
    assert "auth:write" not in KEY_SCOPES


def test_a_route_derives_the_scope_of_keys_unless_it_is_closed_to_them() -> None:
    async def own(caller: SignedIn) -> None: ...

    async def anybodys(caller: MaybeSignedIn) -> None: ...

    @for_keys(False)
    async def closed(caller: SignedIn) -> None: ...

    @for_keys(True)
    async def opened(caller: SignedIn) -> None: ...

    async def for_admins(caller: Annotated[Principal, Depends(WithRole("admin"))]) -> None: ...

    @public
    async def for_all() -> None: ...

    found = []
    for route_class in (ServiceRoute, SmallBodyRoute):
        for endpoint in (own, anybodys, closed, opened, for_admins, for_all):
            router = service_router("/x", "x", route_class)
            router.get("")(endpoint)
            router.put("")(endpoint)
            found.append([route.key_scope("posts") for route in router.routes if isinstance(route, ServiceRoute)])
    both, none = ["posts:read", "posts:write"], [None, None]
    assert found == [both, both, none, both, none, none, none, none, none, both, none, none]


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
        if service in DATABASES and name not in NEVER_REPEATED:  # others pass the key on
            assert ("idempotency-key" in headers) == ("201" in responses), name
