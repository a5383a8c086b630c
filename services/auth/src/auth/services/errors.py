"""auth's errors."""

from typing import ClassVar

from common.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound, TooManyRequests, Unauthenticated


class EmailTaken(Conflict):
    """Another account has this address."""

    code = "email-taken"


class UsernameTaken(Conflict):
    """Another account has this username."""

    code = "username-taken"


class NotThisClient(Forbidden):
    """The token was issued for another client."""

    code = "not-this-client"


class UsernameNeeded(Forbidden):
    """Only accounts with a username are changed without their password."""

    code = "username-needed"


class AccountNotFound(NotFound):
    """No account has this id."""

    code = "account-not-found"


class WeakPassword(InvalidInput):
    """The new password is too short, too common, or made of words that others know of its owner."""

    code = "weak-password"


class SpecialUseDomain(InvalidInput):
    """An address of a special-use domain (RFC 6761) that this site does not accept."""

    code = "special-use-domain"


class AddressNeedsUtf8(InvalidInput):
    """An address to which this site's mail server cannot send (RFC 6531)."""

    code = "address-needs-smtputf8"


class LinkNotValid(DomainError):
    """The token of a mailed link is unknown, used, replaced or expired. The answer does not tell which."""

    code = "link-not-valid"

    def __init__(self) -> None:
        super().__init__("This link does not work any more; ask for a new one.")


class TooManyMails(TooManyRequests):
    """Too many mails of a kind were sent recently. Only for signed-in callers: others are not told."""

    code = "too-many-mails"


class EmailAlreadyVerified(Conflict):
    """The caller's address is verified already."""

    code = "email-already-verified"


class WrongPassword(Forbidden):
    """The current password is wrong. Not a 401: the access token is valid, and a new one would not help."""

    code = "wrong-password"


class WrongCredentials(Unauthenticated):
    """The sign-in is refused. The answer never tells which reason it was (S-06)."""

    code = "wrong-credentials"


class SignInThrottled(TooManyRequests):
    """Too many wrong passwords for this address from this source; it has to wait."""

    code = "sign-in-throttled"


class SignInClosed(TooManyRequests):
    """Too many wrong passwords for this address in total: only sources of recent successful sign-ins may try.

    A password reset ends it.
    """

    code = "sign-in-closed"


class LastWayIn(Conflict):
    """The account has no password, and nothing else would be left to sign in with."""

    code = "last-way-in"


class NotAnAdmin(Forbidden):
    """The caller is no longer an admin."""

    code = "not-an-admin"


class LastAdmin(Conflict):
    """Without this account nobody could manage the others."""

    code = "last-admin"


class OwnAccount(Forbidden):
    """Admins do not delete their own account here: they do it in their settings."""

    code = "own-account"


class StillAdmin(Conflict):
    """An admin is deleted only after somebody has taken the role from them."""

    code = "still-admin"


class AccountBeingDeleted(Conflict):
    """The account is deleted or being deleted, and can no longer be changed."""

    code = "account-being-deleted"


class OAuthRefusal(DomainError):
    """A parameter is missing or malformed (RFC 6749, section 5.2)."""

    code = "invalid-request"
    oauth_error: ClassVar[str] = "invalid_request"


class UnsupportedGrant(OAuthRefusal):
    """The server does not support the grant type."""

    code = "unsupported-grant-type"
    oauth_error = "unsupported_grant_type"


class InvalidGrant(OAuthRefusal):
    """Wrong password or spent refresh token. The answer never tells which reason it was (S-06)."""

    code = "invalid-grant"
    oauth_error = "invalid_grant"


class InvalidScope(OAuthRefusal):
    """The requested scope exceeds the available one."""

    code = "invalid-scope"
    oauth_error = "invalid_scope"


class InvalidClient(OAuthRefusal, Unauthenticated):
    """An unknown service, or the wrong secret."""

    code = "invalid-client"
    oauth_error = "invalid_client"


class KeyTooYoung(Conflict):
    """The next signing key has not been published long enough."""

    code = "key-too-young"


class KeysNotOurs(Conflict):
    """The signing keys are stored under another secret than this process has."""

    code = "keys-not-ours"


class KeySetFull(Conflict):
    """The number of published signing keys has reached the limit of key sets."""

    code = "key-set-full"


class NoSuchKey(NotFound):
    """No signing key has this id, or it is revoked."""

    code = "no-such-key"


class SessionNotFound(NotFound):
    """The account has no such session, or it has ended."""

    code = "session-not-found"
