"""The caller's own second factor: turning it on and off, its recovery codes, and the trusted devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from auth.services.audit import Action
from auth.services.confirmation import check_password, require_confirmed, require_recent_proof
from auth.services.errors import AccountNotFound
from auth.services.mail.sending import Kind, send_limited
from auth.services.ports import UnitOfWork
from auth.services.records import Device, ManagedAccount
from auth.services.second_factor import totp
from auth.services.second_factor.errors import (
    DeviceNotFound,
    NothingToConfirm,
    SecondFactorOff,
    SecondFactorOn,
    WrongCode,
)
from auth.services.second_factor.factors import PENDING_FOR, Factors, hash_code, new_recovery_codes, remove_factor
from auth.services.second_factor.records import FactorStatus, NewFactor, Proof, TrustedDevice
from auth.services.second_factor.step_up import own
from auth.services.sessions.opening import Method
from auth.services.sessions.revocation import end_sessions
from auth.services.throttle import Throttle
from common.ports import Transactions
from common.tokens.claims import Principal


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """What a person may do with their second factor. `services.second_factor.step_up` asks for recent proofs before."""

    transactions: Transactions[UnitOfWork]
    throttle: Throttle
    factors: Factors
    site: str
    """Shown by authenticator apps."""
    trusted_for: timedelta

    async def status(self, account_id: int) -> FactorStatus:
        async with self.transactions() as work:
            return await work.second_factors.status(account_id)

    async def begin(self, account_id: int) -> NewFactor:
        """Make an authenticator that counts once a code of it has confirmed it. Replaces another such.

        Raises SecondFactorOn.
        """
        secret = totp.new_secret()
        async with self.transactions() as work:
            account = await locked(work, account_id)
            if not await work.second_factors.put(account_id, self.factors.sealed(account_id, secret)):
                raise SecondFactorOn("Turn the second factor off before you set up another one.")
        uri = totp.provisioning_uri(secret, self.site, account.email)
        return NewFactor(totp.in_base32(secret), uri, int(PENDING_FOR.total_seconds()))

    async def confirm(self, account_id: int, session_id: UUID, code: str, device: Device) -> list[str]:
        """Turn the second factor on, and end all other sessions. Returns the recovery codes, which are shown once.

        Raises:
            NothingToConfirm, SecondFactorOn
            WrongCode: try again; the secret is known to the caller, so nothing is counted.
            InvalidToken: the session has ended.
        """
        async with self.transactions() as work:
            account = await locked(work, account_id)
            session = own(await work.sessions.find(session_id, lock=True), account_id)
            factor = await work.second_factors.find(account_id, PENDING_FOR)
            if factor is None:
                raise NothingToConfirm("Begin again: no authenticator waits for its first code.")
            if factor.is_on:
                raise SecondFactorOn("The second factor is on already.")
            step = await self.factors.step_of(work, account_id, factor, code)
            if step is None:
                raise WrongCode("The code is wrong. Check the clock of the device that shows it.")
            await work.second_factors.turn_on(account_id, step)
            await work.accounts.set_second_factor(account_id, on=True)
            codes = await replace_codes(work, account_id)
            methods = dict.fromkeys([*session.methods, Method.otp, Method.mfa])
            await work.sessions.confirm(session_id, list(methods))
            ended = await end_sessions(work, account_id, "second factor turned on", but=session_id, keys=False)
            await send_limited(work, Kind.second_factor_on, account_id, account.email)
            await work.audit.note(Action.second_factor_on, account_id, ip=device.ip, sessions_ended=ended)
        return codes

    async def make_recovery_codes(self, account_id: int, device: Device) -> list[str]:
        """Replace the recovery codes; the old ones stop working. Raises SecondFactorOff."""
        async with self.transactions() as work:
            account = await locked(work, account_id)
            if not account.second_factor:
                raise SecondFactorOff("The second factor is off.")
            codes = await replace_codes(work, account_id)
            await send_limited(work, Kind.recovery_codes_made, account_id, account.email)
            await work.audit.note(Action.recovery_codes_made, account_id, ip=device.ip)
        return codes

    async def turn_off(self, caller: Principal, password: str | None, proof: Proof | None, device: Device) -> None:
        """Turn the second factor off. Sessions continue; trusted devices are forgotten.

        By the password, if the account has one, and a code. A recent proof of the second factor replaces the code.

        Raises:
            WrongPassword, WrongCode
            ProofMissing: the account has a password, and it was not given.
            InsufficientUserAuthentication: something else is not given, and the second factor was not proven lately.
            SignInThrottled, SignInClosed: too many wrong ones before.
            SecondFactorOff
        """
        account_id = caller.account_id
        if not (await self.status(account_id)).on:
            raise SecondFactorOff("The second factor is off.")
        known = await check_password(self.throttle, caller, password, device)
        if proof is not None:
            await self.factors.count(account_id, proof, device)
        async with self.transactions() as work:
            account = await locked(work, account_id)
            await require_confirmed(work, caller, known)
            if proof is None:
                await require_recent_proof(work, caller)
            proven = [Method.mfa] if proof is None else await self.factors.use(work, account_id, proof, device)
            if proven is not None and await remove_factor(work, account_id):
                await send_limited(work, Kind.second_factor_off, account_id, account.email)
                await work.audit.note(Action.second_factor_off, account_id, ip=device.ip)
        if proven is None:
            raise WrongCode("The code is wrong, or was used before.")

    async def devices(self, account_id: int) -> Sequence[TrustedDevice]:
        """Trusted devices, the latest first; none where the site trusts no devices."""
        async with self.transactions() as work:
            return await work.trusted_devices.all(account_id, self.trusted_for)

    async def forget_device(self, account_id: int, device_id: UUID, device: Device) -> None:
        """Raises DeviceNotFound."""
        async with self.transactions() as work:
            if not await work.trusted_devices.drop(account_id, device_id):
                raise DeviceNotFound("You have no such trusted device.")
            await work.audit.note(Action.trusted_device_ended, account_id, ip=device.ip, device=str(device_id))


async def locked(work: UnitOfWork, account_id: int) -> ManagedAccount:
    account = await work.managed_accounts.lock(account_id)
    if account is None or account.status != "active":
        raise AccountNotFound("There is no such account.")
    return account


async def replace_codes(work: UnitOfWork, account_id: int) -> list[str]:
    codes = new_recovery_codes()
    await work.second_factors.replace_codes(account_id, [hash_code(code) for code in codes])
    return codes
