"""Signing in with a passkey, without a name: the authenticator says whose it is."""

from dataclasses import dataclass
from typing import Any

import structlog

from auth.services.audit import ANONYMOUS, Action
from auth.services.errors import WrongCredentials
from auth.services.passkeys.challenges import KEPT, Challenges, Purpose, hash_challenge
from auth.services.passkeys.records import Assertion, StoredCredential
from auth.services.passkeys.relying_party import Answer, AnswerRefused, RelyingParty
from auth.services.ports import UnitOfWork
from auth.services.records import Device, Tokens
from auth.services.second_factor.records import PendingSignIn
from auth.services.sessions.opening import Method, SessionOpener, Way
from common.ports import Transactions

log = structlog.get_logger()

REFUSED = "This passkey does not sign in here."


class CounterWentBack(AnswerRefused):
    """The authenticator's counter is not above the last one: there may be a copy of its key."""


@dataclass(frozen=True, slots=True)
class PasskeySignIn:
    """Signs people in by their passkeys."""

    transactions: Transactions[UnitOfWork]
    sessions: SessionOpener
    challenges: Challenges
    site: RelyingParty

    def options(self) -> dict[str, Any]:
        """What the browser needs to ask for a passkey. Raises KeysUnavailable."""
        return self.site.request_options(self.challenges.make(Purpose.sign_in))

    async def with_answer(self, answer: Answer, device: Device) -> Tokens | PendingSignIn:
        """Open a session, or ask for the second factor if the authenticator did not verify its user.

        With user verification a passkey counts as two factors: the device, and the PIN, finger or face that unlocks it.

        Raises:
            WrongCredentials: for any reason, so the answer never tells which (S-06).
        """
        try:
            credential_id, challenge = self.site.credential_in(answer), self.site.challenge_in(answer)
            if not self.challenges.is_good(challenge, Purpose.sign_in):
                raise AnswerRefused("the challenge is unknown or expired")
        except AnswerRefused as refusal:
            log.warning("passkey sign-in refused", reason=str(refusal)[:200])
            raise WrongCredentials(REFUSED) from refusal
        async with self.transactions() as work:
            outcome = await self._open(work, credential_id, answer, challenge, device)
        if isinstance(outcome, WrongCredentials):
            raise outcome
        return outcome

    async def _open(
        self, work: UnitOfWork, credential_id: bytes, answer: Answer, challenge: bytes, device: Device
    ) -> Tokens | PendingSignIn | WrongCredentials:
        """The result, or the refusal, whose line in the trail must be committed."""
        account_id = await work.passkeys.owner(credential_id)
        known = await work.accounts.credentials_of(account_id, lock=True) if account_id else None
        stored = await work.passkeys.hold(credential_id) if known else None
        try:
            if known is None or stored is None or stored.account_id != account_id:
                raise AnswerRefused("unknown passkey, or the account may not sign in")
            made = self._check(answer, challenge, stored)
            if not await work.passkeys.spend(hash_challenge(challenge), KEPT):
                raise AnswerRefused("the challenge was used before")
            await work.passkeys.use(stored.id, made)
            done = await self.sessions.admit(work, known, device, methods(made), Way.passkey)
            if done is None:
                raise AnswerRefused(self.sessions.why_not(known.account) or "the account has changed")
        except AnswerRefused as refusal:
            await note_refusal(work, account_id, stored, refusal, device)
            return WrongCredentials(REFUSED)
        return done

    def _check(self, answer: Answer, challenge: bytes, stored: StoredCredential) -> Assertion:
        """Raises AnswerRefused."""
        made = self.site.check_assertion(answer, challenge, stored)
        if made.backup_eligible != stored.backup_eligible:
            raise AnswerRefused("its backup eligibility has changed")
        if (made.sign_count or stored.sign_count) and made.sign_count <= stored.sign_count:
            raise CounterWentBack(f"counter {made.sign_count} after {stored.sign_count}")
        return made


def methods(made: Assertion) -> list[Method]:
    """`pop`, not `hwk` or `swk`: nobody attests where the key is."""
    return [Method.possession, Method.presence, *([Method.mfa] if made.user_verified else [])]


async def note_refusal(
    work: UnitOfWork, account_id: int | None, stored: StoredCredential | None, refusal: AnswerRefused, device: Device
) -> None:
    """In the trail if it is about an account's passkey; strangers' attempts are in the log only."""
    log.warning("passkey sign-in refused", account=account_id, reason=str(refusal)[:200])
    if account_id is None:
        return
    action = Action.passkey_copied if isinstance(refusal, CounterWentBack) else Action.sign_in_refused
    passkey = stored.id if stored else None
    told = "malformed, or not signed for this site" if refusal.__cause__ else str(refusal)  # not in strangers' words
    await work.audit.note(action, account_id, actor=ANONYMOUS, ip=device.ip, passkey=passkey, reason=told)
