"""Checks second proofs, within limits on guessing.

Codes of authenticators are counted per account, in the throttle's tables and so for all replicas (S-10): by source and
in all, as passwords are, but apart from them. A password's success or reset forgives no wrong code. Recovery codes have
120 random bits, so only a challenge's tries limit them; one that fits ends the count, since its owner is back.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from auth.services.audit import Action
from auth.services.errors import SignInClosed, SignInThrottled
from auth.services.ports import UnitOfWork
from auth.services.records import AttemptKey, Device, Verdict
from auth.services.second_factor import totp
from auth.services.second_factor.records import Proof, StoredFactor
from auth.services.sessions.opening import Method
from auth.services.signing_keys.material import KeyCipher
from auth.services.throttle import CODES, admit, hash_of
from common.ports import Transactions

log = structlog.get_logger()

PENDING_FOR: Final = timedelta(minutes=10)
"""How long an authenticator waits for its first code."""
RECOVERY_CODES: Final = 10
CODE_BYTES: Final = 15
GROUP: Final = 4
BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Factors:
    """Checks codes of authenticators, and recovery codes."""

    transactions: Transactions[UnitOfWork]
    cipher: KeyCipher

    async def count(self, account_id: int, proof: Proof, device: Device) -> None:
        """Count an attempt before it is checked. A right code gives it back (`use`).

        Raises:
            SignInThrottled: the source has to wait.
            SignInClosed: too many wrong codes for the account, and the source is not known. A recovery code helps.
        """
        if proof.code is None:
            return
        key = key_of(account_id, device)
        try:
            async with self.transactions() as work:
                await admit(work, key, CODES)
        except (SignInThrottled, SignInClosed) as refusal:
            log.warning("second factor throttled", account=account_id, source=key.source, code=refusal.code)
            verdict = Verdict.waits if isinstance(refusal, SignInThrottled) else Verdict.closed
            async with self.transactions() as work:
                if await work.throttle.is_first_refusal(key, verdict):
                    about = {"reason": f"{refusal.code}: second factor"}
                    await work.audit.note(Action.sign_in_throttled, account_id, ip=device.ip, **about)
            raise

    async def use(self, work: UnitOfWork, account_id: int, proof: Proof, device: Device) -> list[Method] | None:
        """Use up a proof: what it adds to `amr`, or None if it is wrong. The account is locked.

        A recovery code adds no `otp`: RFC 8176 means RFC 4226 and RFC 6238 by it. It is a factor all the same,
        something that its owner has, so it adds `mfa`.
        """
        proven = await self._use(work, account_id, proof, device)
        if proven is None:
            await work.audit.note(Action.second_factor_refused, account_id, ip=device.ip)
            log.warning("second factor refused", account=account_id)
        return proven

    async def _use(self, work: UnitOfWork, account_id: int, proof: Proof, device: Device) -> list[Method] | None:
        key = key_of(account_id, device)
        if proof.recovery_code is not None:
            if not await work.second_factors.use_code(account_id, hash_code(proof.recovery_code)):
                return None
            await work.throttle.forget(key.address)
            await work.audit.note(Action.recovery_code_used, account_id, ip=device.ip)
            return [Method.mfa]
        factor = await work.second_factors.find(account_id, PENDING_FOR)
        if factor is None or not factor.is_on or proof.code is None:
            return None
        step = await self.step_of(work, account_id, factor, proof.code)
        if step is None or not await work.second_factors.use_step(account_id, step):
            return None
        await work.throttle.succeed(key)
        return [Method.otp, Method.mfa]

    async def step_of(self, work: UnitOfWork, account_id: int, factor: StoredFactor, code: str) -> int | None:
        """The step to which a code belongs. Moves the secret to the current key, if it is under the previous one.

        Raises WrongEncryptionKey.
        """
        name = name_of(account_id)
        secret = self.cipher.decrypt(name, factor.secret)
        if not self.cipher.is_current(name, factor.secret):
            await work.second_factors.renew(account_id, factor.secret, self.cipher.encrypt(name, secret))
        return totp.step_of(secret, "".join(code.split()), factor.now)

    def sealed(self, account_id: int, secret: bytes) -> bytes:
        """A secret as it is stored."""
        return self.cipher.encrypt(name_of(account_id), secret)


async def remove_factor(work: UnitOfWork, account_id: int) -> bool:
    """Turn the second factor of a locked account off, with all that belongs to it. False if it was off."""
    if not await work.second_factors.remove(account_id):
        return False
    await work.accounts.set_second_factor(account_id, on=False)
    await work.challenges.drop_all(account_id)
    await work.trusted_devices.drop_all(account_id)
    await forget_attempts(work, account_id)
    return True


async def renew_secrets(work: UnitOfWork, cipher: KeyCipher) -> int:
    """Store all secrets under the current key; returns how many were under a previous one. For the server only."""
    renewed, after = 0, 0
    while batch := await work.second_factors.secrets(after, BATCH):
        for account_id, stored in batch:
            name = name_of(account_id)
            if not cipher.is_current(name, stored):
                sealed = cipher.encrypt(name, cipher.decrypt(name, stored))
                renewed += await work.second_factors.renew(account_id, stored, sealed)
        after = batch[-1][0]
    return renewed


async def forget_attempts(work: UnitOfWork, account_id: int) -> None:
    """Delete all counts of an account's codes."""
    await work.throttle.forget(hash_of(name_of(account_id)))


def key_of(account_id: int, device: Device) -> AttemptKey:
    """Where an account's codes are counted: beside passwords, under a name that is no address."""
    return AttemptKey(hash_of(name_of(account_id)), device.source)


def name_of(account_id: int) -> str:
    """Binds an encrypted secret to its account."""
    return f"second factor {account_id}"


def new_recovery_codes() -> list[str]:
    """120 random bits each, in base32: with so many, a plain hash is enough at rest (ASVS 6.5.2)."""
    return [in_groups(base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()) for _ in range(RECOVERY_CODES)]


def in_groups(code: str) -> str:
    """`ABCD-EFGH-…`"""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def hash_code(code: str) -> bytes:
    """The stored form of a recovery code, in whatever way it is typed."""
    return hashlib.sha256("".join(code.upper().replace("-", " ").split()).encode(errors="replace")).digest()
