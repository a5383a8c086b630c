"""How often passwords may be guessed. Every check of a password goes through here: sign-in, and confirming oneself.

Two counts, both in the database and so the same for all replicas (S-10). Of one source for one address: FREE failures,
then a wait before each further try, 1 s and doubling. Of all sources for one address: after MOST_GUESSES only sources
that succeeded within KNOWN_FOR may try, until the password is reset; so a guesser elsewhere never shuts its owner out
(S-11). A success takes what its own source had failed off both counts, and nothing else: an owner's slips do not add
up over the years, while others' guesses stay. Addresses without an account are counted exactly alike (S-06).
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from auth.services.audit import ANONYMOUS, Action, masked
from auth.services.errors import AccountNotFound, SignInClosed, SignInThrottled, WrongPassword
from auth.services.passwords import normalized
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
NOBODY: Final = ""  # an address that no account has; looked up all the same, so that it takes as long (S-07)


@dataclass(frozen=True, slots=True)
class Throttle:
    """Checks passwords, but not too many."""

    transactions: Transactions[UnitOfWork]
    passwords: PasswordHasher

    async def check(self, username: str, password: str, device: Device) -> CheckedPassword:
        """Compare a password with the one of an address. The caller notes a success (`work.throttle.succeed`).

        Raises:
            SignInThrottled: the source has to wait.
            SignInClosed: too much was guessed for the address, and the source is not known.
            TooBusy: too many others are being checked.
        """
        email = normal_email(username)
        key = key_of(email or username, device)
        async with self.passwords.slot():  # before the try is counted: what has no turn reaches no hasher
            try:
                async with self.transactions() as work:
                    await admit(work, key)
                    found = await work.accounts.credentials(email or NOBODY)
            except (SignInThrottled, SignInClosed) as refusal:
                await self._note(refusal, email or NOBODY, key, device)
                raise
            # Between two transactions: hashing takes 20 ms and more under load, and no connection waits for it.
            known = found.password_hash if found else None
            typed = normalized(password[: MAX_TYPED + 1])
            fits, renewed = await self.passwords.verify(typed[:MAX_PASSWORD], known)
        can_be = len(password) <= MAX_TYPED and len(typed) <= MAX_PASSWORD
        return CheckedPassword(key, found, fits and can_be, renewed)

    async def _note(self, refusal: SignInThrottled | SignInClosed, email: str, key: AttemptKey, device: Device) -> None:
        """In the trail once for each wait, so that a flood does not fill it; in the log every time."""
        log.warning("sign-in throttled", email=masked(email), source=key.source, code=refusal.code)
        verdict = Verdict.waits if isinstance(refusal, SignInThrottled) else Verdict.closed
        async with self.transactions() as work:
            if await work.throttle.is_first_refusal(key, verdict):
                found = await work.accounts.credentials(email)
                who = found.account.id if found else None
                about = {"email": masked(email), "reason": refusal.code}
                await work.audit.note(Action.sign_in_throttled, who, actor=ANONYMOUS, ip=device.ip, **about)

    async def confirm(self, account_id: int, password: str, device: Device) -> Credentials:
        """Make sure that who is signed in also knows the password. Returns what it was compared with.

        Raises:
            WrongPassword: it is not the account's.
            SignInThrottled, SignInClosed: as for signing in, and counted together with it.
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
    """`address` in its normal form; what is no e-mail address at all stands for itself."""
    return AttemptKey(hash_of(address), device.source)


def hash_of(address: str) -> bytes:
    return hashlib.sha256(address.encode(errors="replace")).digest()


async def admit(work: UnitOfWork, key: AttemptKey) -> None:
    """Count a try as failed until it has succeeded. The wait after it begins now; a refusal has to be rolled back."""
    verdict = await work.throttle.count(key)
    if verdict is Verdict.waits:
        raise SignInThrottled("Too many wrong passwords; try again later.", retry_after=await work.throttle.wait(key))
    if verdict is Verdict.closed:
        raise SignInClosed(
            "Too many wrong passwords for this address. Reset the password, or sign in from where you did lately.",
            retry_after=LONGEST_WAIT,
        )


async def reset_attempts(work: UnitOfWork, email: str) -> None:
    """Forget all tries for an address: its account is new, or has a new password."""
    await work.throttle.forget(hash_of(email))
