"""Changing an account's address."""

from dataclasses import dataclass

from auth.services.addresses.policy import AddressPolicy
from auth.services.audit import Action, masked
from auth.services.confirmation import check_password, require_confirmed
from auth.services.errors import LinkNotValid, TooManyMails
from auth.services.events import account_event
from auth.services.mail.sending import Kind, send
from auth.services.one_time_tokens import OneTimeTokens, Purpose
from auth.services.ports import UnitOfWork
from auth.services.records import Device
from auth.services.throttle import Throttle, key_of, reset_attempts
from common.ports import Transactions
from common.tokens.claims import Principal


@dataclass(frozen=True, slots=True)
class EmailChange:
    """Needs the password (`auth.services.confirmation`), and a link that is mailed to the new address.

    The old address is notified of both steps.
    """

    transactions: Transactions[UnitOfWork]
    tokens: OneTimeTokens
    throttle: Throttle
    addresses: AddressPolicy

    async def ask(self, caller: Principal, email: str, password: str | None, device: Device) -> None:
        """Mail a link to the new address, even if another account has it: only its owner may learn that.

        Any earlier link becomes invalid, also if this request is refused: its address may be misspelt and belong to a
        stranger.

        Raises:
            SpecialUseDomain, AddressNeedsUtf8: accounts may not have this address here.
            WrongPassword: it is not the account's password.
            ProofMissing: the account has a password, and it was not given.
            InsufficientUserAuthentication, NotThisClient: it has none, and the last proof is too old.
            SignInThrottled, SignInClosed: too many wrong passwords before.
            TooManyMails: the account has asked too often; or more than twice for an address that many have asked for.
        """
        self.addresses.check(email)
        account_id = caller.account_id
        known = await check_password(self.throttle, caller, password, device)
        async with self.transactions() as work:
            now = await require_confirmed(work, caller, known)
            old = now.account.email
            # the old address first: it would be flooded if only new addresses were counted
            wait = await work.mail_counts.take(old, Kind.email_change_asked)
            # after the count, whose row lets one request at a time go on: so none misses the link of the one before
            await work.one_time_tokens.drop(account_id, [Purpose.email_change])
            if wait is None:
                wait = await self.tokens.mail(
                    work, now.account, Purpose.email_change, email, ip=device.ip, actor=account_id
                )
            if wait is None:
                await send(work, Kind.email_change_asked, account_id, old)
        if wait is not None:  # outside, so that the old links stay invalid
            raise TooManyMails(
                "Too many mails for changes of address were sent lately. No link from before works; ask again later.",
                retry_after=wait,
            )

    async def confirm(self, token: str, device: Device) -> None:
        """Change the address; sessions continue.

        Sessions belong to the account, and the caller has confirmed who they are, so they are as safe as before. The
        old address is notified, and devices can be signed out at `/auth/sessions`. The link works until it expires;
        when it is opened again, it reports the change.

        Raises:
            LinkNotValid
            EmailTaken: another account has the address; the link stays valid.
        """
        async with self.transactions() as work:
            opened = await self.tokens.hold(work, Purpose.email_change, token)
            if opened.is_proven:
                return
            before = opened.account
            changed = await work.accounts.change_email(before.id, opened.email)
            if changed is None:
                raise LinkNotValid
            await work.one_time_tokens.drop(changed.id, list(Purpose), but_to=changed.email)
            await work.events.publish(account_event(changed))
            await reset_attempts(work, changed.email)  # attempts from before it was this account's
            await work.throttle.succeed(key_of(changed.email, device))
            await send(work, Kind.email_changed, changed.id, before.email)
            told = {"before": masked(before.email), "after": masked(changed.email)}
            await work.audit.note(Action.email_changed, changed.id, ip=device.ip, **told)
