"""Checks ID tokens (OpenID Connect Core, section 3.1.3.7)."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auth.clients.providers.discovery import VerifyingKey
from auth.services.providers.errors import FlowRefused, Reason
from auth.services.providers.records import base64url

ALGORITHMS: Final = {
    "RS256": "sha256",
    "PS256": "sha256",
    "ES256": "sha256",
    "ES384": "sha384",
    "Ed25519": "sha512",
    "EdDSA": "sha512",
}
"""Accepted signatures, and the hash of `at_hash`. Never `none`, and none whose key is a shared secret."""
LEEWAY: Final = 60
"""Seconds by which the provider's clock may differ."""
OLDEST: Final = 3600
"""Seconds since the issue: the token has just been made for this flow."""
MAX_TOKEN: Final = 32 * 1024

Time = Annotated[int | float, Field(ge=0, le=2**40, allow_inf_nan=False)]


class IdClaims(BaseModel):
    """The claims that are checked, and what is read besides."""

    model_config = ConfigDict(strict=True)

    iss: str
    sub: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")]
    aud: str | list[str]
    exp: Time
    iat: Time
    nbf: Time = 0
    nonce: str
    azp: str | None = None
    at_hash: str | None = None
    email: Any = None
    email_verified: Any = None
    xms_edov: Any = None
    name: Any = None


@dataclass(frozen=True, slots=True)
class IdTokens:
    """Checks the ID tokens of one provider. `now` is in seconds since 1970."""

    issuer: str
    client_id: str
    key: Callable[[str | None], Awaitable[VerifyingKey | None]]
    now: Callable[[], float]

    async def check(self, token: str, nonce: str, access_token: str) -> IdClaims:
        """The claims of a genuine token for this flow. Raises FlowRefused."""
        algorithm, kid = header_of(token)
        key = await self.key(kid)
        if key is None:
            raise FlowRefused(Reason.bad_answer, "unknown key")
        try:
            payload = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError) as error:
            raise FlowRefused(Reason.bad_answer, f"ID token: {type(error).__name__}") from None
        try:
            claims = IdClaims.model_validate(payload)
        except ValidationError as error:
            wrong = ", ".join(str(item["loc"][0]) for item in error.errors())
            raise FlowRefused(Reason.bad_answer, f"ID token: {wrong}") from None
        for name, is_right in self._rules(claims, nonce, access_token, algorithm).items():
            if not is_right:
                raise FlowRefused(Reason.bad_answer, f"ID token: {name}")
        return claims

    def _rules(self, claims: IdClaims, nonce: str, access_token: str, algorithm: str) -> dict[str, bool]:
        now = self.now()
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        return {
            "iss": claims.iss == self.issuer,
            "aud": self.client_id in audiences,
            "azp": claims.azp == self.client_id if claims.azp is not None else len(audiences) == 1,
            "exp": now < claims.exp + LEEWAY,
            "iat": now - OLDEST < claims.iat < now + LEEWAY,
            "nbf": claims.nbf < now + LEEWAY,
            "nonce": hmac.compare_digest(claims.nonce.encode(), nonce.encode()),
            "at_hash": claims.at_hash is None or claims.at_hash == half_hash(access_token, algorithm),
        }


def header_of(token: str) -> tuple[str, str | None]:
    """Algorithm and key id, before anything is trusted."""
    if len(token) > MAX_TOKEN:
        raise FlowRefused(Reason.bad_answer, "ID token: too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError) as error:
        raise FlowRefused(Reason.bad_answer, f"ID token: {type(error).__name__}") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or "crit" in header:
        raise FlowRefused(Reason.bad_answer, "ID token: algorithm")
    if not isinstance(kid, str | None):
        raise FlowRefused(Reason.bad_answer, "ID token: kid")
    return algorithm, kid


def half_hash(access_token: str, algorithm: str) -> str:
    """OpenID Connect Core, section 3.1.3.6."""
    digest = hashlib.new(ALGORITHMS[algorithm], access_token.encode()).digest()
    return base64url(digest[: len(digest) // 2])
