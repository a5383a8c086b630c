"""Revoking all API keys of an account: it is signed out for safety, or deleted."""

from auth.services.audit import SERVER, Action
from auth.services.ports import UnitOfWork
from common.contracts.events import SessionEndedData
from common.state_events import Event


async def revoke_keys(work: UnitOfWork, account_id: int, reason: str) -> list[Event]:
    """Returns the events that end the keys' access tokens, for `session_revocation` to publish.

    Of all keys: of one that was never used, a first token may be under way.
    """
    revoked = await work.api_keys.revoke_all(account_id, reason)
    if revoked:
        keys = [str(key_id) for key_id, _ in revoked]
        await work.audit.note(Action.api_key_revoked, account_id, actor=SERVER, keys=keys, reason=reason)
    return [Event((key_id,), 1, SessionEndedData(until=until)) for key_id, until in revoked]
