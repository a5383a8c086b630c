"""The data that auth holds about an account, for its export: no secrets."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB

from common.events.exports import Section, bounded_rows, uuid

ACCOUNT: Final = """
    SELECT id AS place, id, email, name, username, locale, roles, status, email_verified_at, second_factor, created_at
    FROM accounts
    WHERE id = :account AND id > :after ORDER BY id
"""
SESSIONS: Final = """
    SELECT id AS place, id, client, methods, confirmed_at, user_agent, ip, created_at,
        greatest(rotated_at, reissued_at) AS last_used_at, ended_at, end_reason
    FROM sessions
    WHERE account_id = :account AND id > :after ORDER BY id
"""
SECOND_FACTOR: Final = """
    SELECT account_id AS place, confirmed_at, created_at FROM second_factors
    WHERE account_id = :account AND account_id > :after ORDER BY account_id
"""
TRUSTED_DEVICES: Final = """
    SELECT id AS place, id, user_agent, ip, created_at, last_used_at FROM trusted_devices
    WHERE account_id = :account AND id > :after ORDER BY id
"""
API_KEYS: Final = """
    SELECT id AS place, id, name, scopes, created_at, expires_at, last_used_at, revoked_at, revoke_reason
    FROM api_keys
    WHERE account_id = :account AND id > :after ORDER BY id
"""
PASSKEYS: Final = """
    SELECT id AS place, id, name, transports, backup_eligible, backed_up, created_at, last_used_at
    FROM passkeys
    WHERE account_id = :account AND id > :after ORDER BY id
"""
IDENTITIES: Final = """
    SELECT * FROM (
        SELECT row_number() OVER (ORDER BY provider) AS place, provider, subject, email, created_at, last_used_at
        FROM identities WHERE account_id = :account
    ) AS numbered WHERE place > :after ORDER BY place
"""
# If somebody else acted on the account, their identity, address and reason are their data, not the account's.
HISTORY: Final = """
    SELECT id AS place, at, action, actor = CAST(account_id AS text) AS by_yourself,
           CASE WHEN actor = CAST(account_id AS text) THEN ip END AS ip,
           CASE WHEN actor = CAST(account_id AS text) THEN detail ELSE detail - 'reason' END AS detail
    FROM audit_events WHERE account_id = :account AND id > :after ORDER BY id
"""
NOBODY: Final = "00000000-0000-0000-0000-000000000000"
SECTIONS: Final[Mapping[str, Section]] = {
    "account": Section(bounded_rows(ACCOUNT, "id")),
    "sessions": Section(bounded_rows(SESSIONS, "id", "octet_length(user_agent)"), NOBODY, uuid),
    "second_factor": Section(bounded_rows(SECOND_FACTOR, "place")),
    "trusted_devices": Section(bounded_rows(TRUSTED_DEVICES, "id", "octet_length(user_agent)"), NOBODY, uuid),
    "api_keys": Section(bounded_rows(API_KEYS, "id", "octet_length(name)"), NOBODY, uuid),
    "passkeys": Section(bounded_rows(PASSKEYS, "id")),
    "identities": Section(bounded_rows(IDENTITIES, "place")),
    "history": Section(bounded_rows(HISTORY, "place", "octet_length(CAST(detail AS text))").columns(detail=JSONB)),
}
DELETED: Final = text("SELECT 1 FROM accounts WHERE id = :account AND status IN ('deleting', 'deleted')")
