"""skeleton's tables: one class per file, and the shared ones."""

from skeleton.models.member import Member
from skeleton.models.shared import EndedSession, Erased, KnownKeys, Outbox, TokenFloor

__all__ = ["EndedSession", "Erased", "KnownKeys", "Member", "Outbox", "TokenFloor"]
