"""Which valid e-mail addresses (`common.email_addresses.Email`) an account may have."""

from collections.abc import Collection
from dataclasses import dataclass

from auth.services.errors import AddressNeedsUtf8, SpecialUseDomain
from common.email_addresses import SPECIAL_USE


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Checked when an account gets an address. Addresses that accounts have already stay valid."""

    special_use: Collection[str] = ()
    """Special-use domains that are accepted, with their subdomains."""
    utf8: bool = True
    """Whether the mail server accepts local parts beyond ASCII (SMTPUTF8). Domains always have an ASCII form."""

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
    """Whether a domain is one of the zones, or below one."""
    return any(domain == zone or domain.endswith(f".{zone}") for zone in zones)
