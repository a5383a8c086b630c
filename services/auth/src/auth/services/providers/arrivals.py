"""People who come back from a provider: which account they are, or which they get.

An account is found by provider and subject only. For an unknown subject, the address decides, and only if the provider
says that it is proven: without an account it gets one, without a password. An account that has proven the same address
is linked, unless it has roles or wants a second factor: whoever controls a provider must not get those.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from auth.services.accounts import new_account_id, welcome
from auth.services.addresses.policy import AddressPolicy
from auth.services.audit import ANONYMOUS, Action
from auth.services.errors import AddressNeedsUtf8, SpecialUseDomain
from auth.services.passwords.hashing import NO_PASSWORD
from auth.services.ports import UnitOfWork
from auth.services.providers.errors import FlowRefused, ProviderCodeNotValid, Reason
from auth.services.providers.identities import note_link
from auth.services.providers.records import Told
from auth.services.records import Account, Device, Tokens
from auth.services.second_factor.records import PendingSignIn
from auth.services.secret_hashes import hash_secret
from auth.services.sessions.opening import Method, SessionOpener, by_provider
from common.ports import Clock, Transactions, utc_now
from common.schemas import Name

NAME: Final[TypeAdapter[str]] = TypeAdapter(Name)
NAMELESS: Final = "New member"
LONGEST_NAME: Final = 100
TRIES: Final = 5
"""Each lost race was somebody's success."""


class LostRace(Exception):
    """Somebody else has just changed what this transaction relies on; the next try sees it."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Admits people, and signs them in."""

    transactions: Transactions[UnitOfWork]
    addresses: AddressPolicy
    sessions: SessionOpener
    now: Clock = utc_now

    async def admit(
        self, provider: str, told: Told, browser_hash: bytes, device: Device, *, links_addresses: bool
    ) -> str:
        """A code that signs the person in, in the same browser, within a minute. Raises FlowRefused."""
        for _ in range(TRIES):
            try:
                async with self.transactions() as work:
                    account = await self._account(work, provider, told, device, links_addresses)
                    reason = self.sessions.why_not(account)
                    code = secrets.token_urlsafe(32)
                    if reason is None:
                        await work.provider_flows.put_code(hash_secret(code), browser_hash, account.id, provider)
                    else:
                        about = {"provider": provider, "reason": reason}
                        await work.audit.note(
                            Action.sign_in_refused, account.id, actor=ANONYMOUS, ip=device.ip, **about
                        )
            except LostRace:
                continue
            if reason is not None:
                raise FlowRefused(Reason.not_admitted, reason)
            return code
        raise FlowRefused(Reason.unavailable, "lost every race")

    async def redeem(self, code: str, browser: str, device: Device) -> Tokens | PendingSignIn:
        """The tokens of a new session, or what the second factor is needed for. Raises ProviderCodeNotValid."""
        code_hash = hash_secret(code)
        async with self.transactions() as work:
            account_id = await work.provider_flows.account_of(code_hash, hash_secret(browser))
            # the account is locked first, as by those who drop its codes
            known = None if account_id is None else await work.accounts.credentials_of(account_id, lock=True)
            provider = None if known is None else await work.provider_flows.take_code(code_hash)
            if known is None or provider is None:
                raise ProviderCodeNotValid("This sign-in does not work any more; begin again.")
            done = await self.sessions.admit(work, known, device, [Method.provider], by_provider(provider))
        if done is None:  # outside, so that the code stays used up
            raise ProviderCodeNotValid("This account may not sign in.")
        return done

    async def _account(
        self, work: UnitOfWork, provider: str, told: Told, device: Device, links_addresses: bool
    ) -> Account:
        identity = await work.identities.find(provider, told.subject)
        if identity is None:
            return await self._first_visit(work, provider, told, device, links_addresses)
        account = await work.accounts.lock_for_share(identity.account_id)
        if account is None or not await work.identities.use(account.id, provider, told):
            raise LostRace
        return account

    async def _first_visit(
        self, work: UnitOfWork, provider: str, told: Told, device: Device, links_addresses: bool
    ) -> Account:
        if told.email is None or not told.email_verified:
            raise FlowRefused(Reason.not_verified)
        found = await work.accounts.find(told.email)
        if found is None:
            return await self._register(work, provider, told, told.email, device)
        account = await work.managed_accounts.lock(found.id)
        if account is None or account.email != told.email:
            raise LostRace
        both_proven = links_addresses and account.email_verified
        if not both_proven or account.roles or account.second_factor or account.status != "active":
            raise FlowRefused(Reason.taken)
        if not await work.identities.add(account.id, provider, told):
            if await work.identities.find(provider, told.subject) is not None:
                raise LostRace
            raise FlowRefused(Reason.taken, "linked with another identity of this provider")
        await note_link(work, account, provider, device, by_address=True)
        return account

    async def _register(self, work: UnitOfWork, provider: str, told: Told, email: str, device: Device) -> Account:
        """As a sign-up, with an address that is proven and without a password; a forgotten one can be set by mail."""
        try:
            self.addresses.check(email)
        except (SpecialUseDomain, AddressNeedsUtf8) as refusal:
            raise FlowRefused(Reason.not_accepted) from refusal
        name = name_for(told.name, email)
        account = await work.accounts.add(new_account_id(self.now()), email, NO_PASSWORD, name)
        if account is None or not await work.identities.add(account.id, provider, told):
            raise LostRace
        await work.accounts.verify_email(account.id, email)
        await welcome(work, account, device.ip, by_provider(provider))
        verified = await work.accounts.get(account.id)
        return verified or account


def name_for(told: str | None, email: str) -> str:
    """The name that a provider tells, or the part before the @, if a profile may have it."""
    for candidate in (told or "", email.rpartition("@")[0]):
        try:
            return NAME.validate_python(candidate[:LONGEST_NAME].strip())
        except ValidationError:
            continue
    return NAMELESS
