"""auth's tables: one class per file, and the shared ones."""

from auth.models.account import Account
from auth.models.audit_event import AuditEvent
from auth.models.deletion import Deletion
from auth.models.identity import Identity
from auth.models.mail_count import MailCount
from auth.models.one_time_token import OneTimeToken
from auth.models.provider_flow import ProviderCode, ProviderFlow
from auth.models.service_client import ServiceClient
from auth.models.session import Session
from auth.models.shared import EndedSession, IdempotencyKey, Outbox, TokenFloor
from auth.models.sign_in_throttle import SignInAddress, SignInSource
from auth.models.signing_key import SigningKey

__all__ = [
    "Account",
    "AuditEvent",
    "Deletion",
    "EndedSession",
    "IdempotencyKey",
    "Identity",
    "MailCount",
    "OneTimeToken",
    "Outbox",
    "ProviderCode",
    "ProviderFlow",
    "ServiceClient",
    "Session",
    "SignInAddress",
    "SignInSource",
    "SigningKey",
    "TokenFloor",
]
