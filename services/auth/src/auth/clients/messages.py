"""A mail as a message of RFC 5322. The library encodes header values, and refuses line breaks in them."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Final, Self

from email_validator import validate_email

from auth.services.mail.rendering import RenderedMail

GENERATED: Final = "auto-generated"
"""RFC 3834: asks automatic responders such as holiday notices not to answer."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address as mail servers need it: the domain in ASCII (IDNA 2008; Python's own codec implements 2003)."""

    local: str
    domain: str

    @classmethod
    def of(cls, address: str) -> Self:
        """Raises ValueError."""
        found = validate_email(address, check_deliverability=False)
        return cls(found.ascii_local_part or found.local_part, found.ascii_domain)

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def compose(mail: RenderedMail, sender_name: str, sender: Mailbox) -> EmailMessage:
    """Plain text with an HTML alternative. The same mail always has the same Message-ID, which identifies copies."""
    to = Mailbox.of(mail.to)
    # 7bit: bodies beyond ASCII are encoded, since a server on the way may have no 8BITMIME
    message = EmailMessage(policy=(SMTP if str(to).isascii() else SMTPUTF8).clone(cte_type="7bit"))
    message["From"] = Address(sender_name, sender.local, sender.domain)
    message["To"] = Address("", to.local, to.domain)
    message["Subject"] = mail.subject
    message["Date"] = mail.written_at
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = GENERATED
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    message["Content-Language"] = mail.locale  # last: the library moves it into a part otherwise
    return message
