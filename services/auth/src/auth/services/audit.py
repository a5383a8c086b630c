"""The audit trail: actions, and the ports to add and read lines."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from common.contracts.events import ModerationData, OperationData
from common.ports import Page
from common.state_events import Event

SERVER: Final = "server"
"""The command line and scheduled work."""
ANONYMOUS: Final = "anonymous"
MAX_MASKED: Final = 100


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A line of the trail."""

    id: int
    at: datetime
    action: str
    account_id: int | None
    actor: str
    ip: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Conditions for lines of the trail; None: any."""

    account_id: int | None = None
    action: "Action | None" = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Up to this moment, exclusive."""


class Action(StrEnum):
    """The kinds of events. Values are stored and shown, so they never change."""

    registered = "registered"
    signed_in = "signed-in"
    sign_in_refused = "sign-in-refused"
    sign_in_throttled = "sign-in-throttled"
    signed_out = "signed-out"
    refresh_token_reused = "refresh-token-reused"  # noqa: S105  # a name
    refresh_token_reissued = "refresh-token-reissued"  # noqa: S105
    session_ended = "session-ended"
    other_sessions_ended = "other-sessions-ended"
    all_sessions_ended = "all-sessions-ended"
    password_changed = "password-changed"  # noqa: S105
    password_refused = "password-refused"  # noqa: S105
    password_reset_requested = "password-reset-requested"  # noqa: S105
    password_reset = "password-reset"  # noqa: S105
    email_verification_sent = "email-verification-sent"
    email_verified = "email-verified"
    email_change_requested = "email-change-requested"
    email_changed = "email-changed"
    username_changed = "username-changed"
    sign_in_code_sent = "sign-in-code-sent"
    locale_changed = "locale-changed"
    second_factor_asked = "second-factor-asked"
    second_factor_refused = "second-factor-refused"
    second_factor_on = "second-factor-on"
    second_factor_off = "second-factor-off"
    second_factor_reset = "second-factor-reset"
    recovery_codes_made = "recovery-codes-made"
    recovery_code_used = "recovery-code-used"
    stepped_up = "stepped-up"
    device_trusted = "device-trusted"
    trusted_device_ended = "trusted-device-ended"
    passkey_added = "passkey-added"
    passkey_removed = "passkey-removed"
    passkey_copied = "passkey-copied"
    identity_linked = "identity-linked"
    identity_unlinked = "identity-unlinked"
    roles_changed = "roles-changed"
    account_deletion_asked = "account-deletion-asked"
    account_deleted = "account-deleted"
    status_changed = "status-changed"
    tokens_revoked = "tokens-revoked"
    content_removed = "content-removed"
    event_replayed = "event-replayed"
    event_dropped = "event-dropped"
    reports_dismissed = "reports-dismissed"
    service_secret_changed = "service-secret-changed"  # noqa: S105
    api_key_created = "api-key-created"
    api_key_revoked = "api-key-revoked"
    key_created = "key-created"
    key_activated = "key-activated"
    key_retired = "key-retired"
    key_revoked = "key-revoked"


class AuditTrail(Protocol):
    """Adds lines; nothing changes or removes them."""

    async def note(
        self,
        action: Action,
        account_id: int | None,
        *,
        actor: int | str | None = None,
        ip: str | None = None,
        **detail: str | int | bool | list[str] | None,
    ) -> None:
        """Record in this transaction an event of an account, caused by its owner unless an `actor` is named.

        `detail` never holds a password, a token or a full e-mail address.
        """

    # begin: only with posts
    async def note_moderation(self, action: Action, event: Event, decided: ModerationData) -> bool:
        """Record a moderator's decision once, however often its event arrives. False if it was recorded before."""

    # end: only with posts
    async def note_operation(self, event: Event, done: OperationData) -> None:
        """Record what an admin has done with a parked event once, however often this event arrives."""


def masked(email: str) -> str:
    """An address for the trail and the logs: `a***@example.com`. Other texts are masked completely: `***`."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}***{at}{domain if at else ''}"[:MAX_MASKED]


class AuditReader(Protocol):
    """Reads the trail."""

    async def page(self, wanted: AuditFilter, limit: int, before: tuple[datetime, int] | None) -> Page[AuditEvent]:
        """Lines before a moment and id, the newest first."""
