"""Trusted devices in PostgreSQL. All times are the database's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from auth.services.records import Device
from auth.services.second_factor.records import TrustedDevice
from common.db.database import Executor
from common.db.rows import RowReader

PUT: Final = text("""
    INSERT INTO trusted_devices (id, account_id, token_hash, user_agent, ip)
    VALUES (:id, :account, :hashed, :user_agent, :ip)
""")
TOO_MANY: Final = text("""
    DELETE FROM trusted_devices WHERE id IN (
        SELECT id FROM trusted_devices WHERE account_id = :account ORDER BY created_at DESC, id OFFSET :most)
""")
USE: Final = text("""
    UPDATE trusted_devices SET last_used_at = clock_timestamp()
    WHERE token_hash = :hashed AND account_id = :account
      AND created_at > clock_timestamp() - CAST(:lifetime AS interval) RETURNING id
""")
ALL: Final = text("""
    SELECT id, user_agent, ip, created_at, last_used_at FROM trusted_devices
    WHERE account_id = :account AND created_at > clock_timestamp() - CAST(:lifetime AS interval)
    ORDER BY created_at DESC, id
""")
DROP: Final = text("DELETE FROM trusted_devices WHERE account_id = :account AND id = :id RETURNING true")
DROP_ALL: Final = text("DELETE FROM trusted_devices WHERE account_id = :account RETURNING id")
FORGET: Final = text("DELETE FROM trusted_devices WHERE created_at < clock_timestamp() - CAST(:lifetime AS interval)")
TRUSTED_DEVICE: Final = RowReader(TrustedDevice)


@dataclass(frozen=True, slots=True)
class TrustedDeviceRepository:
    """`TrustedDeviceStore` in PostgreSQL."""

    session: Executor

    async def put(self, device_id: UUID, account_id: int, token_hash: bytes, device: Device, most: int) -> None:
        about = {"id": device_id, "account": account_id, "hashed": token_hash}
        await self.session.execute(PUT, {**about, "user_agent": device.user_agent, "ip": device.ip})
        await self.session.execute(TOO_MANY, {"account": account_id, "most": most})

    async def use(self, account_id: int, token_hash: bytes, lifetime: timedelta) -> UUID | None:
        values = {"account": account_id, "hashed": token_hash, "lifetime": lifetime}
        found: UUID | None = (await self.session.execute(USE, values)).scalar()
        return found

    async def all(self, account_id: int, lifetime: timedelta) -> Sequence[TrustedDevice]:
        return TRUSTED_DEVICE.all(await self.session.execute(ALL, {"account": account_id, "lifetime": lifetime}))

    async def drop(self, account_id: int, device_id: UUID) -> bool:
        return bool((await self.session.execute(DROP, {"account": account_id, "id": device_id})).scalar())

    async def drop_all(self, account_id: int) -> int:
        return len((await self.session.execute(DROP_ALL, {"account": account_id})).all())

    async def forget_old(self, lifetime: timedelta) -> None:
        await self.session.execute(FORGET, {"lifetime": lifetime})
