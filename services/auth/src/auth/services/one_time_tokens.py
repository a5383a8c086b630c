"""Tokens in links that are mailed: each acts once, for a while, for one purpose.

A token is HMAC-SHA256, under the server's key, over its purpose and 32 random bytes. The random bytes wait with the
mail in the outbox, the token's hash in `one_time_tokens`; the token itself is only made while the mail is written. So
the database alone makes no token, and the key alone none either (as with refresh tokens, S-23).
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from auth.services.audit import Action, masked
from auth.services.errors import LinkNotValid
from auth.services.mails import Kind, send, take
from auth.services.ports import UnitOfWork
from auth.services.records import Account, MailedAccount


class Purpose(StrEnum):
    """What a token is for."""

    verify_email = "verify-email"
    password_reset = "password-reset"  # noqa: S105  # a name
    email_change = "email-change"


PROVING: Final = {Purpose.verify_email, Purpose.email_change}
"""Their links stay good once opened, since they have nothing left to do: opened again, they tell that it is done."""

SENT: Final = {
    Purpose.verify_email: Action.email_verification_sent,
    Purpose.password_reset: Action.password_reset_requested,
    Purpose.email_change: Action.email_change_requested,
}


class TokenMaker:
    """Makes tokens under the server's key, and again those that were made under the keys before."""

    def __init__(self, key: str, *previous: str) -> None:
        self._keys = [
            hashlib.sha256(b"trivium one-time tokens\0" + each.encode()).digest() for each in (key, *previous)
        ]

    def make(self, purpose: Purpose, secret: str) -> str:
        return self.under_each_key(purpose, secret)[0]

    def under_each_key(self, purpose: Purpose, secret: str) -> list[str]:
        """The current key's first."""
        macs = [hmac.digest(key, f"{purpose}\0{secret}".encode(), "sha256") for key in self._keys]
        return [urlsafe_b64encode(mac).rstrip(b"=").decode() for mac in macs]


def hash_token(token: str) -> bytes:
    """A token as it is stored."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class OneTimeTokens:
    """Mails tokens, and takes them back once."""

    maker: TokenMaker
    lifetimes: Mapping[Purpose, timedelta]

    async def mail(
        self, work: UnitOfWork, account: Account, purpose: Purpose, to: str, *, ip: str | None, actor: str | int
    ) -> timedelta | None:
        """Mail a new link to an address. If it was sent enough lately: how long until it may have the next.

        Links that were mailed before stay good: anybody may ask for one, and must not take away the owner's (S-11).
        """
        kind = Kind(purpose)
        wait = await take(work, kind, account.id, to)
        if wait is not None:
            return wait
        secret = secrets.token_urlsafe(32)
        hashed = hash_token(self.maker.make(purpose, secret))
        await work.one_time_tokens.put(hashed, purpose, account.id, to, self.lifetimes[purpose])
        await send(work, kind, account.id, to, secret)
        await work.audit.note(SENT[purpose], account.id, actor=actor, ip=ip, to=masked(to))
        return None

    async def token_of(self, work: UnitOfWork, purpose: Purpose, secret: str) -> tuple[str, Account] | None:
        """The token of a mail that waits, also if the key has changed meanwhile; None if it has nothing left to do."""
        for token in self.maker.under_each_key(purpose, secret):
            found = await work.one_time_tokens.find(hash_token(token), purpose)
            if found is not None:
                return None if purpose in PROVING and found.is_proven else (token, found.account)
        return None

    async def find(self, work: UnitOfWork, purpose: Purpose, token: str) -> MailedAccount:
        """Whose token it is, without using it up. Raises LinkNotValid."""
        return valid(await work.one_time_tokens.find(hash_token(token), purpose))

    async def hold(self, work: UnitOfWork, purpose: Purpose, token: str) -> MailedAccount:
        """As `find`; callers with links of one account follow one after the other, each in its transaction."""
        return valid(await work.one_time_tokens.hold(hash_token(token), purpose))

    async def use(self, work: UnitOfWork, purpose: Purpose, token: str) -> MailedAccount:
        """Use a token up, and all others of its account and purpose. Raises LinkNotValid.

        Of any number of callers one succeeds.
        """
        used = await self.hold(work, purpose, token)
        await work.one_time_tokens.drop(used.account.id, [purpose])
        return used


def valid(found: MailedAccount | None) -> MailedAccount:
    if found is None:
        raise LinkNotValid
    return found
