"""users' tables, one class per file."""

from users.models.follow import Follow
from users.models.profile import Profile

__all__ = ["Follow", "Profile"]
