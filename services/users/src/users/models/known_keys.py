"""auth's public keys, for a start while auth is away."""

from common.tokens.jwks import KnownKeysRow
from users.database import Base


class KnownKeys(KnownKeysRow, Base):
    """The columns are explained in `common.tokens.jwks`."""
