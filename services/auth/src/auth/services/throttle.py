"""Limits on guessing passwords. Every password check goes through here: sign-in, and confirmation by password.

Two counts, both in the database and so shared by all replicas (S-10). Per source and address: FREE failures, then a
wait before each further attempt, 1 s and doubling. Per address over all sources: after MOST_GUESSES only sources that
succeeded within KNOWN_FOR may try, until the password is reset. So a guesser elsewhere never locks its owner out
(S-11). A success subtracts its own source's failures from both counts, and nothing else. So an owner's mistakes do not
add up over the years, while others' guesses stay. Addresses without an account are counted exactly alike (S-06).
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from auth.services.audit import ANONYMOUS, Action, masked
from auth.services.errors import AccountNotFound, SignInClosed, SignInThrottled, WrongPassword
from auth.services.passwords.hashing import normalized
from auth.services.ports import PasswordHasher, UnitOfWork
from auth.services.records import AttemptKey, CheckedPassword, Credentials, Device, Verdict
from common.email_addresses import normal_email
from common.ports import Transactions
from common.schemas import MAX_PASSWORD, MAX_TYPED

log = structlog.get_logger()

FREE: Final = 5
LONGEST_WAIT: Final = timedelta(minutes=15)
MOST_GUESSES: Final = 100
KNOWN_FOR: Final = timedelta(days=30)
NOBODY: Final = ""  # no account has this address; it is looked up all the same, to take as long (S-07)


@dataclass(frozen=True, slots=True)
class Throttle:
    """Checks passwords within the limits."""

    transactions: Transactions[UnitOfWork]
    passwords: PasswordHasher

    async def check(self, username: str, password: str, device: Device) -> CheckedPassword:
        """Compare a password with that of an address. The caller records a success (`work.throttle.succeed`).

        Raises:
            SignInThrottled: the source has to wait.
            SignInClosed: too many guesses for the address, and the source is not known.
            TooBusy: too many other passwords are being checked.
        """
        email = normal_email(username)
        key = key_of(email or username, device)
        async with self.passwords.slot():  # before the attempt is counted: without a slot it does not reach the hasher
            try:
                async with self.transactions() as work:
                    await admit(work, key)
                    found = await work.accounts.credentials(email or NOBODY)
            except (SignInThrottled, SignInClosed) as refusal:
                await self._note(refusal, email or NOBODY, key, device)
                raise
            # Between two transactions: hashing takes 20 ms and more under load, and must not hold a connection.
            known = found.password_hash if found else None
            typed = normalized(password[: MAX_TYPED + 1])
            fits, renewed = await self.passwords.verify(typed[:MAX_PASSWORD], known)
        can_be = len(password) <= MAX_TYPED and len(typed) <= MAX_PASSWORD
        return CheckedPassword(key, found, fits and can_be, renewed)

    async def _note(self, refusal: SignInThrottled | SignInClosed, email: str, key: AttemptKey, device: Device) -> None:
        """Recorded in the trail once per wait, so that a flood does not fill it; in the log every time."""
        log.warning("sign-in throttled", email=masked(email), source=key.source, code=refusal.code)
        verdict = Verdict.waits if isinstance(refusal, SignInThrottled) else Verdict.closed
        async with self.transactions() as work:
            if await work.throttle.is_first_refusal(key, verdict):
                found = await work.accounts.credentials(email)
                who = found.account.id if found else None
                about = {"email": masked(email), "reason": refusal.code}
                await work.audit.note(Action.sign_in_throttled, who, actor=ANONYMOUS, ip=device.ip, **about)

    async def confirm(self, account_id: int, password: str, device: Device) -> Credentials:
        """Check that the signed-in caller also knows the password. Returns the stored credentials.

        Raises:
            WrongPassword: it is not the account's password.
            SignInThrottled, SignInClosed: as for sign-in, and counted together with it.
        """
        async with self.transactions() as work:
            account = await work.accounts.get(account_id)
        if account is None or account.status == "deleted":
            raise AccountNotFound("There is no such account.")
        checked = await self.check(account.email, password, device)
        async with self.transactions() as work:
            if checked.fits:
                await work.throttle.succeed(checked.key)
            else:
                await work.audit.note(Action.password_refused, account_id, ip=device.ip)
        if not checked.fits or checked.found is None:
            log.warning("password refused", account=account_id)
            raise WrongPassword("The current password is wrong.")
        return checked.found


def key_of(address: str, device: Device) -> AttemptKey:
    """`address` in its normal form; a text that is no address stands for itself."""
    return AttemptKey(hash_of(address), device.source)


def hash_of(address: str) -> bytes:
    return hashlib.sha256(address.encode(errors="replace")).digest()


@dataclass(frozen=True, slots=True)
class Told:
    """What a guesser is told."""

    waits: str
    closed: str


PASSWORDS: Final = Told(
    "Too many wrong passwords; try again later.",
    "Too many wrong passwords for this address. Reset the password, or sign in from where you did lately.",
)
CODES: Final = Told(
    "Too many wrong codes; try again later.",
    "Too many wrong codes for this account. Use a recovery code, or sign in from where you did lately.",
)


async def admit(work: UnitOfWork, key: AttemptKey, told: Told = PASSWORDS) -> None:
    """Count an attempt as failed until it succeeds. Its wait begins now; a refusal must be rolled back."""
    verdict = await work.throttle.count(key)
    if verdict is Verdict.waits:
        raise SignInThrottled(told.waits, retry_after=await work.throttle.wait(key))
    if verdict is Verdict.closed:
        raise SignInClosed(told.closed, retry_after=LONGEST_WAIT)


async def reset_attempts(work: UnitOfWork, email: str) -> None:
    """Delete all attempts for an address: its account is new, or has a new password."""
    await work.throttle.forget(hash_of(email))
