"""Which e-mail addresses an account may have, of those that are addresses at all (`common.email_addresses.Email`)."""

from collections.abc import Collection
from dataclasses import dataclass

from auth.services.errors import AddressNeedsUtf8, SpecialUseDomain
from common.email_addresses import SPECIAL_USE


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Checked where an address is given to an account. Those that accounts have stay good."""

    special_use: Collection[str] = ()
    """Special-use domains that are taken, with all below them."""
    utf8: bool = True
    """Whether the mail server takes local parts beyond ASCII (SMTPUTF8). Domains always have an ASCII form."""

    def check(self, email: str) -> None:
        """Raises SpecialUseDomain, AddressNeedsUtf8."""
        local, _, domain = email.rpartition("@")
        if is_within(domain, SPECIAL_USE) and not is_within(domain, self.special_use):
            raise SpecialUseDomain("Addresses of this domain cannot be used here: it has no mail on the internet.")
        if not (self.utf8 or local.isascii()):
            raise AddressNeedsUtf8(
                "This site cannot send mails to addresses with such characters before the @. Use another address."
            )


def is_within(domain: str, zones: Collection[str]) -> bool:
    """Whether a domain is one of these, or below one."""
    return any(domain == zone or domain.endswith(f".{zone}") for zone in zones)
