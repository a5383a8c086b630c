"""Ending sessions and revoking tokens: in the database at once, and by events to the other services."""

from uuid import UUID

from auth.services.api_keys.revocation import revoke_keys
from auth.services.ports import UnitOfWork
from auth.services.records import Account
from common.contracts.events import EVERYBODY, SessionEndedData, TokensRevokedData
from common.state_events import Event


async def end_session(work: UnitOfWork, session_id: UUID, reason: str) -> bool:
    """End one session, and have its access tokens refused everywhere. False if it had ended before."""
    until = await work.sessions.end(session_id, reason)
    if until is None:
        return False
    await publish_ended(work, [Event((session_id,), 1, SessionEndedData(until=until))])
    return True


async def end_sessions(
    work: UnitOfWork, account_id: int, reason: str, *, but: UUID | None = None, keys: bool = True
) -> int:
    """End all sessions of an account, or all but one, and revoke its API keys unless they are only devices that end.

    Sign-ins that wait for a code or for a provider end too, and no device is trusted any more. Returns how
    many sessions had tokens that may still be valid.
    """
    await work.challenges.drop_all(account_id)
    await work.sign_in_codes.drop(account_id)
    await work.trusted_devices.drop_all(account_id)
    await work.provider_flows.drop(account_id)
    ended = await work.sessions.end_all(account_id, reason, but)
    events = [Event((session_id,), 1, SessionEndedData(until=until)) for session_id, until in ended]
    await publish_ended(work, events + (await revoke_keys(work, account_id, reason) if keys else []))
    return len(ended)


async def publish_ended(work: UnitOfWork, ended: list[Event]) -> None:
    if ended:
        await work.revocations.end_sessions(ended)
        await work.events.publish(*ended)


async def revoke_tokens(work: UnitOfWork, account: Account) -> None:
    """Revoke the current access tokens of an account; its sessions continue and get new ones.

    `account` is its state after `tokens_not_before` was raised in this transaction.
    """
    floor = Event((account.id,), account.tokens_not_before, TokensRevokedData(not_before=account.tokens_not_before))
    await work.revocations.raise_floors([floor])
    await work.events.publish(floor)


async def revoke_all_tokens(work: UnitOfWork) -> int:
    """Revoke all access tokens that were issued before now; returns that moment in seconds since 1970."""
    moment = await work.accounts.after_all_tokens()
    floor = Event((EVERYBODY,), moment, TokensRevokedData(not_before=moment))
    await work.revocations.raise_floors([floor])
    await work.events.publish(floor)
    return moment
