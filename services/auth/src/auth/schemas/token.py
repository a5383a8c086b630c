"""The token endpoint's form and answer, and what it publishes of itself."""

from typing import Literal

from pydantic import BaseModel, Field

from common.schemas import Outgoing, Text


class TokenForm(BaseModel):
    """RFC 6749: parameters of all grants in one form; unknown ones are ignored, hence not `Incoming`."""

    grant_type: Text = Field(default="password", description="password, refresh_token or client_credentials")
    username: Text | None = Field(default=None, description="The e-mail address.")
    password: Text | None = Field(default=None, json_schema_extra={"format": "password"}, repr=False)
    refresh_token: Text | None = Field(default=None, repr=False)
    scope: Text | None = None
    audience: Text | None = Field(default=None, description="The service that a service's token is for.")
    client_id: Text | None = None
    client_secret: Text | None = Field(default=None, json_schema_extra={"format": "password"}, repr=False)


class RevokeForm(BaseModel):
    """RFC 7009. The hint is not needed: a token says what it is."""

    token: Text | None = Field(default=None, repr=False)
    token_type_hint: Text | None = None


class TokenResponse(Outgoing):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # what RFC 6750 calls it
    expires_in: int = Field(examples=[300], description="Seconds.")
    refresh_token: str | None = Field(default=None, description="None for services.")
    scope: str = Field(examples=["api"])


class ServerMetadata(Outgoing):
    """RFC 8414."""

    issuer: str
    token_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
