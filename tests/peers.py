"""Stubs of the other services for users and posts: HTTP answers from plain values."""

import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk, jwt

from common.events.revocations import LONGEST
from common.services import AUDIENCES
from common.tokens.claims import ALGORITHM, Principal
from common.tokens.known_keys import PublicKey

ISSUER = "http://127.0.0.1:8000"


@dataclass
class Issuer:
    """Signs access tokens as auth does."""

    kid: str = field(default_factory=lambda: uuid.uuid4().hex)
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        pem = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.key = jwk.construct(pem.decode(), ALGORITHM)

    @property
    def public(self) -> PublicKey:
        numbers = jwk.construct(self.key.public_key().to_dict(), ALGORITHM).to_dict()
        return PublicKey(kid=self.kid, x=text(numbers["x"]), y=text(numbers["y"]))

    def claims(self, account_id: int, *roles: str) -> dict[str, Any]:
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + 300}
        about = {"sub": str(account_id), "client_id": "trivium", "scope": "api", "sid": str(uuid.uuid4())}
        aud = list(AUDIENCES)
        return {"iss": ISSUER, "aud": aud, "jti": uuid.uuid4().hex, "roles": list(roles), **about, **times}

    def service_claims(self, service: str, audience: str) -> dict[str, Any]:
        claims = self.claims(1) | {"sub": f"svc:{service}", "client_id": f"svc:{service}", "scope": "internal"}
        del claims["sid"]
        return claims | {"aud": [audience]}

    def sign(self, claims: dict[str, Any], **header: str) -> str:
        return jwt.encode(claims, self.key, ALGORITHM, headers={"typ": "at+jwt", "kid": self.kid, **header})

    def person(self, account_id: int, *roles: str) -> dict[str, str]:
        """The header of a request by a signed-in person."""
        return {"Authorization": f"Bearer {self.sign(self.claims(account_id, *roles))}"}

    def service(self, service: str, audience: str) -> dict[str, str]:
        """The header of a request by another service."""
        return {"Authorization": f"Bearer {self.sign(self.service_claims(service, audience))}"}


def text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def event(type_: str, data: dict[str, Any], *key: int, version: int = 1) -> dict[str, Any]:
    """A state event in its wire format."""
    subject = ":".join((type_, *map(str, key)))
    told = {"id": f"{subject}@{version}", "type": type_, "subject": subject, "version": version}
    return {**told, "occurred_at": "2026-01-02T03:04:05Z", "data": data}


def ended(sid: str, lasting: timedelta = LONGEST) -> dict[str, Any]:
    """The event that a session has ended."""
    told = event("session", {"until": (datetime.now(UTC) + lasting).isoformat()})
    return told | {"type": "session.ended", "subject": f"session:{sid}", "id": f"session:{sid}@1"}


def revoked(account_id: int, not_before: int) -> dict[str, Any]:
    """The event that an account's tokens are valid only from a moment on."""
    told = event("account", {"not_before": not_before}, account_id, version=max(1, not_before))
    return told | {"type": "tokens.revoked"}


def gone(account_id: int, status: str = "deleting", version: int = 2) -> dict[str, Any]:
    """The event that an account was deleted."""
    return event("account", {"email": "", "name": "", "roles": [], "status": status}, account_id, version=version)


def erased(account_id: int, service: str) -> dict[str, Any]:
    """The event that a service has erased an account."""
    return event("account", {"service": service}, account_id) | {"type": "account.erased"}


def removal(event_id: uuid.UUID, kind: str, thing: int, author: int | None, moderator: int) -> dict[str, Any]:
    """The event that a moderator has removed a post or comment."""
    told = event("moderation", {"kind": kind, "id": thing, "author": author, "moderator": moderator})
    return told | {"subject": f"moderation:{event_id}", "id": f"moderation:{event_id}@1"}


Told = dict[tuple[int, ...], dict[str, Any]]
"""An owner's events by the numbers in their subjects."""


def page(told: Told, params: httpx.QueryParams) -> dict[str, Any]:
    """The requested part of an owner's list, as an EventPage."""
    after, limit = tuple(int(number) for number in params.get("after", "0").split(":")), int(params["limit"])
    keys = sorted(key for key in told if key > after)[:limit]
    last = ":".join(map(str, keys[-1])) if len(keys) == limit else None
    return {"events": [told[key] for key in keys], "next": last}


GONE: Final[dict[str, Any]] = {"code": "account-gone"}
"""Instead of a page of an export: the account was deleted."""


class Peers(httpx.AsyncBaseTransport):
    """The other services. `away` makes all of them unreachable."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.away = False
        self.accounts: dict[int, dict[str, Any]] = {}
        self.profiles: dict[int, dict[str, Any]] = {}
        self.lists: dict[str, Callable[[httpx.QueryParams], dict[str, Any]]] = {}
        """Answers to requests for all subjects of an owner, page by page, by path."""
        self.exports: dict[int, dict[str, Any]] = {}
        """A port's export pages of an account, by `after`; empty by default."""
        self.before_page: Callable[[str], Awaitable[None]] | None = None
        """Called before such a page is answered, with its `after`."""
        self.asked: list[str] = []
        # long numbers: `tests.events.naming` would find short ones in keys and hashes
        self._ids = iter(range(4_100_000_000, 5_000_000_000))

    def new_account(self, name: str = "Ada") -> int:
        """A new account that has made no request since its sign-up."""
        account_id = next(self._ids)
        email = f"person{account_id}@example.com"
        account = {"email": email, "name": name, "roles": [], "status": "active"}
        self.accounts[account_id] = event("account", account, account_id)
        self.profiles[account_id] = event("profile", {"name": name, "avatar_url": None}, account_id)
        return account_id

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.away:
            raise httpx.ConnectError("away", request=request)
        if request.url.path.startswith("/internal/export/"):
            pages = self.exports.get(request.url.port or 0, {"": {"sections": {"account": []}, "next": None}})
            after = request.url.params.get("after", "")
            if self.before_page:
                await self.before_page(after)
            page = pages.get(after)
            return httpx.Response(404 if page == GONE else 200 if page else 503, json=page)
        status, body = self.answer(request.url.path, request.url.params)
        return httpx.Response(status, json=body)

    def answer(self, path: str, params: httpx.QueryParams) -> tuple[int, Any]:
        area, _, last = path.rpartition("/")
        match area:
            case "/.well-known":
                return 200, {"keys": [self.issuer.public.model_dump()]}
            case "/auth":
                return 200, {"access_token": "a-service-token", "expires_in": 300}
            case "/internal" if path in self.lists and "ids" not in params:
                return 200, self.lists[path](params)
            case "/internal/accounts" if int(last) in self.accounts:
                return 200, self.accounts[int(last)]
            case "/internal" if last == "profiles" and "ids" in params:
                wanted = [int(one) for one in params["ids"].split(",")]
                return 200, {"events": [self.profiles[one] for one in wanted if one in self.profiles], "next": None}
        return 404, {}


class NothingRevoked:
    """`common.tokens.verifier.Revocations` without revocations."""

    def refuses(self, principal: Principal) -> bool:
        return False
