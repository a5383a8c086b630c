"""Personal data in auth's tables: see `tests/personal_data.py`."""

from collections.abc import Mapping
from typing import Final

from tests.personal_data import COUNTER, DERIVED, HASHED, MECHANISM, OUTBOX, REVOKED, SECRET, Personal, Table

TABLES: Final[Mapping[str, Table]] = {
    "accounts": Personal(
        "id = $1",
        {
            "id": "account.id",
            "email": "account.email",
            "name": "account.name",
            "username": "account.username",
            "locale": "account.locale",
            "roles": "account.roles",
            "status": "account.status",
            "email_verified_at": "account.email_verified_at",
            "second_factor": "account.second_factor",
            "created_at": "account.created_at",
        },
        {"password_hash": SECRET, "tokens_not_before": REVOKED, "version": COUNTER, "search": DERIVED},
        kept="an empty row, so that its number is never given again",
    ),
    "api_keys": Personal(
        "account_id = $1",
        {
            "id": "api_keys.id",
            "name": "api_keys.name",
            "scopes": "api_keys.scopes",
            "created_at": "api_keys.created_at",
            "expires_at": "api_keys.expires_at",
            "last_used_at": "api_keys.last_used_at",
            "revoked_at": "api_keys.revoked_at",
            "revoke_reason": "api_keys.revoke_reason",
        },
        {"account_id": "it is whose export it is", "key_hash": SECRET},
    ),
    "audit_events": Personal(
        "account_id = $1",
        {"at": "history.at", "action": "history.action", "detail": "history.detail"},
        {
            "id": "numbers the lines of all accounts",
            "account_id": "it is whose export it is",
            "actor": "who else did something is theirs; `by_yourself` tells one's own",
            "ip": "of others it is theirs; one's own are in `history.ip`",
        },
        kept="the trail of what was done outlives the account, without its address",
    ),
    "one_time_tokens": Personal(
        "account_id = $1",
        {},
        dict.fromkeys(("token_hash", "purpose", "account_id", "email", "expires_at", "created_at"), SECRET),
    ),
    "recovery_codes": Personal("account_id = $1", {}, dict.fromkeys(("account_id", "code_hash"), SECRET)),
    "second_factors": Personal(
        "account_id = $1",
        {"confirmed_at": "second_factor.confirmed_at", "created_at": "second_factor.created_at"},
        {"account_id": "it is whose export it is", "secret": SECRET, "last_step": COUNTER},
    ),
    "sign_in_challenges": Personal(
        "account_id = $1",
        {},
        dict.fromkeys(("token_hash", "account_id", "password_digest", "methods", "via", "tries", "expires_at"), SECRET),
    ),
    "trusted_devices": Personal(
        "account_id = $1",
        {
            "id": "trusted_devices.id",
            "user_agent": "trusted_devices.user_agent",
            "ip": "trusted_devices.ip",
            "created_at": "trusted_devices.created_at",
            "last_used_at": "trusted_devices.last_used_at",
        },
        {"account_id": "it is whose export it is", "token_hash": SECRET},
    ),
    "sessions": Personal(
        "account_id = $1",
        {
            "id": "sessions.id",
            "client": "sessions.client",
            "methods": "sessions.methods",
            "confirmed_at": "sessions.confirmed_at",
            "user_agent": "sessions.user_agent",
            "ip": "sessions.ip",
            "created_at": "sessions.created_at",
            "rotated_at": "sessions.last_used_at",
            "reissued_at": "sessions.last_used_at",
            "ended_at": "sessions.ended_at",
            "end_reason": "sessions.end_reason",
        },
        {
            "account_id": "it is whose export it is",
            "generation": COUNTER,
            "reissued_for": COUNTER,
            "reissued_as": COUNTER,
            "reissues": COUNTER,
            "secret": SECRET,
        },
    ),
    "passkeys": Personal(
        "account_id = $1",
        {
            "id": "passkeys.id",
            "name": "passkeys.name",
            "transports": "passkeys.transports",
            "backup_eligible": "passkeys.backup_eligible",
            "backed_up": "passkeys.backed_up",
            "created_at": "passkeys.created_at",
            "last_used_at": "passkeys.last_used_at",
        },
        {
            "account_id": "it is whose export it is",
            "credential_id": "tells whose passkey it is; only the device that has it can use the name",
            "public_key": "checks signatures; the device has the key itself",
            "sign_count": COUNTER,
        },
    ),
    "passkey_handles": Personal(
        "account_id = $1",
        {},
        {"account_id": "it is whose export it is", "handle": "a random name, under which devices keep their passkeys"},
    ),
    "spent_challenges": "hashes of random values, and forgotten by the retention within minutes",
    "identities": Personal(
        "account_id = $1",
        {
            "provider": "identities.provider",
            "subject": "identities.subject",
            "email": "identities.email",
            "created_at": "identities.created_at",
            "last_used_at": "identities.last_used_at",
        },
        {"account_id": "it is whose export it is"},
    ),
    "provider_flows": Personal(
        "account_id = $1",
        {},
        dict.fromkeys(
            ("state_hash", "browser_hash", "provider", "return_to", "account_id", "session_id", "expires_at"), SECRET
        ),
    ),
    "provider_codes": Personal(
        "account_id = $1",
        {},
        dict.fromkeys(("code_hash", "browser_hash", "account_id", "provider", "expires_at"), SECRET),
    ),
    "deletions": "how far a deletion has come, until it is over",
    "sign_in_codes": "addresses for ten minutes, of whoever asked; a deletion takes the account's at once",
    "idempotency_keys": "answers to what was asked twice: for 24 h; a deletion takes the account's at once",
    "mail_counts": HASHED,
    "sign_in_addresses": HASHED,
    "sign_in_sources": HASHED,
    "ended_sessions": REVOKED,
    "token_floors": REVOKED,
    "outbox": OUTBOX,
    "service_clients": MECHANISM,
    "signing_keys": MECHANISM,
}
