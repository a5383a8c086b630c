"""Sign-ins that wait for their second factor, and devices that need none: their tokens, of which hashes are stored."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from auth.services.audit import Action
from auth.services.ports import UnitOfWork
from auth.services.records import Credentials, Device
from auth.services.second_factor.records import PendingSignIn
from auth.services.secret_hashes import hash_secret

LIFETIME: Final = timedelta(minutes=5)
MOST_TRIES: Final = 5
LONGEST_TRUST: Final = timedelta(days=90)
"""The longest that a site may trust a device."""
MOST_DEVICES: Final = 20
"""Trusted devices of an account; the oldest go first."""
NEXT: Final = ["code", "recovery_code"]
"""What may come next, as the second request names it."""


async def ask_for_second_factor(
    work: UnitOfWork, known: Credentials, methods: Sequence[str], via: str, device: Device, *, may_trust_device: bool
) -> PendingSignIn | None:
    """Let a sign-in wait for its second factor. None if the account has changed meanwhile."""
    token = new_token()
    digest = digest_of(known)
    if not await work.challenges.put(hash_secret(token), known, digest, methods, via, LIFETIME):
        return None
    await work.audit.note(Action.second_factor_asked, known.account.id, ip=device.ip, via=via, methods=list(methods))
    return PendingSignIn(token, NEXT, may_trust_device, int(LIFETIME.total_seconds()))


async def is_trusted(work: UnitOfWork, account_id: int, token: str | None, lifetime: timedelta) -> UUID | None:
    """The trusted device of this account that has the token, if so."""
    if token is None or not lifetime:
        return None
    return await work.trusted_devices.use(account_id, hash_secret(token), lifetime)


async def trust(work: UnitOfWork, account_id: int, device: Device) -> str:
    """Let this device sign in with the password alone from now on. Returns its token."""
    token, device_id = new_token(), uuid4()
    await work.trusted_devices.put(device_id, account_id, hash_secret(token), device, MOST_DEVICES)
    await work.audit.note(Action.device_trusted, account_id, ip=device.ip, device=str(device_id))
    return token


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(known: Credentials) -> bytes:
    """Tells whether an account still has the same password."""
    return hashlib.sha256(known.password_hash.encode()).digest()
