"""Accounts in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Text, bindparam, case, cast, exists, func, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from auth.models import Account as Table
from auth.models import TokenFloor
from auth.services.errors import EmailTaken, UsernameTaken
from auth.services.passwords.hashing import NO_PASSWORD
from auth.services.records import Account, Credentials
from common.contracts.events import EVERYBODY
from common.db.database import Executor
from common.db.rows import RowReader

# The floor of all accounts (`services.sessions.revocation.revoke_all_tokens`) applies if it is later.
FLOOR_OF_ALL: Final = select(TokenFloor.not_before).where(TokenFloor.account_id == EVERYBODY)
COLUMNS: Final = (
    Table.id,
    func.coalesce(Table.email, literal_column("''")).label("email"),
    Table.name,
    Table.username,
    Table.roles,
    Table.status,
    Table.email_verified_at.is_not(None).label("email_verified"),
    Table.second_factor,
    (Table.password_hash != literal_column(f"'{NO_PASSWORD}'")).label("has_password"),
    func.greatest(Table.tokens_not_before, FLOOR_OF_ALL.scalar_subquery()).label("tokens_not_before"),
    Table.version,
    Table.locale,
)
# On any conflict, of the address or the id: one statement, so that only one of two sign-ups can win.
ADD: Final = insert(Table).on_conflict_do_nothing().returning(*COLUMNS)
GET: Final = select(*COLUMNS).where(Table.id == bindparam("account_id"))
GET_FOR_SHARE: Final = GET.with_for_update(read=True, of=Table)
# Tokens of an account whose floor was raised recently are dated at that floor, which may be slightly ahead. The extra
# second is for a sign-in that has not seen the new floor yet. Floors raised again within seconds would run ahead of the
# clock, and so would the tokens dated at them. Verifiers would refuse those as tokens of the future. So a raise waits
# until the last floor is at most 2 s ahead.
CATCH_UP: Final = text("""
    SELECT pg_sleep(greatest(0, max(not_before) - extract(epoch FROM clock_timestamp()) - 2)) FROM token_floors
    WHERE CAST(:account AS bigint) IS NULL OR account_id IN (0, :account)
""")
AFTER_ALL: Final = select(
    func.greatest(
        cast(func.floor(func.extract("epoch", func.clock_timestamp())) + 1, BigInteger),
        select(func.max(TokenFloor.not_before)).scalar_subquery(),
    )
    + 1
)
GONE: Final = text("status <> 'active' AND status IN ('deleting', 'deleted')")  # as in the partial index
PAGE: Final = select(*COLUMNS).where(Table.id > bindparam("after")).order_by(Table.id).limit(bindparam("most"))
PAGE_GONE: Final = PAGE.where(GONE)
CREDENTIALS: Final = select(*COLUMNS, Table.password_hash).where(Table.email == bindparam("address"))
CREDENTIALS_OF: Final = select(*COLUMNS, Table.password_hash).where(
    Table.id == bindparam("account_id"), Table.status == "active"
)
CREDENTIALS_OF_LOCKED: Final = CREDENTIALS_OF.with_for_update(read=True, of=Table)
FIND: Final = select(*COLUMNS).where(Table.email == bindparam("address"))
HAS_USERNAME: Final = select(exists().where(func.lower(Table.username) == func.lower(bindparam("username"))))
HAS_EMAIL: Final = select(exists().where(Table.email == bindparam("address")))
REPLACE_HASH: Final = (
    update(Table)
    .where(Table.id == bindparam("account_id"), Table.password_hash == bindparam("old"), Table.status == "active")
    .values(password_hash=bindparam("new"))
    .returning(Table.id)
)
SET_SECOND_FACTOR: Final = update(Table).where(Table.id == bindparam("account")).values(second_factor=bindparam("on"))
NEW_EMAIL: Final = bindparam("new_email", type_=Text)
ACTIVE: Final = (Table.id == bindparam("account"), Table.status == "active")
OWN: Final = (*ACTIVE, Table.email == bindparam("address"))
PROVEN: Final = func.coalesce(Table.email_verified_at, func.clock_timestamp())
VERIFY_EMAIL: Final = update(Table).where(*OWN).values(email_verified_at=PROVEN).returning(Table.id)
RESET_PASSWORD: Final = (
    update(Table).where(*OWN).values(password_hash=bindparam("new"), email_verified_at=PROVEN).returning(Table.id)
)
CHANGE_EMAIL: Final = (
    update(Table)
    .where(*ACTIVE)
    .values(email=bindparam("new"), email_verified_at=func.clock_timestamp(), version=Table.version + 1)
    .returning(*COLUMNS)
)
# A null changes nothing. Another address is not verified.
CHANGE: Final = (
    update(Table)
    .where(Table.id == bindparam("account"))
    .values(
        email=func.coalesce(NEW_EMAIL, Table.email),
        email_verified_at=case((Table.email != NEW_EMAIL, None), else_=Table.email_verified_at),
        username=func.coalesce(bindparam("new_username", type_=Text), Table.username),
        password_hash=func.coalesce(bindparam("new_hash", type_=Text), Table.password_hash),
        version=Table.version + 1,
    )
    .returning(*COLUMNS)
)
SET_LOCALE: Final = (
    update(Table).where(Table.id == bindparam("account")).values(locale=bindparam("new")).returning(*COLUMNS)
)
ACCOUNT: Final = RowReader(Account)
"""From COLUMNS, among others."""


@dataclass(frozen=True, slots=True)
class AccountRepository:
    """`AccountStore` in PostgreSQL."""

    session: Executor

    async def add(
        self,
        account_id: int,
        email: str,
        password_hash: str,
        name: str,
        username: str | None = None,
        locale: str | None = None,
    ) -> Account | None:
        values = {"id": account_id, "email": email, "password_hash": password_hash, "name": name, "username": username}
        return ACCOUNT.one(await self.session.execute(ADD, values | {"locale": locale}))

    async def get(self, account_id: int) -> Account | None:
        return ACCOUNT.one(await self.session.execute(GET, {"account_id": account_id}))

    async def page(self, after: int, limit: int) -> Sequence[Account]:
        return ACCOUNT.all(await self.session.execute(PAGE, {"after": after, "most": limit}))

    async def page_gone(self, after: int, limit: int) -> Sequence[Account]:
        return ACCOUNT.all(await self.session.execute(PAGE_GONE, {"after": after, "most": limit}))

    async def credentials(self, email: str) -> Credentials | None:
        row = (await self.session.execute(CREDENTIALS, {"address": email})).one_or_none()
        return Credentials(ACCOUNT.read(row), row.password_hash) if row else None

    async def credentials_of(self, account_id: int, *, lock: bool = False) -> Credentials | None:
        statement = CREDENTIALS_OF_LOCKED if lock else CREDENTIALS_OF
        row = (await self.session.execute(statement, {"account_id": account_id})).one_or_none()
        return Credentials(ACCOUNT.read(row), row.password_hash) if row else None

    async def find(self, email: str) -> Account | None:
        return ACCOUNT.one(await self.session.execute(FIND, {"address": email}))

    async def verify_email(self, account_id: int, email: str) -> bool:
        return bool((await self.session.execute(VERIFY_EMAIL, {"account": account_id, "address": email})).scalar())

    async def reset_password(self, account_id: int, email: str, password_hash: str) -> bool:
        params = {"account": account_id, "address": email, "new": password_hash}
        return bool((await self.session.execute(RESET_PASSWORD, params)).scalar())

    async def change_email(self, account_id: int, email: str) -> Account | None:
        found = await self.find(email)
        if found is not None and found.id != account_id:
            raise EmailTaken("This address already has an account.")
        try:
            return ACCOUNT.one(await self.session.execute(CHANGE_EMAIL, {"account": account_id, "new": email}))
        except IntegrityError as error:  # another account has just taken it
            raise EmailTaken("This address already has an account.") from error

    async def change(
        self, account_id: int, *, email: str | None, username: str | None, password_hash: str | None
    ) -> Account:
        values = {"new_email": email, "new_username": username, "new_hash": password_hash}
        try:
            return ACCOUNT.read((await self.session.execute(CHANGE, {"account": account_id, **values})).one())
        except IntegrityError as error:
            if "username" in (getattr(error.orig, "constraint_name", None) or ""):
                raise UsernameTaken("This username is taken.") from error
            raise EmailTaken("This address already has an account.") from error

    async def set_locale(self, account_id: int, locale: str | None) -> Account:
        return ACCOUNT.read((await self.session.execute(SET_LOCALE, {"account": account_id, "new": locale})).one())

    async def set_second_factor(self, account_id: int, *, on: bool) -> None:
        await self.session.execute(SET_SECOND_FACTOR, {"account": account_id, "on": on})

    async def lock_for_share(self, account_id: int) -> Account | None:
        return ACCOUNT.one(await self.session.execute(GET_FOR_SHARE, {"account_id": account_id}))

    async def after_all_tokens(self) -> int:
        await self.session.execute(CATCH_UP, {"account": None})
        return int((await self.session.execute(AFTER_ALL)).scalar_one())

    async def has_email(self, email: str) -> bool:
        return bool((await self.session.execute(HAS_EMAIL, {"address": email})).scalar_one())

    async def has_username(self, username: str) -> bool:
        return bool((await self.session.execute(HAS_USERNAME, {"username": username})).scalar_one())

    async def replace_hash(self, account_id: int, old: str, new: str) -> bool:
        found = await self.session.execute(REPLACE_HASH, {"account_id": account_id, "old": old, "new": new})
        return found.one_or_none() is not None
