"""All kinds of callers of users and posts, for their authorization matrices (`tests/matrix.py`)."""

import time
from collections.abc import Callable, Mapping

from fastapi import FastAPI
from httpx import AsyncClient

from common.services import AUDIENCES
from common.tokens.scopes import KEY_SCOPES
from tests.forgeries import bearer
from tests.matrix import Headers
from tests.peers import Peers, ended, revoked

PEOPLE = ("owner", "other", "block", "moder", "admin")


async def callers(app: FastAPI, client: AsyncClient, peers: Peers, service: str) -> tuple[dict[str, int], Headers]:
    """Accounts with valid tokens by their kind, and the headers of all callers.

    The admin also has roles that only look like services' rights. `stray` has a token for another service. `key` is an
    API key of the owner with all scopes.
    """
    issuer, people = peers.issuer, {kind: peers.new_account(kind) for kind in (*PEOPLE, "disabled", "signed out")}
    claims = {kind: issuer.claims(account) for kind, account in people.items()}
    claims["moder"]["roles"], claims["admin"]["roles"] = ["moderator"], ["admin", "internal", "svc:auth"]
    tokens = {kind: bearer(issuer.sign(theirs)) for kind, theirs in claims.items()}
    news = [revoked(people.pop("disabled"), int(time.time()) + 1), ended(claims["signed out"]["sid"])]
    told = await client.post("/internal/events", json={"events": news}, headers=issuer.service("auth", service))
    assert told.status_code == 204, told.text
    await app.state.revoked.read()  # in production every second
    del people["signed out"]
    return people, {
        "anon": [{}],
        **{kind: [tokens[kind]] for kind in PEOPLE},
        "gone": [tokens["disabled"], tokens["signed out"]],
        **{caller: [issuer.service(caller, service)] for caller in AUDIENCES},
        "key": [keys_of(peers, people["owner"])(" ".join({*KEY_SCOPES, f"{service}:read", f"{service}:write"}))],
        "stray": [issuer.service("another", "auth")],
    }


def keys_of(peers: Peers, account_id: int) -> Callable[[str], Mapping[str, str]]:
    """The headers of requests with an account's API keys, by their scopes."""

    def with_scopes(scopes: str) -> Mapping[str, str]:
        claims = peers.issuer.claims(account_id) | {"client_id": "key", "scope": scopes}
        return bearer(peers.issuer.sign(claims))

    return with_scopes
