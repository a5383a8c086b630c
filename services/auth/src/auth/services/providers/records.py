"""Records of signing in by a provider."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


def base64url(raw: bytes) -> str:
    """Without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Question:
    """What a provider is asked for. `nonce` and `verifier` follow from the state, under the secret of the browser.

    So they are stored nowhere. Neither the database nor a copied address is enough to make them: only the browser's
    cookie holds its secret (OpenID Connect Core, section 15.5.2).
    """

    redirect_uri: str
    state: str = field(repr=False)
    browser: str = field(repr=False)

    def _derived(self, purpose: str) -> str:
        return base64url(hmac.digest(self.browser.encode(), f"{purpose}\0{self.state}".encode(), "sha256"))

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """The code verifier of PKCE (RFC 7636)."""
        return self._derived("code verifier")

    @property
    def challenge(self) -> str:
        """The verifier's S256."""
        return base64url(hashlib.sha256(self.verifier.encode()).digest())


@dataclass(frozen=True, slots=True)
class Answer:
    """The parameters with which a provider sends a browser back (RFC 6749, section 4.1.2; RFC 9207)."""

    state: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    iss: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of somebody."""

    subject: str
    """Theirs for ever, at this provider."""
    email: str | None = None
    """As `normal_email` writes it."""
    email_verified: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A started flow."""

    provider: str
    return_to: str
    account_id: int | None = None
    """The account to link; None: a sign-in."""
    session_id: UUID | None = None
    """The session that asked for the link."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An account's identity at a provider."""

    account_id: int
    provider: str
    subject: str
    email: str | None
    """As the provider told it last; it says nothing about the account's address."""
    created_at: datetime
    last_used_at: datetime
