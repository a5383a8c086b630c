"""The second step of a sign-in."""

from dataclasses import dataclass
from datetime import timedelta

from auth.services.ports import UnitOfWork
from auth.services.records import Device
from auth.services.second_factor.challenges import MOST_TRIES, digest_of, trust
from auth.services.second_factor.errors import ChallengeNotValid, WrongCode
from auth.services.second_factor.factors import Factors
from auth.services.second_factor.records import Completed, Proof
from auth.services.secret_hashes import hash_secret
from auth.services.sessions.opening import SessionOpener
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class SecondStep:
    """Completes sign-ins that `SessionOpener.admit` has let wait."""

    transactions: Transactions[UnitOfWork]
    factors: Factors
    sessions: SessionOpener
    trusted_for: timedelta
    """How long a device may be trusted; zero: never."""

    async def complete(self, challenge: str, proof: Proof, device: Device, *, trust_device: bool) -> Completed:
        """Open the session. Of several callers with one challenge, code or recovery code, one succeeds.

        Raises:
            ChallengeNotValid: the sign-in has to begin again.
            WrongCode: a try is lost.
            SignInThrottled, SignInClosed: too many wrong codes before.
        """
        hashed = hash_secret(challenge)
        async with self.transactions() as work:
            account_id = await work.challenges.owner(hashed)
        if account_id is None:
            raise ChallengeNotValid
        await self.factors.count(account_id, proof, device)
        async with self.transactions() as work:
            done = await self._complete(work, hashed, account_id, proof, device, trust_device=trust_device)
        if done is None:  # outside: the try stays counted
            raise WrongCode("The code is wrong, or was used before.")
        return done

    async def _complete(
        self, work: UnitOfWork, hashed: bytes, account_id: int, proof: Proof, device: Device, *, trust_device: bool
    ) -> Completed | None:
        """None if the proof is wrong. Raises ChallengeNotValid."""
        known = await work.accounts.credentials_of(account_id, lock=True)
        challenge = await work.challenges.take_try(hashed, MOST_TRIES)
        if known is None or challenge is None or challenge.password_digest != digest_of(known):
            raise ChallengeNotValid
        proven = await self.factors.use(work, account_id, proof, device)
        if proven is None:
            return None
        await work.challenges.drop(hashed)
        methods = list(dict.fromkeys([*challenge.methods, *proven]))
        tokens = await self.sessions.open(work, known, device, methods, challenge.via)
        if tokens is None:  # not active, or its address is not verified, since the challenge was made
            raise ChallengeNotValid
        trusted = await trust(work, account_id, device) if trust_device and self.trusted_for else None
        return Completed(tokens, trusted)
