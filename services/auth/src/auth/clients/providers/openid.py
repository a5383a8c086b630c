"""Providers that speak OpenID Connect: the code flow with PKCE."""

import base64
import hmac
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import BaseModel, Field, TypeAdapter

from auth.clients.providers.calls import ProviderCalls
from auth.clients.providers.discovery import Discovery, Metadata
from auth.clients.providers.id_tokens import MAX_TOKEN, IdTokens
from auth.services.providers.errors import FlowRefused, Reason
from auth.services.providers.records import Answer, Question, Told
from auth.services.providers.settings import ProviderSettings
from common.email_addresses import normal_email

APPLE_SECRET_LIVES: Final = 300
"""Seconds; Apple accepts up to six months."""


class TokenAnswer(BaseModel):
    """OpenID Connect Core, section 3.1.3.3."""

    access_token: str = Field(min_length=1, max_length=MAX_TOKEN, repr=False, pattern=r"^[\x21-\x7e]+$")
    id_token: str = Field(min_length=1, max_length=MAX_TOKEN, repr=False)


class UserInfo(BaseModel):
    """OpenID Connect Core, section 5.3.2."""

    sub: str
    email: Any = None
    email_verified: Any = None
    name: Any = None


TOKENS: Final = TypeAdapter(TokenAnswer)
USER: Final = TypeAdapter(UserInfo)


class OpenIDProvider:
    """`Provider` for OpenID Connect."""

    def __init__(self, settings: ProviderSettings, calls: ProviderCalls, now: Callable[[], float]) -> None:
        self._settings = settings
        self._calls = calls
        self._discovery = Discovery(calls, settings.issuer)
        self._id_tokens = IdTokens(settings.issuer, settings.client_id, self._discovery.key, now)

    @property
    def links_addresses(self) -> bool:
        return self._settings.links_addresses

    async def address(self, question: Question) -> str:
        metadata = await self._discovery.metadata()
        parameters = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": question.redirect_uri,
            "scope": " ".join(self._settings.scopes),
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": question.challenge,
            "code_challenge_method": "S256",
        }
        if self._settings.preset == "apple":
            parameters["response_mode"] = "form_post"  # Apple insists, where a scope asks for more than the subject
        return with_query(metadata.authorization_endpoint, parameters)

    async def identify(self, answer: Answer, question: Question) -> Told:
        metadata = await self._discovery.metadata()
        self._check_iss(metadata, answer.iss)
        if answer.code is None:
            raise FlowRefused(Reason.bad_answer, "no code")
        tokens = await self._exchange(metadata, answer.code, question)
        claims = await self._id_tokens.check(tokens.id_token, question.nonce, tokens.access_token)
        if claims.email is None and metadata.userinfo_endpoint is not None:
            headers = {"Authorization": f"Bearer {tokens.access_token}"}
            user = await self._calls.ask(USER, "GET", metadata.userinfo_endpoint, headers=headers)
            if user.sub != claims.sub:  # section 5.3.2: such an answer is somebody else's
                raise FlowRefused(Reason.bad_answer, "userinfo: sub")
            verified = None if self._is_microsoft else user.email_verified
            return told(claims.sub, user.email, self._verified(verified), user.name or claims.name)
        verified = claims.xms_edov if self._is_microsoft else claims.email_verified
        return told(claims.sub, claims.email, self._verified(verified), claims.name)

    @property
    def _is_microsoft(self) -> bool:
        return self._settings.preset == "microsoft"

    def _verified(self, claim: Any) -> bool:
        """What a claim says. Some write `true` as a text; every other value is no.

        Microsoft takes any address into an account. Whether its domain belongs to the tenant it tells only in ID
        tokens, by the claim `xms_edov`, as `true` or as `1`, both also as texts. Its userinfo proves nothing.
        """
        if self._is_microsoft:
            return str(claim).lower() in ("true", "1")
        return claim is True or claim == "true"

    def _check_iss(self, metadata: Metadata, given: str | None) -> None:
        """RFC 9207: whose answer it is, against mix-up."""
        if given is None and not metadata.authorization_response_iss_parameter_supported:
            return
        if given is None or not hmac.compare_digest(given.encode(), self._settings.issuer.encode()):
            raise FlowRefused(Reason.bad_answer, "iss")

    async def _exchange(self, metadata: Metadata, code: str, question: Question) -> TokenAnswer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": question.redirect_uri,
            "code_verifier": question.verifier,
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        secret = self._secret()
        methods = metadata.token_endpoint_auth_methods_supported
        if secret is not None and "client_secret_basic" in methods:
            headers["Authorization"] = basic(self._settings.client_id, secret)
        else:
            form["client_id"] = self._settings.client_id
            if secret is not None:
                form["client_secret"] = secret
        return await self._calls.ask(TOKENS, "POST", metadata.token_endpoint, content=urlencode(form), headers=headers)

    def _secret(self) -> str | None:
        settings = self._settings
        if settings.client_secret is None:
            return None
        secret = settings.client_secret.get_secret_value()
        return apple_secret(settings, secret) if settings.preset == "apple" else secret


def told(subject: str, email: Any, verified: bool, name: Any) -> Told:
    """What a provider says. An address that is none is not verified."""
    address = normal_email(email) if isinstance(email, str) else None
    return Told(subject, address, verified and address is not None, name if isinstance(name, str) else None)


def with_query(endpoint: str, parameters: dict[str, str]) -> str:
    """An endpoint may have a query already (RFC 6749, section 3.1)."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def basic(client_id: str, secret: str) -> str:
    """RFC 6749, section 2.3.1: both parts are encoded first."""
    return f"Basic {base64.b64encode(f'{quote_plus(client_id)}:{quote_plus(secret)}'.encode()).decode()}"


def apple_secret(settings: ProviderSettings, private_key: str) -> str:
    """Apple's client secret: a token under the developer's key."""
    now = int(time.time())
    claims = {
        "iss": settings.team_id,
        "iat": now,
        "exp": now + APPLE_SECRET_LIVES,
        "aud": settings.issuer,
        "sub": settings.client_id,
    }
    return jwt.encode({"alg": "ES256", "kid": settings.key_id}, claims, ECKey.import_key(private_key))
