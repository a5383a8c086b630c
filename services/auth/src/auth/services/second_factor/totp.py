"""One-time codes of authenticator apps: TOTP (RFC 6238) over HOTP (RFC 4226).

With the parameters that all apps know: SHA-1, steps of 30 s, six digits. HMAC does not rest on SHA-1's resistance to
collisions.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote

STEP_SECONDS: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20
TOLERATED: Final = (0, -1, 1)
"""Steps beside the current one: the clocks of phones differ, and typing takes time."""


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def in_base32(secret: bytes) -> str:
    """The form in which apps take a secret that is typed."""
    return base64.b32encode(secret).decode()


def code_of(secret: bytes, step: int) -> str:
    """The code of a step, counted in 30 s since 1970 (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: bytes, code: str, now: int) -> int | None:
    """The step to which a code belongs; None if it fits none that is tolerated now."""
    current = now // STEP_SECONDS
    fitting = [current + by for by in TOLERATED if hmac.compare_digest(code_of(secret, current + by), code)]
    return fitting[0] if fitting else None


def provisioning_uri(secret: bytes, site: str, account: str) -> str:
    """`otpauth://totp/SITE:ACCOUNT?…`, which apps read from a QR code."""
    label = f"{quote(site, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?secret={in_base32(secret)}&issuer={quote(site, safe='')}"
