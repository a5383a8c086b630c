"""Membership: who uses skeleton."""

from dataclasses import dataclass

from skeleton.services.errors import AccountErased, NotAMember
from skeleton.services.ports import MemberReader, UnitOfWork
from skeleton.services.records import Member


@dataclass(frozen=True, slots=True)
class MemberQueries:
    """Reads members."""

    reader: MemberReader

    async def get(self, account_id: int) -> Member:
        """Raises NotAMember."""
        member = await self.reader.get(account_id)
        if member is None:
            raise NotAMember("You are not a member.")
        return member


@dataclass(frozen=True, slots=True)
class MemberCommands:
    """Makes people members."""

    work: UnitOfWork

    async def join(self, account_id: int) -> Member:
        """Make an account a member; a repetition changes nothing.

        Raises:
            AccountErased: it was deleted.
        """
        member = await self.work.members.add(account_id)
        if member is None:
            raise AccountErased("The account was deleted.")
        return member
