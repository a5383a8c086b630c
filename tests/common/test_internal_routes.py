"""Every internal route of every service names its callers and refuses everybody else (S-28, S-29)."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient

import auth.config
import auth.main
import posts.config
import posts.main
import users.config
import users.main
from common.deps import CallingService
from common.jwks import parse
from common.tokens import TokenVerifier
from tests.peers import ISSUER, Issuer, NothingRevoked, Peers

NOWHERE = {"database_url": "postgresql://nobody@127.0.0.1:1/none", "database_password": secrets.token_urlsafe(32)}
SECRETS = {name: secrets.token_urlsafe(32) for name in ("client_secret", "key_encryption_key", "refresh_key")}
SERVICES = ("auth", "users", "posts")


def make_auth() -> FastAPI:
    return auth.main.create_app(auth.config.Settings.model_validate({**NOWHERE, **SECRETS}))


def make_users() -> FastAPI:
    return users.main.create_app(users.config.Settings.model_validate({**NOWHERE, **SECRETS}), Peers())


def make_posts() -> FastAPI:
    return posts.main.create_app(posts.config.Settings.model_validate({**NOWHERE, **SECRETS}), Peers())


MAKE: dict[str, Callable[[], FastAPI]] = {"auth": make_auth, "users": make_users, "posts": make_posts}


def internal_routes(app: FastAPI) -> list[APIRoute]:
    """They stand in the routers that the app includes, prefix and all."""
    routers = [included.original_router for included in app.routes if hasattr(included, "original_router")]
    routes = [route for router in routers for route in router.routes]
    return [route for route in routes if isinstance(route, APIRoute) and route.path.startswith("/internal")]


def callers_of(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, CallingService):
        yield from dependant.call.callers
    for below in dependant.dependencies:
        yield from callers_of(below)


class OneKey:
    """`Keys` with the issuer's."""

    def __init__(self, issuer: Issuer) -> None:
        self._keys = parse([issuer.public])

    async def find(self, kid: str) -> object:
        return self._keys.get(kid)

    def knows(self, kid: str) -> bool:
        return kid in self._keys


@asynccontextmanager
async def client_of(app: FastAPI, service: str, issuer: Issuer) -> AsyncIterator[AsyncClient]:
    """A client of the app, which has no database: a refused request needs none."""
    async with app.router.lifespan_context(app):
        app.state.verifier = TokenVerifier(OneKey(issuer), NothingRevoked(), issuer=ISSUER, audience=service)  # type: ignore[arg-type]
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url=f"http://{service}.test") as client:
            yield client


@pytest.mark.parametrize("service", SERVICES)
async def test_internal_routes_refuse_all_but_their_callers(service: str) -> None:
    app, issuer = MAKE[service](), Issuer()
    async with client_of(app, service, issuer) as client:
        for route in internal_routes(app):
            callers = {caller.removeprefix("svc:") for caller in callers_of(route.dependant)}
            assert callers, f"{route.path} names no callers"
            assert callers < {*SERVICES}, f"{route.path} is for other services"
            assert service not in callers
            refused = [
                ("anonymous", {}, 401, "sign-in-required"),
                ("a person", issuer.person(7), 403, "not-for-this-caller"),
                ("an admin", issuer.person(7, "admin", "internal", "svc:users"), 403, "not-for-this-caller"),
                *(
                    (f"svc:{other}", issuer.service(other, service), 403, "not-for-this-caller")
                    for other in {*SERVICES, "mailer"} - callers
                ),
                *(
                    (
                        f"svc:{caller} with a token for {audience}",
                        issuer.service(caller, audience),
                        401,
                        "invalid-token",
                    )
                    for caller in callers
                    for audience in {*SERVICES} - {service}
                ),
            ]
            path = route.path_format.format_map(dict.fromkeys(route.param_convertors, "1"))
            for method in route.methods or ():
                for who, headers, status, code in refused:
                    reply = await client.request(method, path, headers=headers, json={})
                    told = (reply.status_code, reply.json()["code"])
                    assert told == (status, code), f"{method} {path} by {who}: {reply.text}"


def test_there_are_internal_routes() -> None:
    """So that the test above looks at something."""
    assert sum(len(internal_routes(MAKE[service]())) for service in SERVICES) >= 3
