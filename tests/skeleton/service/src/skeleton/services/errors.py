"""skeleton's errors."""

from common.errors import NotFound


class NotAMember(NotFound):
    """The caller is not a member."""

    code = "skeleton-not-a-member"


class AccountErased(NotFound):
    """The caller's account was deleted a moment ago."""

    code = "skeleton-account-erased"
