"""Providers, flows to them, and a person's identities there."""

from typing import Annotated

from pydantic import Field, StringConstraints

from auth.schemas.account import NOT_GIVEN
from common.schemas import Incoming, Moment, Outgoing, Text

ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,29}$")]
ReturnTo = Annotated[Text, StringConstraints(min_length=1, max_length=2000)]


class ProviderResponse(Outgoing):
    """A provider by which people may sign in."""

    name: str = Field(examples=["google"])
    title: str = Field(examples=["Google"])
    preset: str | None = Field(
        examples=["google"], description="The well-known provider that it is, for a page's icon."
    )


class ProviderList(Outgoing):
    """All providers, in the order of the settings."""

    items: list[ProviderResponse]


class ProviderCode(Incoming):
    """The code with which a page was returned to."""

    code: Text = Field(min_length=1, max_length=200, repr=False, examples=["3q2-7wAh5jVtYk0c…"])


class LinkRequest(Incoming):
    """Where to return to; by default the site's page."""

    return_to: ReturnTo = Field(default=NOT_GIVEN, examples=["https://example.com/"])


class LinkAddress(Outgoing):
    """The provider's page, where the browser goes next."""

    address: str = Field(examples=["https://accounts.google.com/o/oauth2/v2/auth?client_id=…"])


class IdentityResponse(Outgoing):
    """One of an account's identities at providers."""

    provider: str = Field(examples=["google"])
    email: str | None = Field(
        examples=["ada@example.com"], description="As the provider told it last. The account's address does not follow."
    )
    created_at: Moment = Field(description="When it was linked.")
    last_used_at: Moment = Field(description="When it was last used to sign in.")


class IdentityList(Outgoing):
    """All of an account, by provider."""

    items: list[IdentityResponse]
