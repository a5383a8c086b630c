"""An exception for each error code. Made by `make clients`; do not edit."""

from collections.abc import Mapping
from typing import Final

from trivium_client.errors import Problem


class AccountBeingDeleted(Problem):
    """The account is deleted or being deleted, and can no longer be changed."""

    known_code = "account-being-deleted"


class AccountNotFound(Problem):
    """No account has this id."""

    known_code = "account-not-found"


class AddressNeedsSmtputf8(Problem):
    """An address to which this site's mail server cannot send (RFC 6531)."""

    known_code = "address-needs-smtputf8"


class AlreadyPublished(Problem):
    """Publishing is one-way."""

    known_code = "already-published"


class AnimatedPicture(Problem):
    """The picture is animated."""

    known_code = "animated-picture"


class ApiKeyMustExpire(Problem):
    """This site has no API keys without an expiry."""

    known_code = "api-key-must-expire"


class ApiKeyNameTaken(Problem):
    """The caller has an API key of this name. A repeated request gets this, since keys are shown only once."""

    known_code = "api-key-name-taken"


class ApiKeyNotFound(Problem):
    """The caller has no such API key, or it is revoked."""

    known_code = "api-key-not-found"


class BadCursor(Problem):
    """The cursor was not issued for this list."""

    known_code = "bad-cursor"


class BadIdempotencyKey(Problem):
    """The key is not 1 to 255 visible ASCII characters."""

    known_code = "bad-idempotency-key"


class BadIds(Problem):
    """The list of ids is malformed."""

    known_code = "bad-ids"


class BadRequest(Problem):
    """A rule refuses the request. The caller sees the message, so it must hold no secrets."""

    known_code = "bad-request"


class BadUploadLink(Problem):
    """The link for an upload has expired, or was changed."""

    known_code = "bad-upload-link"


class BadUsernames(Problem):
    """The list of usernames is malformed."""

    known_code = "bad-usernames"


class Blocked(Problem):
    """The post's author has blocked the caller, who wants to comment on it or like it."""

    known_code = "blocked"


class BlockedByThem(Problem):
    """This person has blocked the caller."""

    known_code = "blocked-by-them"


class BlockedByYou(Problem):
    """The caller has blocked this person, and must end that first."""

    known_code = "blocked-by-you"


class BodyTooDeep(Problem):
    """The JSON is nested too deeply."""

    known_code = "body-too-deep"


class BodyTooLarge(Problem):
    """The body, or a list in it, is too long."""

    known_code = "body-too-large"


class CannotBlockYourself(Problem):
    """People cannot block themselves."""

    known_code = "cannot-block-yourself"


class CannotFollowYourself(Problem):
    """People cannot follow themselves."""

    known_code = "cannot-follow-yourself"


class CaseDecided(Problem):
    """Somebody has decided this case already."""

    known_code = "case-decided"


class CaseNotFound(Problem):
    """There is no such case. It goes when its post or comment is deleted or removed."""

    known_code = "case-not-found"


class ChallengeNotValid(Problem):
    """The challenge is unknown, used, expired, tried too often, or void. The answer does not tell which."""

    known_code = "challenge-not-valid"


class CodeNotValid(Problem):
    """The code is wrong, used or expired, or was asked for in another browser. The answer never tells which."""

    known_code = "code-not-valid"


class CommentNotFound(Problem):
    """There is no such comment under this post."""

    known_code = "comment-not-found"


class DatabaseUnavailable(Problem):
    """There was no connection to the database, or it cancelled the work."""

    known_code = "database-unavailable"


class DeviceNotFound(Problem):
    """The caller has no such trusted device."""

    known_code = "device-not-found"


class DuplicateNames(Problem):
    """A JSON object has a duplicate name."""

    known_code = "duplicate-names"


class EmailAlreadyVerified(Problem):
    """The caller's address is verified already."""

    known_code = "email-already-verified"


class EmailTaken(Problem):
    """Another account has this address."""

    known_code = "email-taken"


class EventNotParked(Problem):
    """No such event is parked: it was replayed, dropped, or replaced by a newer one."""

    known_code = "event-not-parked"


class FeedNeedsSignIn(Problem):
    """An anonymous caller follows nobody."""

    known_code = "feed-needs-sign-in"


class FeedOffsetTooLarge(Problem):
    """A page of a feed may begin after 1,000 posts at most: as many are read of each followee."""

    known_code = "feed-offset-too-large"


class HeadersTooLarge(Problem):
    """The headers are too many or too long."""

    known_code = "headers-too-large"


class IdempotencyKeyReused(Problem):
    """The key was used with another body."""

    known_code = "idempotency-key-reused"


class IdentityNotFound(Problem):
    """The caller's account is not linked with this provider."""

    known_code = "identity-not-found"


class IdsOrQuery(Problem):
    """The request must have one of `ids`, `usernames` and `q`."""

    known_code = "ids-or-query"


class InsufficientScope(Problem):
    """The API key lacks the scope that this needs; `WWW-Authenticate` names it (RFC 6750, section 3.1)."""

    known_code = "insufficient-scope"


class InsufficientUserAuthentication(Problem):
    """The caller must first prove who they are again, or more strongly: step up (RFC 9470)."""

    known_code = "insufficient-user-authentication"


class InternalError(Problem):
    """An unexpected error on our side; `instance` names the request."""

    known_code = "internal-error"


class InvalidClient(Problem):
    """An unknown service, or the wrong secret."""

    known_code = "invalid-client"


class InvalidGrant(Problem):
    """Wrong password or spent refresh token. The answer never tells which reason it was (S-06)."""

    known_code = "invalid-grant"


class InvalidRequest(Problem):
    """A parameter is missing or malformed (RFC 6749, section 5.2)."""

    known_code = "invalid-request"


class InvalidScope(Problem):
    """The requested scope exceeds the available one."""

    known_code = "invalid-scope"


class InvalidSubjectToken(Problem):
    """The API key is unknown, revoked or expired, or its account may not sign in (RFC 8693, section 2.2.2)."""

    known_code = "invalid-subject-token"


class InvalidTarget(Problem):
    """No service has this audience or resource (RFC 8693, section 2.2.2)."""

    known_code = "invalid-target"


class InvalidToken(Problem):
    """The token is not ours, not for this service, or no longer valid. The reason is not revealed."""

    known_code = "invalid-token"


class KeysUnavailable(Problem):
    """No key set is known yet, so tokens cannot be checked, and none is accepted."""

    known_code = "keys-unavailable"


class LastAdmin(Problem):
    """Without this account nobody could manage the others."""

    known_code = "last-admin"


class LastWayIn(Problem):
    """The account has no password, and nothing else would be left to sign in with."""

    known_code = "last-way-in"


class LikesArePrivate(Problem):
    """Lists of the posts that somebody likes are theirs, unless CONDUIT is on."""

    known_code = "likes-are-private"


class LinkNotValid(Problem):
    """The token of a mailed link is unknown, used, replaced or expired. The answer does not tell which."""

    known_code = "link-not-valid"


class MailCodesOff(Problem):
    """This site does not send codes for signing in (MAIL_CODES)."""

    known_code = "mail-codes-off"


class MalformedBody(Problem):
    """The body cannot be parsed as its media type."""

    known_code = "malformed-body"


class NoSuchRoute(Problem):
    """No route has this path."""

    known_code = "no-such-route"


class NotAPicture(Problem):
    """The file is no JPEG, PNG or WebP, or it is damaged."""

    known_code = "not-a-picture"


class NotAnAdmin(Problem):
    """The caller is no longer an admin."""

    known_code = "not-an-admin"


class NotForThisCaller(Problem):
    """The token is valid, but its kind of caller may not do this."""

    known_code = "not-for-this-caller"


class NotTheAuthor(Problem):
    """Only the author may do this."""

    known_code = "not-the-author"


class NotThisClient(Problem):
    """The token was issued for another client."""

    known_code = "not-this-client"


class NothingToConfirm(Problem):
    """No authenticator waits for its first code, or it has waited too long."""

    known_code = "nothing-to-confirm"


class Overloaded(Problem):
    """The service is overloaded and has not started the request. Try again after `Retry-After`."""

    known_code = "overloaded"


class OwnAccount(Problem):
    """Admins do not delete their own account here: they do it in their settings."""

    known_code = "own-account"


class OwnContent(Problem):
    """People do not report what they wrote themselves, and moderators do not decide about it."""

    known_code = "own-content"


class OwnSecondFactor(Problem):
    """Admins cannot reset their own second factor."""

    known_code = "own-second-factor"


class PasskeyNotFound(Problem):
    """The caller has no such passkey."""

    known_code = "passkey-not-found"


class PasskeyNotValid(Problem):
    """The browser's answer is malformed, too late, repeated, or of another site, account or session."""

    known_code = "passkey-not-valid"


class PasskeyTaken(Problem):
    """This passkey has been added before, to this account or to another one."""

    known_code = "passkey-taken"


class PeerUnavailable(Problem):
    """Another service did not answer in time, or not as agreed."""

    known_code = "peer-unavailable"


class PictureNotFound(Problem):
    """There is no such picture, or it is somebody else's."""

    known_code = "picture-not-found"


class PictureNotUploaded(Problem):
    """Nothing has been uploaded for this picture."""

    known_code = "picture-not-uploaded"


class PictureStoreUnavailable(Problem):
    """The store of the pictures does not answer."""

    known_code = "picture-store-unavailable"


class PictureTooLarge(Problem):
    """The file has too many bytes or pixels, or needs too much memory or time."""

    known_code = "picture-too-large"


class PicturesBusy(Problem):
    """Other pictures are being encoded, or the encoding failed."""

    known_code = "pictures-busy"


class PicturesOff(Problem):
    """This site takes no pictures (PICTURES_URL is not set)."""

    known_code = "pictures-off"


class PostNotFound(Problem):
    """There is no such post, or it is somebody else's draft."""

    known_code = "post-not-found"


class PreconditionFailed(Problem):
    """The resource has changed since the caller read it."""

    known_code = "precondition-failed"


class ProofMissing(Problem):
    """A code is needed if the account has a second factor, else the password."""

    known_code = "proof-missing"


class ProviderCodeNotValid(Problem):
    """The code is unknown, used, expired, or another browser's; or its account may not sign in."""

    known_code = "provider-code-not-valid"


class ProviderNotFound(Problem):
    """No provider has this name."""

    known_code = "provider-not-found"


class ProviderUnavailable(Problem):
    """The provider does not answer just now."""

    known_code = "provider-unavailable"


class RateLimited(Problem):
    """One person or address has sent too many requests."""

    known_code = "rate-limited"


class RateLimitsUnavailable(Problem):
    """Requests cannot be counted, and are refused for that (RATE_LIMIT_STORE_FAILS=closed)."""

    known_code = "rate-limits-unavailable"


class RequestInProgress(Problem):
    """The first request with this key is still running."""

    known_code = "request-in-progress"


class RequestTimeout(Problem):
    """The body did not arrive in time."""

    known_code = "request-timeout"


class ReturnNotListed(Problem):
    """The page to return to is not one of this site's."""

    known_code = "return-not-listed"


class SearchHasOneOrder(Problem):
    """Search results come the newest first."""

    known_code = "search-has-one-order"


class SearchHasTooManyWords(Problem):
    """The query has too many words. Each is looked up separately, and one character may stand for four of them."""

    known_code = "search-has-too-many-words"


class SearchNeedsAWord(Problem):
    """The query only excludes words: nearly all posts would have to be read for it."""

    known_code = "search-needs-a-word"


class SearchTooSlow(Problem):
    """The search was cancelled after two seconds: very many posts have its words."""

    known_code = "search-too-slow"


class SearchUnderWay(Problem):
    """The caller's last search is still running."""

    known_code = "search-under-way"


class SecondFactorOff(Problem):
    """The account has no second factor."""

    known_code = "second-factor-off"


class SecondFactorOn(Problem):
    """The account has a second factor already."""

    known_code = "second-factor-on"


class SessionNotFound(Problem):
    """The account has no such session, or it has ended."""

    known_code = "session-not-found"


class SignInClosed(Problem):
    """Too many wrong passwords for this address in total: only sources of recent successful sign-ins may try."""

    known_code = "sign-in-closed"


class SignInRequired(Problem):
    """The request has no bearer token."""

    known_code = "sign-in-required"


class SignInThrottled(Problem):
    """Too many wrong passwords for this address from this source; it has to wait."""

    known_code = "sign-in-throttled"


class SpecialUseDomain(Problem):
    """An address of a special-use domain (RFC 6761) that this site does not accept."""

    known_code = "special-use-domain"


class StillAdmin(Problem):
    """An admin is deleted only after somebody has taken the role from them."""

    known_code = "still-admin"


class TooBusy(Problem):
    """More passwords wait to be hashed than can be in time."""

    known_code = "too-busy"


class TooManyApiKeys(Problem):
    """The caller has as many API keys as an account may have."""

    known_code = "too-many-api-keys"


class TooManyMails(Problem):
    """Too many mails of a kind were sent recently. Only for signed-in callers: others are not told."""

    known_code = "too-many-mails"


class TooManyPasskeys(Problem):
    """The account has as many passkeys as it may have."""

    known_code = "too-many-passkeys"


class TooManyPictures(Problem):
    """The caller has as many pictures as they may have."""

    known_code = "too-many-pictures"


class TooManyUploads(Problem):
    """The caller has as many unfinished uploads as they may have."""

    known_code = "too-many-uploads"


class UnsupportedGrantType(Problem):
    """The server does not support the grant type."""

    known_code = "unsupported-grant-type"


class UnsupportedMediaType(Problem):
    """The route does not accept the body's media type."""

    known_code = "unsupported-media-type"


class UrlTooLong(Problem):
    """The address is too long."""

    known_code = "url-too-long"


class UserNotFound(Problem):
    """There is no such person."""

    known_code = "user-not-found"


class ValidationFailed(Problem):
    """The request does not have the expected form; `errors` says where."""

    known_code = "validation-failed"


class WeakPassword(Problem):
    """The new password is too short, too common, or made of words that others know of its owner."""

    known_code = "weak-password"


class WrongCode(Problem):
    """The code is wrong, outdated, or was used before. Not a 401: an access token is still valid."""

    known_code = "wrong-code"


class WrongCredentials(Problem):
    """The sign-in is refused. The answer never tells which reason it was (S-06)."""

    known_code = "wrong-credentials"


class WrongPassword(Problem):
    """The current password is wrong. Not a 401: the access token is valid, and a new one would not help."""

    known_code = "wrong-password"


BY_CODE: Final[Mapping[str, type[Problem]]] = {
    "account-being-deleted": AccountBeingDeleted,
    "account-not-found": AccountNotFound,
    "address-needs-smtputf8": AddressNeedsSmtputf8,
    "already-published": AlreadyPublished,
    "animated-picture": AnimatedPicture,
    "api-key-must-expire": ApiKeyMustExpire,
    "api-key-name-taken": ApiKeyNameTaken,
    "api-key-not-found": ApiKeyNotFound,
    "bad-cursor": BadCursor,
    "bad-idempotency-key": BadIdempotencyKey,
    "bad-ids": BadIds,
    "bad-request": BadRequest,
    "bad-upload-link": BadUploadLink,
    "bad-usernames": BadUsernames,
    "blocked": Blocked,
    "blocked-by-them": BlockedByThem,
    "blocked-by-you": BlockedByYou,
    "body-too-deep": BodyTooDeep,
    "body-too-large": BodyTooLarge,
    "cannot-block-yourself": CannotBlockYourself,
    "cannot-follow-yourself": CannotFollowYourself,
    "case-decided": CaseDecided,
    "case-not-found": CaseNotFound,
    "challenge-not-valid": ChallengeNotValid,
    "code-not-valid": CodeNotValid,
    "comment-not-found": CommentNotFound,
    "database-unavailable": DatabaseUnavailable,
    "device-not-found": DeviceNotFound,
    "duplicate-names": DuplicateNames,
    "email-already-verified": EmailAlreadyVerified,
    "email-taken": EmailTaken,
    "event-not-parked": EventNotParked,
    "feed-needs-sign-in": FeedNeedsSignIn,
    "feed-offset-too-large": FeedOffsetTooLarge,
    "headers-too-large": HeadersTooLarge,
    "idempotency-key-reused": IdempotencyKeyReused,
    "identity-not-found": IdentityNotFound,
    "ids-or-query": IdsOrQuery,
    "insufficient-scope": InsufficientScope,
    "insufficient-user-authentication": InsufficientUserAuthentication,
    "internal-error": InternalError,
    "invalid-client": InvalidClient,
    "invalid-grant": InvalidGrant,
    "invalid-request": InvalidRequest,
    "invalid-scope": InvalidScope,
    "invalid-subject-token": InvalidSubjectToken,
    "invalid-target": InvalidTarget,
    "invalid-token": InvalidToken,
    "keys-unavailable": KeysUnavailable,
    "last-admin": LastAdmin,
    "last-way-in": LastWayIn,
    "likes-are-private": LikesArePrivate,
    "link-not-valid": LinkNotValid,
    "mail-codes-off": MailCodesOff,
    "malformed-body": MalformedBody,
    "no-such-route": NoSuchRoute,
    "not-a-picture": NotAPicture,
    "not-an-admin": NotAnAdmin,
    "not-for-this-caller": NotForThisCaller,
    "not-the-author": NotTheAuthor,
    "not-this-client": NotThisClient,
    "nothing-to-confirm": NothingToConfirm,
    "overloaded": Overloaded,
    "own-account": OwnAccount,
    "own-content": OwnContent,
    "own-second-factor": OwnSecondFactor,
    "passkey-not-found": PasskeyNotFound,
    "passkey-not-valid": PasskeyNotValid,
    "passkey-taken": PasskeyTaken,
    "peer-unavailable": PeerUnavailable,
    "picture-not-found": PictureNotFound,
    "picture-not-uploaded": PictureNotUploaded,
    "picture-store-unavailable": PictureStoreUnavailable,
    "picture-too-large": PictureTooLarge,
    "pictures-busy": PicturesBusy,
    "pictures-off": PicturesOff,
    "post-not-found": PostNotFound,
    "precondition-failed": PreconditionFailed,
    "proof-missing": ProofMissing,
    "provider-code-not-valid": ProviderCodeNotValid,
    "provider-not-found": ProviderNotFound,
    "provider-unavailable": ProviderUnavailable,
    "rate-limited": RateLimited,
    "rate-limits-unavailable": RateLimitsUnavailable,
    "request-in-progress": RequestInProgress,
    "request-timeout": RequestTimeout,
    "return-not-listed": ReturnNotListed,
    "search-has-one-order": SearchHasOneOrder,
    "search-has-too-many-words": SearchHasTooManyWords,
    "search-needs-a-word": SearchNeedsAWord,
    "search-too-slow": SearchTooSlow,
    "search-under-way": SearchUnderWay,
    "second-factor-off": SecondFactorOff,
    "second-factor-on": SecondFactorOn,
    "session-not-found": SessionNotFound,
    "sign-in-closed": SignInClosed,
    "sign-in-required": SignInRequired,
    "sign-in-throttled": SignInThrottled,
    "special-use-domain": SpecialUseDomain,
    "still-admin": StillAdmin,
    "too-busy": TooBusy,
    "too-many-api-keys": TooManyApiKeys,
    "too-many-mails": TooManyMails,
    "too-many-passkeys": TooManyPasskeys,
    "too-many-pictures": TooManyPictures,
    "too-many-uploads": TooManyUploads,
    "unsupported-grant-type": UnsupportedGrantType,
    "unsupported-media-type": UnsupportedMediaType,
    "url-too-long": UrlTooLong,
    "user-not-found": UserNotFound,
    "validation-failed": ValidationFailed,
    "weak-password": WeakPassword,
    "wrong-code": WrongCode,
    "wrong-credentials": WrongCredentials,
    "wrong-password": WrongPassword,
}
