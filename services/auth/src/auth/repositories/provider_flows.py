"""Flows to providers and the codes at their ends, in PostgreSQL, as hashes. All times are the database's own."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Interval, bindparam, delete, func, insert, literal, select, text

from auth.models import ProviderCode, ProviderFlow
from auth.services.providers.records import Flow
from common.db.database import Executor
from common.db.rows import RowReader

FLOW_LIFETIME: Final = timedelta(minutes=10)
"""People choose an account at the provider, and may have to find their second factor."""
CODE_LIFETIME: Final = timedelta(seconds=60)

NOW: Final = func.clock_timestamp()
START: Final = insert(ProviderFlow).values(
    state_hash=bindparam("state"),
    browser_hash=bindparam("browser"),
    provider=bindparam("at"),
    return_to=bindparam("page"),
    account_id=bindparam("account"),
    session_id=bindparam("session"),
    expires_at=NOW + literal(FLOW_LIFETIME, Interval),
)
TAKE: Final = (
    delete(ProviderFlow)
    .where(
        ProviderFlow.state_hash == bindparam("state"),
        ProviderFlow.browser_hash == bindparam("browser"),
        ProviderFlow.provider == bindparam("at"),
        ProviderFlow.expires_at > NOW,
    )
    .returning(ProviderFlow.provider, ProviderFlow.return_to, ProviderFlow.account_id, ProviderFlow.session_id)
)
PUT_CODE: Final = insert(ProviderCode).values(
    code_hash=bindparam("code"),
    browser_hash=bindparam("browser"),
    account_id=bindparam("account"),
    provider=bindparam("at"),
    expires_at=NOW + literal(CODE_LIFETIME, Interval),
)
ACCOUNT_OF: Final = select(ProviderCode.account_id).where(
    ProviderCode.code_hash == bindparam("code"),
    ProviderCode.browser_hash == bindparam("browser"),
    ProviderCode.expires_at > NOW,
)
TAKE_CODE: Final = (
    delete(ProviderCode)
    .where(ProviderCode.code_hash == bindparam("code"), ProviderCode.expires_at > NOW)
    .returning(ProviderCode.provider)
)
DROP_CODES: Final = delete(ProviderCode).where(ProviderCode.account_id == bindparam("account"))
DROP_FLOWS: Final = delete(ProviderFlow).where(ProviderFlow.account_id == bindparam("account"))
FORGET_FLOWS: Final = text("""
    DELETE FROM provider_flows WHERE state_hash = ANY (ARRAY(
        SELECT state_hash FROM provider_flows WHERE expires_at < now() LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING 1
""")
FORGET_CODES: Final = text("""
    DELETE FROM provider_codes WHERE code_hash = ANY (ARRAY(
        SELECT code_hash FROM provider_codes WHERE expires_at < now() LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING 1
""")
FLOW: Final = RowReader(Flow)


@dataclass(frozen=True, slots=True)
class ProviderFlowRepository:
    """`ProviderFlowStore` in PostgreSQL."""

    session: Executor

    async def start(self, state_hash: bytes, browser_hash: bytes, flow: Flow) -> None:
        about = {"state": state_hash, "browser": browser_hash, "at": flow.provider, "page": flow.return_to}
        await self.session.execute(START, {**about, "account": flow.account_id, "session": flow.session_id})

    async def take(self, state_hash: bytes, browser_hash: bytes, provider: str) -> Flow | None:
        params = {"state": state_hash, "browser": browser_hash, "at": provider}
        return FLOW.one(await self.session.execute(TAKE, params))

    async def put_code(self, code_hash: bytes, browser_hash: bytes, account_id: int, provider: str) -> None:
        params = {"code": code_hash, "browser": browser_hash, "account": account_id, "at": provider}
        await self.session.execute(PUT_CODE, params)

    async def account_of(self, code_hash: bytes, browser_hash: bytes) -> int | None:
        found = await self.session.execute(ACCOUNT_OF, {"code": code_hash, "browser": browser_hash})
        account_id: int | None = found.scalar_one_or_none()
        return account_id

    async def take_code(self, code_hash: bytes) -> str | None:
        provider: str | None = (await self.session.execute(TAKE_CODE, {"code": code_hash})).scalar()
        return provider

    async def drop(self, account_id: int) -> None:
        await self.session.execute(DROP_CODES, {"account": account_id})
        await self.session.execute(DROP_FLOWS, {"account": account_id})

    async def forget_expired(self, most: int) -> int:
        flows = (await self.session.execute(FORGET_FLOWS, {"most": most})).scalars().all()
        codes = (await self.session.execute(FORGET_CODES, {"most": most})).scalars().all()
        return max(len(flows), len(codes))
