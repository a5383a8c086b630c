"""Another address for an account."""

from dataclasses import dataclass

from auth.services.address_policy import AddressPolicy
from auth.services.audit import Action, masked
from auth.services.errors import LinkNotValid, TooManyMails, WrongPassword
from auth.services.events import account_event
from auth.services.mails import Kind, send
from auth.services.one_time_tokens import OneTimeTokens, Purpose
from auth.services.ports import UnitOfWork
from auth.services.records import Device
from auth.services.throttle import Throttle, key_of, reset_attempts
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class EmailChange:
    """By the password, and a link that is mailed to the new address. The old one is told of both steps."""

    transactions: Transactions[UnitOfWork]
    tokens: OneTimeTokens
    throttle: Throttle
    addresses: AddressPolicy

    async def ask(self, account_id: int, email: str, password: str, device: Device) -> None:
        """Mail a link to the new address, whether or not another account has it: that only its owner may learn.

        The link that was asked for before is void from then on, also if this one is refused: its address may have been
        misspelt, and then a stranger has it.

        Raises:
            SpecialUseDomain, AddressNeedsUtf8: the address is none that an account may have here.
            WrongPassword: it is not the account's.
            SignInThrottled, SignInClosed: too many wrong ones before.
            TooManyMails: the account has asked too often lately; or more than twice for an address that many asked for.
        """
        self.addresses.check(email)
        known = await self.throttle.confirm(account_id, password, device)
        async with self.transactions() as work:
            now = await work.accounts.credentials_of(account_id, lock=True)
            if now is None or now.password_hash != known.password_hash:
                raise WrongPassword("The password has just been changed.")
            old = now.account.email
            # the old address first: varying the new one is no way to flood it
            wait = await work.mail_counts.take(old, Kind.email_change_asked)
            # after the count, whose row lets one request at a time go on: so none misses the link of the one before
            await work.one_time_tokens.drop(account_id, [Purpose.email_change])
            if wait is None:
                wait = await self.tokens.mail(
                    work, now.account, Purpose.email_change, email, ip=device.ip, actor=account_id
                )
            if wait is None:
                await send(work, Kind.email_change_asked, account_id, old)
        if wait is not None:  # outside, so that what was made void stays so
            raise TooManyMails(
                "Too many mails for changes of address were sent lately. No link from before works; ask again later.",
                retry_after=wait,
            )

    async def confirm(self, token: str, device: Device) -> None:
        """Change the address; sessions go on.

        Sessions are the account's and not the address's, and who asked gave the password: nothing has become less
        sure by it. The old address is told, and the devices can be signed out at `/auth/sessions`. The link stays until
        its time is over, and whoever opens it again is told that the address is changed.

        Raises:
            LinkNotValid
            EmailTaken: meanwhile or all along; the link stays good.
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
            await reset_attempts(work, changed.email)  # what was tried while it was not this account's
            await work.throttle.succeed(key_of(changed.email, device))
            await send(work, Kind.email_changed, changed.id, before.email)
            told = {"before": masked(before.email), "after": masked(changed.email)}
            await work.audit.note(Action.email_changed, changed.id, ip=device.ip, **told)
