"""Records of skeleton's business rules: plain values, as the repositories read them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A member: an account that uses skeleton."""

    id: int
    since: datetime
