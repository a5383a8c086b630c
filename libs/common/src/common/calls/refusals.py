"""Why a peer has refused a request, in the words of its problem (RFC 9457), for logs and operators."""

from typing import Final

from pydantic import BaseModel, ValidationError

from common.tokens.replies import Reply

MAX_REASON: Final = 250


class WrongField(BaseModel):
    """A field that is not as agreed. Its value is not repeated."""

    loc: list[str | int]
    msg: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.loc))}: {self.msg}"


class Refusal(BaseModel):
    """The part of a peer's problem that tells why."""

    code: str
    detail: str = ""
    errors: list[WrongField] | None = None


def reason_of(reply: Reply) -> str:
    """At most `MAX_REASON` characters; empty for a success, and for an answer that is no problem."""
    if reply.status < 400:
        return ""
    try:
        refusal = Refusal.model_validate_json(reply.body)
    except ValidationError:
        return ""
    return " ".join([refusal.code, refusal.detail, *map(str, (refusal.errors or [])[:3])])[:MAX_REASON]
