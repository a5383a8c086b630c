"""One-time tokens in mailed links: each acts once, for a limited time, for one purpose.

A token is HMAC-SHA256, under the server's key, over its purpose and 32 random bytes. The random bytes wait with the
mail in the outbox, and the token's hash in `one_time_tokens`. The token itself is only made when the mail is rendered.
So neither the database nor the key alone is enough to make a token (as with refresh tokens, S-23).
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
from auth.services.mail.sending import Kind, send, take
from auth.services.ports import UnitOfWork
from auth.services.records import Account, MailedAccount
from auth.services.secret_hashes import hash_secret


class Purpose(StrEnum):
    """The action that a token allows."""

    verify_email = "verify-email"
    password_reset = "password-reset"  # noqa: S105  # a name
    email_change = "email-change"


PROVING: Final = {Purpose.verify_email, Purpose.email_change}
"""Links of these stay valid once opened, since they can do no more: opened again, they report that it is done."""

SENT: Final = {
    Purpose.verify_email: Action.email_verification_sent,
    Purpose.password_reset: Action.password_reset_requested,
    Purpose.email_change: Action.email_change_requested,
}


class TokenMaker:
    """Makes tokens under the server's key, and recomputes those made under previous keys."""

    def __init__(self, key: str, *previous: str) -> None:
        self._keys = [
            hashlib.sha256(b"trivium one-time tokens\0" + each.encode()).digest() for each in (key, *previous)
        ]

    def make(self, purpose: Purpose, secret: str) -> str:
        return self.under_each_key(purpose, secret)[0]

    def under_each_key(self, purpose: Purpose, secret: str) -> list[str]:
        """The tokens under all keys, the current key's first."""
        macs = [hmac.digest(key, f"{purpose}\0{secret}".encode(), "sha256") for key in self._keys]
        return [urlsafe_b64encode(mac).rstrip(b"=").decode() for mac in macs]


@dataclass(frozen=True, slots=True)
class OneTimeTokens:
    """Mails tokens, and accepts each once."""

    maker: TokenMaker
    lifetimes: Mapping[Purpose, timedelta]

    async def mail(
        self, work: UnitOfWork, account: Account, purpose: Purpose, to: str, *, ip: str | None, actor: str | int
    ) -> timedelta | None:
        """Mail a new link to an address. Over its limit: how long until the next is allowed.

        Earlier links stay valid: anybody may ask for one, and must not invalidate the owner's (S-11).
        """
        kind = Kind(purpose)
        wait = await take(work, kind, account.id, to)
        if wait is not None:
            return wait
        secret = secrets.token_urlsafe(32)
        hashed = hash_secret(self.maker.make(purpose, secret))
        await work.one_time_tokens.put(hashed, purpose, account.id, to, self.lifetimes[purpose])
        await send(work, kind, account.id, to, secret)
        await work.audit.note(SENT[purpose], account.id, actor=actor, ip=ip, to=masked(to))
        return None

    async def token_of(self, work: UnitOfWork, purpose: Purpose, secret: str) -> tuple[str, Account] | None:
        """The token of a waiting mail, also after a change of the key; None if it can do no more."""
        for token in self.maker.under_each_key(purpose, secret):
            found = await work.one_time_tokens.find(hash_secret(token), purpose)
            if found is not None:
                return None if purpose in PROVING and found.is_proven else (token, found.account)
        return None

    async def find(self, work: UnitOfWork, purpose: Purpose, token: str) -> MailedAccount:
        """The account of a token, without using it up. Raises LinkNotValid."""
        return valid(await work.one_time_tokens.find(hash_secret(token), purpose))

    async def hold(self, work: UnitOfWork, purpose: Purpose, token: str) -> MailedAccount:
        """As `find`, and locks the account, so that uses of its links run one after the other."""
        return valid(await work.one_time_tokens.hold(hash_secret(token), purpose))

    async def use(self, work: UnitOfWork, purpose: Purpose, token: str) -> MailedAccount:
        """Use up a token, and all others of its account and purpose. Raises LinkNotValid.

        Of several concurrent callers only one succeeds.
        """
        used = await self.hold(work, purpose, token)
        await work.one_time_tokens.drop(used.account.id, [purpose])
        return used


def valid(found: MailedAccount | None) -> MailedAccount:
    if found is None:
        raise LinkNotValid
    return found
