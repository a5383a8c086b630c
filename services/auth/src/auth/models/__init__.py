"""auth's tables, one class per file."""

from auth.models.account import Account
from auth.models.idempotency_key import IdempotencyKey
from auth.models.outbox import Outbox
from auth.models.service_client import ServiceClient
from auth.models.session import Session
from auth.models.signing_key import SigningKey

__all__ = ["Account", "IdempotencyKey", "Outbox", "ServiceClient", "Session", "SigningKey"]
