"""auth's own tokens for calls to other services."""

import time

from fastapi import FastAPI

from auth.clients.self_signed_tokens import SelfSignedTokens
from auth.config import Settings
from auth.services.sessions.access_tokens import AccessTokens
from common.tokens.verifier import TokenVerifier


async def test_auth_mints_its_own_tokens_for_one_audience_each(app: FastAPI, settings: Settings) -> None:
    """S-28"""
    now = time.time() - 250
    tokens = SelfSignedTokens(AccessTokens(app.state.keys, settings.issuer, settings.access_ttl), clock=lambda: now)
    users, other = [
        TokenVerifier(app.state.keys, app.state.revoked, issuer=settings.issuer, audience=name)
        for name in ("users", "another")
    ]
    token = await tokens.token_for("users")
    caller = await users.verify(token)
    assert (caller.subject, caller.scope, caller.roles) == ("svc:auth", "internal", ())
    assert (await other.verify(await tokens.token_for("another"))).subject == "svc:auth"
    assert await tokens.token_for("users") == token, "made once"
    now += settings.access_ttl.total_seconds() * 0.8
    renewed = await tokens.token_for("users")
    assert renewed != token
    assert (await users.verify(renewed)).issued_at == int(now)
    assert tokens.forget("users", token)
    assert await tokens.token_for("users") == renewed, "another one was refused"
    assert tokens.forget("users", renewed)
    assert await tokens.token_for("users") != renewed
