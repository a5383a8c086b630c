"""Errors of the second factor."""

from common.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound


class WrongCode(Forbidden):
    """The code is wrong, outdated, or was used before. Not a 401: an access token is still valid."""

    code = "wrong-code"


class ChallengeNotValid(DomainError):
    """The challenge is unknown, used, expired, tried too often, or void. The answer does not tell which."""

    code = "challenge-not-valid"

    def __init__(self) -> None:
        super().__init__("This sign-in took too long, or was tried too often. Begin again.")


class SecondFactorOn(Conflict):
    """The account has a second factor already."""

    code = "second-factor-on"


class SecondFactorOff(Conflict):
    """The account has no second factor."""

    code = "second-factor-off"


class NothingToConfirm(Conflict):
    """No authenticator waits for its first code, or it has waited too long."""

    code = "nothing-to-confirm"


class ProofMissing(InvalidInput):
    """A code is needed if the account has a second factor, else the password."""

    code = "proof-missing"


class OwnSecondFactor(Forbidden):
    """Admins cannot reset their own second factor."""

    code = "own-second-factor"


class DeviceNotFound(NotFound):
    """The caller has no such trusted device."""

    code = "device-not-found"
