"""API keys, as their owner sees them."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from common.schemas import Incoming, Moment, Outgoing, Text
from common.tokens.scopes import KEY_SCOPES
from common.visible_text import visible_line

KEY = "trv_00000000000000000000000000000000000000000002UgL5r"  # of 32 zero bytes


def known(scope: str) -> str:
    if scope not in KEY_SCOPES:
        raise ValueError(f"must be one of {', '.join(KEY_SCOPES)}")
    return scope


Scope = Annotated[
    Text, AfterValidator(known), Field(json_schema_extra={"enum": list(KEY_SCOPES)}, examples=["users:read"])
]


class ApiKeyCreate(Incoming):
    """What the key may do, and for how long."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(visible_line)] = Field(
        examples=["nightly import"], description="Tells the owner's keys apart; no two have the same."
    )
    scopes: list[Scope] = Field(min_length=1, max_length=len(KEY_SCOPES), examples=[["users:read", "users:write"]])
    expires_in_days: int | None = Field(
        90, ge=1, le=365, strict=True, description="null: never, where the site allows that."
    )


class ApiKeyResponse(Outgoing):
    """One of the caller's keys, without its text."""

    id: UUID = Field(examples=["8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"])
    name: str = Field(examples=["nightly import"])
    scopes: list[str] = Field(examples=[["users:read", "users:write"]])
    created_at: Moment
    expires_at: Moment | None = Field(description="null: never.")
    expired: bool
    last_used_at: Moment | None = Field(description="When it was last exchanged, at most five minutes too early.")


class ApiKeyCreated(ApiKeyResponse):
    """A new key with its text, which is never shown again."""

    key: str = Field(repr=False, examples=[KEY])


class ApiKeyList(Outgoing):
    """The caller's keys, the newest first. They are so few that there is one page."""

    items: list[ApiKeyResponse]


class LeakedApiKey(Incoming):
    """A key that was found where others can read it."""

    key: Text = Field(max_length=200, repr=False, examples=[KEY])
