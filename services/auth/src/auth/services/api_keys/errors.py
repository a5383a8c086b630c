"""Refusals about API keys."""

from auth.services.errors import OAuthRefusal
from common.errors import Conflict, InvalidInput, NotFound


class ApiKeyNotFound(NotFound):
    """The caller has no such API key, or it is revoked."""

    code = "api-key-not-found"


class ApiKeyNameTaken(Conflict):
    """The caller has an API key of this name. A repeated request gets this, since keys are shown only once."""

    code = "api-key-name-taken"


class TooManyApiKeys(Conflict):
    """The caller has as many API keys as an account may have."""

    code = "too-many-api-keys"


class ApiKeyMustExpire(InvalidInput):
    """This site has no API keys without an expiry."""

    code = "api-key-must-expire"


class InvalidSubjectToken(OAuthRefusal):
    """The API key is unknown, revoked or expired, or its account may not sign in (RFC 8693, section 2.2.2)."""

    code = "invalid-subject-token"


class InvalidTarget(OAuthRefusal):
    """No service has this audience or resource (RFC 8693, section 2.2.2)."""

    code = "invalid-target"
    oauth_error = "invalid_target"
