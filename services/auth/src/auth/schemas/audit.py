"""The audit trail, as admins see it."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, Field, WithJsonSchema

from common.schemas import Id, Moment, Outgoing

OUR_TIME: Final = (datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC))


def in_our_time(moment: datetime) -> datetime:
    """Refuse times at the ends of the calendar, which databases cannot store."""
    if not OUR_TIME[0] <= moment < OUR_TIME[1]:
        raise ValueError("must be a year from 2000 to 2999")
    return moment


Detail = str | int | bool | list[str] | None
ANY_OBJECT: Final[dict[str, Any]] = {"type": "object", "additionalProperties": True}
"""Generated Java does not compile if a list is one of several types."""
AuditMoment = Annotated[AwareDatetime, AfterValidator(in_our_time)]


class AuditEventResponse(Outgoing):
    """One line of the audit trail."""

    id: Id
    at: Moment
    action: str = Field(examples=["roles-changed"])
    account_id: Id | None = Field(description="The account that it concerns; null if all, or none known.")
    actor: str = Field(examples=["server"], description="An account's id, `server` or `anonymous`.")
    ip: str | None = Field(examples=["203.0.113.7"])
    detail: Annotated[dict[str, Detail], WithJsonSchema(ANY_OBJECT)] = Field(
        examples=[{"before": [], "after": ["moderator"]}], description="Details, by the kind of action."
    )
