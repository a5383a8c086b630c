"""auth's tables: one class per file, and the shared ones."""

from auth.models.account import Account
from auth.models.api_key import ApiKey
from auth.models.audit_event import AuditEvent
from auth.models.deletion import Deletion
from auth.models.identity import Identity
from auth.models.mail_count import MailCount
from auth.models.one_time_token import OneTimeToken
from auth.models.passkey import Passkey, PasskeyHandle, SpentChallenge
from auth.models.provider_flow import ProviderCode, ProviderFlow
from auth.models.second_factor import RecoveryCode, SecondFactor, SignInChallenge, TrustedDevice
from auth.models.service_client import ServiceClient
from auth.models.session import Session
from auth.models.shared import EndedSession, IdempotencyKey, Outbox, TokenFloor
from auth.models.sign_in_code import SignInCode
from auth.models.sign_in_throttle import SignInAddress, SignInSource
from auth.models.signing_key import SigningKey

__all__ = [
    "Account",
    "ApiKey",
    "AuditEvent",
    "Deletion",
    "EndedSession",
    "IdempotencyKey",
    "Identity",
    "MailCount",
    "OneTimeToken",
    "Outbox",
    "Passkey",
    "PasskeyHandle",
    "ProviderCode",
    "ProviderFlow",
    "RecoveryCode",
    "SecondFactor",
    "ServiceClient",
    "Session",
    "SignInAddress",
    "SignInChallenge",
    "SignInCode",
    "SignInSource",
    "SigningKey",
    "SpentChallenge",
    "TokenFloor",
    "TrustedDevice",
]
