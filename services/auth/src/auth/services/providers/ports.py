"""The ports of signing in by a provider."""

from collections.abc import Sequence
from typing import Protocol

from auth.services.providers.records import Answer, Flow, Identity, Question, Told


class ProviderFlowStore(Protocol):
    """Started flows, and the codes of finished ones. All times are the database's."""

    async def start(self, state_hash: bytes, browser_hash: bytes, flow: Flow) -> None: ...

    async def take(self, state_hash: bytes, browser_hash: bytes, provider: str) -> Flow | None:
        """Use a flow up; None if there is none that is valid. Of several concurrent callers only one gets it."""

    async def put_code(self, code_hash: bytes, browser_hash: bytes, account_id: int, provider: str) -> None:
        """Store the code that signs an account in."""

    async def account_of(self, code_hash: bytes, browser_hash: bytes) -> int | None:
        """The account of a valid code."""

    async def take_code(self, code_hash: bytes) -> str | None:
        """Use a code up, with its account locked; returns its provider. None if somebody else has, or it is too old."""

    async def drop(self, account_id: int) -> None:
        """Delete all of an account that waits: codes, and flows that would link it."""

    async def forget_expired(self, most: int) -> int:
        """Delete up to `most` expired rows of each kind; returns how many of one kind."""


class IdentityStore(Protocol):
    """Identities at providers."""

    async def find(self, provider: str, subject: str) -> Identity | None: ...

    async def of(self, account_id: int) -> Sequence[Identity]:
        """All of an account, by provider."""

    async def add(self, account_id: int, provider: str, told: Told) -> bool:
        """Link; False if some account has this identity, or this account has another one of the provider."""

    async def use(self, account_id: int, provider: str, told: Told) -> bool:
        """Note a sign-in; False if the account does not have the identity any more."""

    async def remove(self, account_id: int, provider: str) -> bool:
        """False if there was none."""


class Provider(Protocol):
    """Asks a provider who somebody is."""

    @property
    def links_addresses(self) -> bool:
        """Whether the provider's word for an address links the account that has proven the same address."""

    async def address(self, question: Question) -> str:
        """Where to send the browser. Raises FlowRefused."""

    async def identify(self, answer: Answer, question: Question) -> Told:
        """Exchange the answer's code for what the provider says. Raises FlowRefused."""
