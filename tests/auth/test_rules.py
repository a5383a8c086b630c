"""auth's business rules, without database and HTTP."""

import asyncio
import random
import secrets
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from auth.services import ports
from auth.services.accounts import EPOCH, AccountQueries, Registration, new_account_id
from auth.services.addresses.policy import AddressPolicy
from auth.services.audit import Action
from auth.services.errors import AccountNotFound, EmailTaken
from auth.services.passwords import hashing
from auth.services.passwords.hashing import Argon2, TooBusy, normalized
from auth.services.passwords.policy import PasswordPolicy
from auth.services.records import Account, Credentials
from auth.services.sessions import refresh_tokens
from auth.services.sessions.refresh_tokens import RefreshTokens
from common.state_events import Event
from tests.waiting import GENEROUS, eventually

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
chance = random.Random(20_260_101)
REAL_HASHES = True


@dataclass
class Accounts:
    """`AccountStore` in memory; the first `collisions` ids are taken."""

    by_email: dict[str, Account] = field(default_factory=dict)
    collisions: int = 0
    tried: list[int] = field(default_factory=list)

    async def add(
        self,
        account_id: int,
        email: str,
        password_hash: str,
        name: str,
        username: str | None = None,
        locale: str | None = None,
    ) -> Account | None:
        self.tried.append(account_id)
        if email in self.by_email or len(self.tried) <= self.collisions:
            return None
        self.by_email[email] = Account(
            account_id, email, name, username, [], "active", False, False, True, 0, 1, locale
        )
        return self.by_email[email]

    async def get(self, account_id: int) -> Account | None:
        return next((account for account in self.by_email.values() if account.id == account_id), None)

    async def credentials(self, email: str) -> Credentials | None:
        raise NotImplementedError

    async def page(self, after: int, limit: int) -> Sequence[Account]:
        raise NotImplementedError

    async def change(
        self, account_id: int, *, email: str | None, username: str | None, password_hash: str | None
    ) -> Account | None:
        raise NotImplementedError

    async def has_username(self, username: str) -> bool:
        return False

    async def has_email(self, email: str) -> bool:
        return email in self.by_email

    async def replace_hash(self, account_id: int, old: str, new: str) -> bool:
        raise NotImplementedError


@dataclass
class Told:
    """`EventPublisher` in memory."""

    subjects: list[str] = field(default_factory=list)

    async def publish(self, event: Event) -> None:
        self.subjects.append(f"{event.subject}@{event.version}")


class Trail:
    """`AuditTrail` that discards its lines."""

    async def note(self, action: Action, account_id: int | None, **detail: object) -> None:
        return


class Unthrottled:
    """`ThrottleStore` that allows all attempts."""

    async def forget(self, address: bytes) -> None:
        return


@dataclass
class UnitOfWork:
    """The part of `ports.UnitOfWork` that these rules use."""

    accounts: Accounts = field(default_factory=Accounts)
    events: Told = field(default_factory=Told)

    audit: Trail = field(default_factory=Trail)
    throttle: Unthrottled = field(default_factory=Unthrottled)

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["UnitOfWork"]:
        yield self


class Plain:
    """A hasher that takes no time."""

    def slot(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        return password_hash == f"hash of {password}", None


def service(work: UnitOfWork) -> AccountQueries:
    return AccountQueries(cast("ports.AccountReader", work.accounts))


def registration(work: UnitOfWork) -> Registration:
    return Registration(
        cast("ports.UnitOfWork", work), Plain(), PasswordPolicy(8, ()), AddressPolicy(), now=lambda: NOW
    )


async def test_an_id_that_is_taken_is_drawn_again() -> None:
    work = UnitOfWork(Accounts(collisions=3))
    account = await registration(work).register("ada@example.com", "long enough", "Ada")
    assert len(work.accounts.tried) == 4
    assert await service(work).get(account.id) == account
    told, mail = work.events.subjects
    assert (told, mail.partition(":")[0]) == (f"account:{account.id}@1", "mail.wanted")


async def test_an_address_that_is_taken_is_told_at_once() -> None:
    work = UnitOfWork()
    await registration(work).register("ada@example.com", "long enough", "Ada")
    with pytest.raises(EmailTaken):
        await registration(work).register("ada@example.com", "long enough", "Eve")
    assert len(work.accounts.tried) == 2


async def test_an_unknown_account_is_not_found() -> None:
    with pytest.raises(AccountNotFound):
        await service(UnitOfWork()).get(7)


def test_account_ids_are_ordered_by_time_and_fit_53_bits() -> None:
    for _ in range(300):
        moment = EPOCH + timedelta(milliseconds=chance.randrange(2**41 - 1))
        earlier, later = new_account_id(moment), new_account_id(moment + timedelta(milliseconds=1))
        assert 0 <= earlier < later < 2**53
    assert len({new_account_id(NOW) for _ in range(100)}) > 50


def test_a_refresh_token_comes_back_as_it_was_and_fits_its_session_alone() -> None:
    """S-23"""
    ours, theirs = RefreshTokens(secrets.token_urlsafe(32)), RefreshTokens(secrets.token_urlsafe(32))
    for _ in range(100):
        session, secret, generation = uuid.uuid4(), secrets.token_bytes(32), chance.randint(1, 10**9 - 1)
        token = refresh_tokens.parse(ours.make(session, generation, secret))
        assert token is not None
        assert (token.session_id, token.generation) == (session, generation)
        assert ours.genuine(token, secret)
        assert not ours.genuine(token, secrets.token_bytes(32))
        assert not theirs.genuine(token, secret)


async def test_a_password_is_known_again_and_only_it() -> None:
    """S-01, S-03"""
    hasher = Argon2(slots=2, patience=GENEROUS)
    known = await hasher.hash("pa\u0308sswort")
    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert known != await hasher.hash("pa\u0308sswort")
    assert await hasher.verify("p\u00e4sswort", known) == (True, None), "NFKC: another keyboard, the same word"
    assert await hasher.verify("Passwort", known) == (False, None)
    assert await hasher.verify("a password that nobody has", None) == (False, None)


async def test_a_slot_has_a_queue_and_it_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-17, R-18: those in it do not count as running (`common.serving.load_shedding`)."""
    monkeypatch.setattr(hashing, "AT_WORK", 1)
    monkeypatch.setattr(hashing, "QUEUE", 2)
    hasher = Argon2(slots=1, patience=GENEROUS)
    async with hasher.slot():
        assert len(hasher.waiting) == 0
        gone, patient = (asyncio.create_task(hasher.hash("long enough")) for _ in range(2))
        await eventually(lambda: len(hasher.waiting) == 2)
        with pytest.raises(TooBusy):
            await hasher.hash("long enough")
        gone.cancel()
        await eventually(lambda: len(hasher.waiting) == 1)
    assert await patient
    assert len(hasher.waiting) == 0


async def test_nobody_waits_long_for_a_password_to_be_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-18: also if a hash takes longer than on an idle machine."""
    monkeypatch.setattr(hashing, "AT_WORK", 1)
    hasher = Argon2(slots=1, patience=0.05)
    async with hasher.slot():
        with pytest.raises(TooBusy):
            await asyncio.create_task(hasher.hash("long enough"))
    assert await hasher.hash("long enough")


async def test_a_hash_of_older_parameters_is_renewed() -> None:
    """S-01"""
    old = PasswordHash((Argon2Hasher(memory_cost=8192, time_cost=1, parallelism=1),)).hash(normalized("long enough"))
    fits, renewed = await Argon2(slots=1, patience=GENEROUS).verify("long enough", old)
    assert fits
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
