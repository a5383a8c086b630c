"""users' tables: one class per file, and the shared ones."""

from users.models.authored import Authored  # only with posts
from users.models.block import Block
from users.models.follow import Follow
from users.models.profile import Profile
from users.models.shared import EndedSession, Erased, KnownKeys, Outbox, StoredPicture, TokenFloor

__all__ = [
    "Authored",  # only with posts
    "Block",
    "EndedSession",
    "Erased",
    "Follow",
    "KnownKeys",
    "Outbox",
    "Profile",
    "StoredPicture",
    "TokenFloor",
]
