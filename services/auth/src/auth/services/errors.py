"""What auth refuses, by name."""

from typing import ClassVar

from common.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound, TooManyRequests, Unauthenticated


class EmailTaken(Conflict):
    """Somebody has signed up with this address."""

    code = "email-taken"


class AccountNotFound(NotFound):
    """No account has this id."""

    code = "account-not-found"


class WeakPassword(InvalidInput):
    """The new password is too short, too common, or made of what everybody knows of its owner."""

    code = "weak-password"


class SpecialUseDomain(InvalidInput):
    """An address of a special-use domain (RFC 6761) that this site does not take."""

    code = "special-use-domain"


class AddressNeedsUtf8(InvalidInput):
    """An address that the mail server of this site cannot write to (RFC 6531)."""

    code = "address-needs-smtputf8"


class LinkNotValid(DomainError):
    """The token of a mailed link is unknown, used, made void by another, or too old: never told apart."""

    code = "link-not-valid"

    def __init__(self) -> None:
        super().__init__("This link does not work any more; ask for a new one.")


class TooManyMails(TooManyRequests):
    """Enough mails of a kind were sent lately. Only for callers who are known: others are not told."""

    code = "too-many-mails"


class EmailAlreadyVerified(Conflict):
    """The caller wants to prove an address that is proven."""

    code = "email-already-verified"


class WrongPassword(Forbidden):
    """What should be the current password is not. No 401: the access token is good, a new one would not help."""

    code = "wrong-password"


class SignInThrottled(TooManyRequests):
    """Too many wrong passwords for this address from this source; it has to wait."""

    code = "sign-in-throttled"


class SignInClosed(TooManyRequests):
    """Too many wrong passwords for this address altogether: only who signed in lately from the same source may try.

    Resetting the password ends it.
    """

    code = "sign-in-closed"


class NotAnAdmin(Forbidden):
    """Who asks is no admin any more."""

    code = "not-an-admin"


class LastAdmin(Conflict):
    """Without this account nobody could manage the others."""

    code = "last-admin"


class AccountBeingDeleted(Conflict):
    """The account was deleted, or is being, and cannot be changed any more."""

    code = "account-being-deleted"


class OAuthRefusal(DomainError):
    """A parameter is missing or cannot be read (RFC 6749, section 5.2)."""

    code = "invalid-request"
    oauth_error: ClassVar[str] = "invalid_request"


class UnsupportedGrant(OAuthRefusal):
    """A grant type that this server does not have."""

    code = "unsupported-grant-type"
    oauth_error = "unsupported_grant_type"


class InvalidGrant(OAuthRefusal):
    """Wrong password or spent refresh token. It never says which of the possible reasons it was (S-06)."""

    code = "invalid-grant"
    oauth_error = "invalid_grant"


class InvalidScope(OAuthRefusal):
    """More was asked for than there is."""

    code = "invalid-scope"
    oauth_error = "invalid_scope"


class InvalidClient(OAuthRefusal, Unauthenticated):
    """An unknown service, or the wrong secret."""

    code = "invalid-client"
    oauth_error = "invalid_client"


class KeyTooYoung(Conflict):
    """The next signing key has not been published for long enough."""

    code = "key-too-young"


class KeysNotOurs(Conflict):
    """The keys that sign are stored under another secret than this process has."""

    code = "keys-not-ours"


class KeySetFull(Conflict):
    """As many signing keys are published as readers of the key set take."""

    code = "key-set-full"


class NoSuchKey(NotFound):
    """No signing key has this id, or it is revoked."""

    code = "no-such-key"


class SessionNotFound(NotFound):
    """The caller has no such session, or it is over."""

    code = "session-not-found"
