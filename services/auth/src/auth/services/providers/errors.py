"""Errors of signing in by a provider."""

from enum import StrEnum

from common.errors import DependencyUnavailable, DomainError, InvalidInput, NotFound


class ProviderNotFound(NotFound):
    """No provider has this name."""

    code = "provider-not-found"


class ProviderUnavailable(DependencyUnavailable):
    """The provider does not answer just now."""

    code = "provider-unavailable"


class ReturnNotListed(InvalidInput):
    """The page to return to is not one of this site's."""

    code = "return-not-listed"


class ProviderCodeNotValid(DomainError):
    """The code is unknown, used, expired, or another browser's; or its account may not sign in."""

    code = "provider-code-not-valid"


class IdentityNotFound(NotFound):
    """The caller's account is not linked with this provider."""

    code = "identity-not-found"


class Reason(StrEnum):
    """Why a flow ended without a sign-in. Pages get it in their address, so values never change."""

    not_valid = "flow-not-valid"
    """The flow is unknown, used, expired, of another browser, or of a session that has ended."""
    denied = "access-denied"
    """The person, or the provider on their behalf, said no."""
    refused = "provider-refused"
    unavailable = "provider-unavailable"
    bad_answer = "provider-answer-not-valid"
    not_verified = "address-not-verified"
    not_accepted = "address-not-accepted"
    taken = "address-taken"
    """An account has the address, and may not be linked without its owner: sign in, and link in the settings."""
    identity_taken = "identity-taken"
    already_linked = "already-linked"
    """The account is linked with another identity of this provider."""
    not_admitted = "account-not-admitted"


class FlowRefused(Exception):
    """Ends a flow; the page learns the reason, and the log the detail."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
