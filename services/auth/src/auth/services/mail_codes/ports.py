"""The port of codes by mail."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AskedCode:
    """A request for a code: the address, and what the code derives from."""

    email: str
    secret: str = field(repr=False)
    mailed: bool
    """Whether the code was sent: no other can be right."""


class SignInCodeStore(Protocol):
    """Requests for codes. All times are the database's."""

    async def put(self, challenge_hash: bytes, email: str, secret: str, lifetime: timedelta) -> None: ...

    async def waits(self, secret: str, email: str) -> bool:
        """Whether a code may still be used."""

    async def count(self, challenge_hash: bytes, most: int) -> AskedCode | None:
        """Count a try. None: no such request, expired, or tried `most` times. Exact under concurrency."""

    async def take(self, challenge_hash: bytes) -> bool:
        """Use up a request. Of several concurrent callers only one gets True."""

    async def mark_mailed(self, secret: str, email: str) -> None:
        """Note that the code is sent."""

    async def drop(self, account_id: int) -> None:
        """Delete all requests for an account's address."""

    async def forget_expired(self) -> None: ...
