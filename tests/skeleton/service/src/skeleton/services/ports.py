"""The ports of skeleton's business rules."""

from dataclasses import dataclass
from typing import Protocol

from common.state_events import ErasureStore, RevocationStore
from skeleton.services.records import Member


class MemberReader(Protocol):
    """Reads members."""

    async def get(self, account_id: int) -> Member | None: ...


class MemberStore(Protocol):
    """Changes members."""

    async def add(self, account_id: int) -> Member | None:
        """The account's membership, new or earlier; None if the account was deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """All stores of one short transaction."""

    members: MemberStore
    revocations: RevocationStore
    erasures: ErasureStore
