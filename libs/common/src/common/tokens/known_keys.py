"""The key set (RFC 7517): its schema, and the last good one in the service's own database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field
from sqlalchemy import DateTime, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from common.db.database import Database
from common.db.reading import ReadSession

MOST_KEYS: Final = 20
"""Most keys in a set. auth never publishes more: readers would refuse the whole set."""


class PublicKey(BaseModel):
    """A public ES256 key (RFC 7518, section 6.2.1)."""

    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    alg: Literal["ES256"] = "ES256"
    use: Literal["sig"] = "sig"
    kid: str = Field(min_length=1, max_length=128, examples=["2026-11-22.1"])
    # the key of RFC 7517, appendix A.1
    x: str = Field(min_length=43, max_length=43, examples=["MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"])
    y: str = Field(min_length=43, max_length=43, examples=["4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"])


class KeySet(BaseModel):
    """The answer of `/.well-known/jwks.json`."""

    keys: list[PublicKey] = Field(min_length=1, max_length=MOST_KEYS)


class KnownKeysRow:
    """Columns of the table `known_keys`, which has one row."""

    __tablename__ = "known_keys"

    url: Mapped[str] = mapped_column(Text, primary_key=True)
    """Where the set came from: a set from another auth is not trusted."""
    keys: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """A `KeySet`."""
    fetched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


KEEP: Final = text("""
    INSERT INTO known_keys (url, keys, fetched_at) VALUES (:url, CAST(:keys AS jsonb), clock_timestamp())
    ON CONFLICT (url) DO UPDATE SET keys = excluded.keys, fetched_at = excluded.fetched_at
""")
RECALL: Final = text("""
    SELECT keys, extract(epoch FROM clock_timestamp() - fetched_at)::float AS age FROM known_keys WHERE url = :url
""")


@dataclass(frozen=True, slots=True)
class KeyStore:
    """Keeps the last good set in the service's own database."""

    database: Database

    async def save(self, url: str, keys: KeySet) -> None:
        """Store the set that was just fetched."""
        async with self.database.transaction() as session:
            await session.execute(KEEP, {"url": url, "keys": keys.model_dump_json()})

    async def load(self, url: str) -> tuple[KeySet, float] | None:
        """The stored set, and its age in seconds."""
        row = (await ReadSession(self.database.upkeep).execute(RECALL, {"url": url})).one_or_none()
        return (KeySet.model_validate(row.keys), max(0.0, row.age)) if row else None
