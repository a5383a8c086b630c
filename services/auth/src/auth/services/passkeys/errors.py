"""Errors of passkeys. A refused sign-in is `WrongCredentials`, whatever the reason (S-06)."""

from common.errors import Conflict, DomainError, NotFound


class PasskeyNotFound(NotFound):
    """The caller has no such passkey."""

    code = "passkey-not-found"


class PasskeyNotValid(DomainError):
    """The browser's answer is malformed, too late, repeated, or of another site, account or session."""

    code = "passkey-not-valid"

    def __init__(self) -> None:
        super().__init__("This passkey cannot be added. Begin again.")


class PasskeyTaken(Conflict):
    """This passkey has been added before, to this account or to another one."""

    code = "passkey-taken"


class TooManyPasskeys(Conflict):
    """The account has as many passkeys as it may have."""

    code = "too-many-passkeys"
