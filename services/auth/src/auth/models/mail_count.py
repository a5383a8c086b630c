"""Counts of recent mails by address."""

from datetime import datetime

from sqlalchemy import ARRAY, DateTime, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class MailCount(Base):
    """The last mails of one kind to one address, so that nobody's mailbox can be flooded through us."""

    __tablename__ = "mail_counts"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the normal form of the e-mail address; for `OWN_CHANGE` and `OWN_CODE` preceded by who asks."""
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    """A value of `services.mail.sending.Kind`, or a count of `LIMITS` there that is no mail of its own."""
    sent_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    """The last few, the oldest first."""
    last_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )
