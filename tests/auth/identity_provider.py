"""A provider of OpenID Connect in this process, which can misbehave in each part of a flow; and a browser."""

import asyncio
import json
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from fastapi import FastAPI
from httpx import AsyncClient, Response
from jwt.algorithms import ECAlgorithm

from auth.config import Settings
from auth.main import create_app
from tests.auth.conftest import client_of
from tests.contract import Declared

ISSUER = "https://idp.example"
SECRET = "the client's secret + more"
DESCRIBED = {"name": "idp", "issuer": ISSUER, "client_id": "site", "client_secret": SECRET, "title": "Example"}


def new_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def unpadded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class IdentityProvider(httpx.AsyncBaseTransport):
    """Answers auth's calls. The attributes change what it says; `replies` replaces whole answers by path."""

    issuer: str = ISSUER
    person: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    """Replace those of the next ID tokens; None leaves one out, and a `timedelta` is a moment from now."""
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    replies: dict[str, Response] = field(default_factory=dict)
    pause: float = 0.0
    key: EllipticCurvePrivateKey = field(default_factory=new_key)
    signs_with: Any = None
    """Instead of the published key."""
    kid: str = "k1"
    asked: list[str] = field(default_factory=list)
    headers: set[str] = field(default_factory=set)
    """The names of all headers of all requests."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        fresh = IdentityProvider(self.issuer, key=self.key, kid=self.kid)
        self.__dict__.update({name: value for name, value in fresh.__dict__.items() if name != "asked"})

    async def handle_async_request(self, request: httpx.Request) -> Response:
        path = request.url.path
        self.asked.append(path)
        self.headers |= set(request.headers)
        if self.pause:
            await asyncio.sleep(self.pause)
        if path in self.replies:
            return self.replies[path]
        if path == "/.well-known/openid-configuration":
            return Response(200, json=self.described())
        if path == "/keys":
            public = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
            return Response(200, json={"keys": [{"kty": "oct", "k": "AAAA"}, {**public, "kid": self.kid}]})
        assert path == "/token", path
        return self.exchange(request)

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def consent(self, asked: dict[str, str]) -> dict[str, str]:
        """What the browser brings back from the provider's page."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def exchange(self, request: httpx.Request) -> Response:
        form = dict(parse_qsl(request.content.decode()))
        asked = self.codes.pop(form.get("code", ""), None)
        name, _, secret = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        fits = asked is not None and asked["code_challenge"] == unpadded(
            sha256(form["code_verifier"].encode()).digest()
        )
        if (name, unquote_plus(secret)) != ("site", SECRET):
            return Response(401, json={"error": "invalid_client"})
        if asked is None or not fits or form["redirect_uri"] != asked["redirect_uri"]:
            return Response(400, json={"error": "invalid_grant"})
        token = self.id_token(asked["nonce"])
        return Response(200, json={"access_token": "at-1", "token_type": "Bearer", "id_token": token})

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": "site",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "at_hash": unpadded(sha256(b"at-1").digest()[:16]),
        }
        told = {**usual, **self.person, **self.claims}
        claims = {name: from_now(now, value) for name, value in told.items() if value is not None}
        header = {"kid": self.kid, **self.header}
        algorithm = header.pop("alg", "ES256")
        key = self.signs_with if self.signs_with is not None else self.key
        return jwt.encode(claims, key, algorithm=algorithm, headers=header)


def from_now(now: int, value: Any) -> Any:
    """A time span as a moment; other values as they are."""
    return now + int(value.total_seconds()) if isinstance(value, timedelta) else value


def someone(**more: Any) -> dict[str, Any]:
    """A new person, as a provider knows them."""
    number = secrets.token_hex(6)
    return {"sub": number, "email": f"{number}@people.example", "email_verified": True, "name": "Ada", **more}


@dataclass
class Browser:
    """A browser, with its cookies, on the site's page."""

    client: AsyncClient
    provider: IdentityProvider

    async def begin(self, **query: str) -> dict[str, str]:
        """Press the provider's button. Returns what the provider is asked."""
        reply = await self.client.get("/auth/providers/idp/authorize", params=query)
        assert reply.status_code == 302, reply.text
        return dict(parse_qsl(urlsplit(reply.headers["location"]).query))

    async def arrive(self, told: dict[str, str], name: str = "idp") -> dict[str, str]:
        """Come back to the site. Returns what the page's address says."""
        reply = await self.client.get(f"/auth/providers/{name}/callback", params=told)
        assert reply.status_code == 303, reply.text
        page, _, fragment = reply.headers["location"].partition("#")
        assert page == "http://127.0.0.1:8000/"
        return {name: value for name, (value,) in parse_qs(fragment, strict_parsing=True).items()}

    async def visit(self) -> dict[str, str]:
        """A whole flow, up to the page."""
        return await self.arrive(self.provider.consent(await self.begin()))

    async def redeem(self, said: dict[str, str]) -> Response:
        return await self.client.post("/auth/sign-in/provider", json={"code": said["provider-code"]})

    async def sign_in(self) -> dict[str, Any]:
        """Returns the tokens."""
        reply = await self.redeem(await self.visit())
        assert reply.status_code == 200, reply.text
        tokens: dict[str, Any] = reply.json()
        return tokens


@asynccontextmanager
async def site(settings: Settings, provider: httpx.AsyncBaseTransport, **more: Any) -> AsyncIterator[FastAPI]:
    """auth with the provider, or with those given as settings."""
    with_providers = Settings.model_validate({**settings.model_dump(), "providers": [DESCRIBED], **more})
    app = create_app(with_providers, transport=provider)
    async with app.router.lifespan_context(app):
        await app.state.keys.load()
        await app.state.revoked.read()
        yield app


@asynccontextmanager
async def browser_of(app: FastAPI, provider: IdentityProvider) -> AsyncIterator[Browser]:
    """A browser of its own. Every answer it gets is declared."""
    declared = Declared(app)
    async with client_of(declared) as client:
        yield Browser(client, provider)
    assert declared.undeclared == []
