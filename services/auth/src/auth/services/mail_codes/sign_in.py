"""Signing in with a code of eight digits that is sent to the account's address.

Whoever asks gets a challenge, and the mailbox gets the code; only both together sign in. So a code that somebody else
asked for, or that its owner was talked into telling, opens nothing in another browser. The code derives, under the
server's key, from 32 random bytes: neither the database nor the key alone is enough to make one.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog

from auth.services.audit import ANONYMOUS, Action, masked
from auth.services.mail.events import MailWantedData
from auth.services.mail.sending import OWN_CODE, Kind, send
from auth.services.mail_codes.errors import MailCodeNotValid, MailCodesOff
from auth.services.ports import UnitOfWork
from auth.services.records import Account, AttemptKey, Device, Tokens
from auth.services.second_factor.records import PendingSignIn
from auth.services.secret_hashes import hash_secret
from auth.services.sessions.opening import Method, SessionOpener, Way
from auth.services.throttle import hash_of, key_of, reset_attempts
from auth.services.ways_in import begin_anew
from common.ports import Transactions
from common.state_events import Event

log = structlog.get_logger()

LIFETIME: Final = timedelta(minutes=10)
DIGITS: Final = 8
MOST_TRIES: Final = 5
"""Per code, and only codes that were mailed can be right: strangers get 20 an hour. Even odds take them 79 years."""


class CodeMaker:
    """Makes codes under the server's key, and recomputes those made under previous keys."""

    def __init__(self, key: str, *previous: str) -> None:
        self._keys = [hashlib.sha256(b"trivium sign-in codes\0" + each.encode()).digest() for each in (key, *previous)]

    def make(self, secret: str) -> str:
        return self.under_each_key(secret)[0]

    def under_each_key(self, secret: str) -> Sequence[str]:
        """The codes under all keys, the current key's first."""
        macs = [hmac.digest(key, secret.encode(), "sha256") for key in self._keys]
        return [f"{int.from_bytes(mac, 'big') % 10**DIGITS:0{DIGITS}d}" for mac in macs]

    def fits(self, secret: str, code: str) -> bool:
        offered = "".join(code.split()).encode()
        return any(hmac.compare_digest(known.encode(), offered) for known in self.under_each_key(secret))


@dataclass(frozen=True, slots=True)
class MailCodeSignIn:
    """Sends codes, and accepts each once."""

    transactions: Transactions[UnitOfWork]
    sessions: SessionOpener
    codes: CodeMaker
    is_on: bool

    async def ask(self, email: str, device: Device) -> str:
        """Have a code mailed to the address, if an account has it; returns the challenge that belongs to it.

        The account is looked up later, so that every request takes as long (S-08).

        Raises:
            MailCodesOff
        """
        self._require()
        challenge, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        async with self.transactions() as work:
            await work.sign_in_codes.put(hash_secret(challenge), email, secret, LIFETIME)
            wanted = MailWantedData(
                purpose=Kind.sign_in_code, email=email, ip=device.ip, source=device.source, secret=secret
            )
            await work.events.publish(Event((uuid4(),), 1, wanted))
        return challenge

    async def confirm(self, challenge: str, code: str, device: Device) -> Tokens | PendingSignIn:
        """Open a session, or ask for the second factor. The code also proves the address.

        Raises:
            MailCodesOff
            MailCodeNotValid: for any reason; the fifth wrong code uses up the challenge.
        """
        self._require()
        async with self.transactions() as work:  # the count stays, whatever comes of it
            asked = await work.sign_in_codes.count(hash_secret(challenge), MOST_TRIES)
        if asked is None or not self.codes.fits(asked.secret, code) or not asked.mailed:
            if asked is not None:
                log.warning("code refused", email=masked(asked.email))
            raise MailCodeNotValid("This code does not work. Look for the newest mail, or ask for another code.")
        done = None
        async with self.transactions() as work:
            found = await work.accounts.find(asked.email)
            # the account is locked first, as by those who drop its codes
            account = await work.managed_accounts.lock(found.id) if found else None
            if await work.sign_in_codes.take(hash_secret(challenge)) and account is not None:
                done = await self._open(work, account, asked.email, device)
        if done is None:
            raise MailCodeNotValid("This code does not work. Ask for another one.")
        return done

    async def _open(
        self, work: UnitOfWork, account: Account, email: str, device: Device
    ) -> Tokens | PendingSignIn | None:
        if not await work.accounts.verify_email(account.id, email):
            return None
        if not account.email_verified:
            await begin_anew(work, account, keeps_password=False)
            await reset_attempts(work, email)  # the stranger's sources as well
            await work.audit.note(Action.email_verified, account.id, ip=device.ip)
        await work.throttle.succeed(key_of(email, device))  # from here codes can be asked for, whatever strangers do
        known = await work.accounts.credentials_of(account.id)
        if known is None:
            return None
        return await self.sessions.admit(work, known, device, [Method.otp], Way.mail_code)

    def _require(self) -> None:
        if not self.is_on:
            raise MailCodesOff("This site does not send codes for signing in.")


async def may_send(work: UnitOfWork, email: str, source: str) -> bool:
    """Count a code by its source, and one from an unknown source also for all of those together.

    A source is known for 30 days after a sign-in to the address. So strangers can neither flood a mailbox nor use up
    the codes of an owner who comes from a known source (S-11).
    """
    if await work.mail_counts.take(f"{source} {email}", OWN_CODE) is not None:
        return False
    if await work.throttle.is_known(AttemptKey(hash_of(email), source)):
        return True
    return await work.mail_counts.take(email, Kind.sign_in_code) is None


async def send_code(work: UnitOfWork, account: Account, wanted: MailWantedData) -> None:
    """Handle a request of an account's address. Over the limit of mails, nothing is sent."""
    if await may_send(work, account.email, wanted.source or wanted.ip or ""):
        await work.sign_in_codes.mark_mailed(wanted.secret or "", account.email)
        await send(work, Kind.sign_in_code, account.id, account.email, wanted.secret)
        to = masked(account.email)
        await work.audit.note(Action.sign_in_code_sent, account.id, actor=ANONYMOUS, ip=wanted.ip, to=to)
