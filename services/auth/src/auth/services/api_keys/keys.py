"""The caller's API keys: creating, listing and revoking them; and reports of leaked ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog

from auth.services.api_keys.errors import (
    ApiKeyMustExpire,
    ApiKeyNameTaken,
    ApiKeyNotFound,
    TooManyApiKeys,
)
from auth.services.api_keys.key_text import is_well_formed, new_key
from auth.services.api_keys.records import ApiKey
from auth.services.audit import ANONYMOUS, Action
from auth.services.errors import AccountNotFound
from auth.services.mail.sending import Kind, send_limited
from auth.services.ports import UnitOfWork
from auth.services.records import Device
from auth.services.second_factor.step_up import own, require_recent
from auth.services.secret_hashes import hash_secret
from auth.services.sessions.revocation import publish_ended
from common.contracts.events import SessionEndedData
from common.ports import Transactions
from common.state_events import Event
from common.tokens.claims import Principal

log = structlog.get_logger()

MOST: Final = 20
"""Keys of an account that are not revoked, expired ones included."""


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """An account's keys."""

    transactions: Transactions[UnitOfWork]
    may_last: bool
    """Whether keys without an expiry may be created."""

    async def of(self, account_id: int) -> Sequence[ApiKey]:
        """Keys that are not revoked, the newest first."""
        async with self.transactions() as work:
            return await work.api_keys.of(account_id)

    async def create(
        self,
        caller: Principal,
        name: str,
        scopes: Sequence[str],
        lasts: timedelta | None,
        device: Device,
    ) -> tuple[ApiKey, str]:
        """A new key, and its text, which is stored nowhere.

        Raises:
            InvalidToken: the caller's session has just ended.
            ApiKeyMustExpire: keys without an expiry are off.
            InsufficientUserAuthentication: it has not proven lately who its owner is.
            ApiKeyNameTaken, TooManyApiKeys
        """
        if lasts is None and not self.may_last:
            raise ApiKeyMustExpire("Choose after how many days the key expires.")
        text, account_id = new_key(), caller.account_id
        async with self.transactions() as work:
            # locked, so that concurrent requests count each other's keys, and no revocation of all misses this one
            await work.managed_accounts.lock(account_id)
            if await work.accounts.credentials_of(account_id) is None:
                raise AccountNotFound("There is no such account.")
            # its access token may work for a second after its end, and a key would outlive that
            require_recent(own(await work.sessions.find(caller.session_id), account_id))
            existing = await work.api_keys.of(account_id)
            if name in (key.name for key in existing):
                raise ApiKeyNameTaken("You have a key of this name. Revoke it, or choose another name.")
            if len(existing) >= MOST:
                raise TooManyApiKeys(f"An account has at most {MOST} keys. Revoke one that you no longer need.")
            key = await work.api_keys.add(uuid4(), account_id, hash_secret(text), name, sorted(set(scopes)), lasts)
            await tell_owner(work, account_id, Kind.api_key_created)
            await work.audit.note(Action.api_key_created, account_id, ip=device.ip, key=str(key.id), scopes=key.scopes)
        log.info("API key created", account=account_id, key=str(key.id))
        return key, text

    async def revoke(self, account_id: int, key_id: UUID, device: Device) -> None:
        """Revoke one of the caller's keys. Its access tokens are refused everywhere within seconds.

        Raises:
            ApiKeyNotFound: it is revoked, or somebody else's.
        """
        async with self.transactions() as work:
            if not await revoke_key(
                work, key_id, account_id, "revoked by its owner", Kind.api_key_revoked, ip=device.ip
            ):
                raise ApiKeyNotFound("You have no such key.")

    async def report_leak(self, text: str, device: Device) -> None:
        """Revoke a key that somebody has found in a public place. Whether it was real is not told."""
        if not is_well_formed(text):
            return
        async with self.transactions() as work:
            found = await work.api_keys.find(hash_secret(text))
            if found is not None and await revoke_key(
                work, *found, "reported as leaked", Kind.api_key_leaked, actor=ANONYMOUS, ip=device.ip
            ):
                log.warning("leaked API key revoked", key=str(found[0]), account=found[1])


async def revoke_key(
    work: UnitOfWork, key_id: UUID, account_id: int, reason: str, kind: Kind, *, actor: str | None = None, ip: str
) -> bool:
    """Revoke one key, and mail its owner. False if the account has no such key, or it was revoked before."""
    until = await work.api_keys.revoke(key_id, account_id, reason)
    if until is None:
        return False
    await publish_ended(work, [Event((key_id,), 1, SessionEndedData(until=until))])
    await tell_owner(work, account_id, kind)
    await work.audit.note(Action.api_key_revoked, account_id, actor=actor, ip=ip, keys=[str(key_id)], reason=reason)
    return True


async def tell_owner(work: UnitOfWork, account_id: int, kind: Kind) -> None:
    account = await work.accounts.get(account_id)
    if account is not None:
        await send_limited(work, kind, account_id, account.email)
