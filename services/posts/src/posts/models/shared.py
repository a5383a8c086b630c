"""Tables of shared mechanisms. Each docstring names the module that explains the columns."""

from common.events.erasure import ErasedRow
from common.events.outbox import OutboxRow
from common.events.revocations import EndedSessionRow, TokenFloorRow
from common.http.idempotency import IdempotencyKeyRow
from common.pictures.rows import PictureRow
from common.tokens.known_keys import KnownKeysRow
from posts.database import Base


class Outbox(OutboxRow, Base):
    """`common.events.outbox`."""


class EndedSession(EndedSessionRow, Base):
    """`common.events.revocations`."""


class TokenFloor(TokenFloorRow, Base):
    """`common.events.revocations`."""


class Erased(ErasedRow, Base):
    """`common.events.erasure`."""


class StoredPicture(PictureRow, Base):
    """`common.pictures.rows`."""


class KnownKeys(KnownKeysRow, Base):
    """`common.tokens.known_keys`."""


class IdempotencyKey(IdempotencyKeyRow, Base):
    """`common.http.idempotency`."""
