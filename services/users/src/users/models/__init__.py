"""users' tables, one class per file."""

from users.models.authored import Authored
from users.models.block import Block
from users.models.follow import Follow
from users.models.outbox import Outbox
from users.models.profile import Profile

__all__ = ["Authored", "Block", "Follow", "Outbox", "Profile"]
