"""users' tables, one class per file."""

from users.models.authored import Authored
from users.models.block import Block
from users.models.erased import Erased
from users.models.follow import Follow
from users.models.known_keys import KnownKeys
from users.models.outbox import Outbox
from users.models.profile import Profile
from users.models.revocation import EndedSession, TokenFloor

__all__ = ["Authored", "Block", "EndedSession", "Erased", "Follow", "KnownKeys", "Outbox", "Profile", "TokenFloor"]
