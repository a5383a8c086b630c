"""The caller's own passkeys: adding, renaming and removing them."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog

from auth.services.audit import Action
from auth.services.errors import AccountNotFound
from auth.services.mail.sending import Kind, send_limited
from auth.services.passkeys.challenges import KEPT, Challenges, Purpose, hash_challenge
from auth.services.passkeys.errors import PasskeyNotFound, PasskeyNotValid, PasskeyTaken, TooManyPasskeys
from auth.services.passkeys.records import Passkey
from auth.services.passkeys.relying_party import Answer, AnswerRefused, RelyingParty
from auth.services.ports import UnitOfWork
from auth.services.records import Credentials, Device
from auth.services.second_factor.step_up import own, require_recent
from auth.services.ways_in import require_way_in

log = structlog.get_logger()

MOST: Final = 10
HANDLE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class OwnPasskeys:
    """Changes an account's passkeys, in the transaction of one request.

    The account is locked first. So of several changes at once each sees the one before, and an account never has more
    passkeys than it may, nor loses its last way in.
    """

    work: UnitOfWork
    challenges: Challenges
    site: RelyingParty
    providers: Collection[str]
    """The names of those that people can sign in with now."""

    async def options(self, account_id: int, session_id: UUID) -> dict[str, Any]:
        """What the browser needs to make a passkey.

        Raises:
            InsufficientUserAuthentication, TooManyPasskeys, AccountNotFound
        """
        account = (await self._lock(account_id, session_id)).account
        known = await self.work.passkeys.known(account_id)
        require_room(len(known))
        handle = await self.work.passkeys.handle(account_id, secrets.token_bytes(HANDLE_BYTES))
        challenge = self.challenges.make(Purpose.registration, holder(account_id, session_id))
        return self.site.creation_options(account, handle, challenge, known)

    async def add(self, account_id: int, session_id: UUID, name: str, answer: Answer, device: Device) -> Passkey:
        """Add the passkey that the browser has made for `options`.

        Raises:
            InsufficientUserAuthentication, TooManyPasskeys, AccountNotFound
            PasskeyNotValid: the answer is refused; the reason is in the log.
            PasskeyTaken: the passkey was added before.
        """
        account = (await self._lock(account_id, session_id)).account
        require_room(len(await self.work.passkeys.known(account_id)))
        try:
            challenge = self.site.challenge_in(answer)
            if not self.challenges.is_good(challenge, Purpose.registration, holder(account_id, session_id)):
                raise AnswerRefused("the challenge is unknown, expired or another one's")
            new = self.site.check_registration(answer, challenge)
            if not await self.work.passkeys.spend(hash_challenge(challenge), KEPT):
                raise AnswerRefused("the challenge was used before")
        except AnswerRefused as refusal:
            log.warning("passkey refused", account=account_id, reason=str(refusal)[:200])
            raise PasskeyNotValid from refusal
        added = await self.work.passkeys.add(account_id, name, new)
        if added is None:
            raise PasskeyTaken("This passkey has been added before.")
        await send_limited(self.work, Kind.passkey_added, account_id, account.email)
        about = {"passkey": added.id, "backup_eligible": added.backup_eligible}
        await self.work.audit.note(Action.passkey_added, account_id, ip=device.ip, **about)
        return added

    async def rename(self, account_id: int, passkey_id: int, name: str) -> Passkey:
        """Raises PasskeyNotFound."""
        return existing(await self.work.passkeys.rename(account_id, passkey_id, name))

    async def remove(self, account_id: int, session_id: UUID, passkey_id: int, device: Device) -> None:
        """Remove a passkey. Sessions that it opened continue; they can be ended at `/auth/sessions`.

        Raises:
            InsufficientUserAuthentication, PasskeyNotFound, AccountNotFound
            LastWayIn: the account has nothing else to sign in with.
        """
        known = await self._lock(account_id, session_id)
        existing(await self.work.passkeys.remove(account_id, passkey_id))
        await require_way_in(self.work, known, self.providers)
        await send_limited(self.work, Kind.passkey_removed, account_id, known.account.email)
        await self.work.audit.note(Action.passkey_removed, account_id, ip=device.ip, passkey=passkey_id)

    async def _lock(self, account_id: int, session_id: UUID) -> Credentials:
        await self.work.managed_accounts.lock(account_id)
        known = await self.work.accounts.credentials_of(account_id)
        if known is None:
            raise AccountNotFound("There is no such account.")
        require_recent(own(await self.work.sessions.find(session_id), account_id))
        return known


def holder(account_id: int, session_id: UUID) -> str:
    """Whom a challenge for a new passkey is for."""
    return f"{account_id} {session_id}"


def require_room(count: int) -> None:
    """Raises TooManyPasskeys."""
    if count >= MOST:
        raise TooManyPasskeys(f"An account may have {MOST} passkeys. Remove one first.")


def existing(passkey: Passkey | None) -> Passkey:
    if passkey is None:
        raise PasskeyNotFound("You have no such passkey.")
    return passkey
