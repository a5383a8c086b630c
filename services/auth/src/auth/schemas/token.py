"""The token endpoint's form and answer, and the server's metadata."""

from typing import Literal

from pydantic import BaseModel, Field

from common.schemas import Outgoing, Text

REFRESH = "rt1.k1.6f1c0a….3.mD4x…"


class TokenForm(BaseModel):
    """RFC 6749: parameters of all grants in one form; unknown ones are ignored, so it is not `Incoming`."""

    grant_type: Text = Field(
        default="password", description="password, refresh_token, client_credentials, or that of RFC 8693"
    )
    username: Text | None = Field(default=None, description="The e-mail address.", examples=["ada@example.com"])
    password: Text | None = Field(
        default=None, json_schema_extra={"format": "password"}, repr=False, examples=["correct horse battery staple"]
    )
    refresh_token: Text | None = Field(default=None, repr=False, examples=[REFRESH])
    scope: Text | None = Field(default=None, examples=["api"])
    audience: Text | None = Field(
        default=None, description="The service that the token of a service or an API key is for.", examples=["posts"]
    )
    subject_token: Text | None = Field(
        default=None, repr=False, description="An API key (RFC 8693).", examples=["trv_…"]
    )
    subject_token_type: Text | None = Field(default=None, examples=["urn:trivium:token-type:api-key"])
    requested_token_type: Text | None = Field(default=None, examples=["urn:ietf:params:oauth:token-type:access_token"])
    resource: Text | None = Field(default=None, description="The site's address.", examples=["https://api.example.com"])
    actor_token: Text | None = Field(
        default=None, repr=False, description="Refused: there is no delegation.", examples=["…"]
    )
    client_id: Text | None = Field(default=None, description="Services only.", examples=["svc:users"])
    client_secret: Text | None = Field(
        default=None, json_schema_extra={"format": "password"}, repr=False, description="Services only.", examples=["…"]
    )


class RevokeForm(BaseModel):
    """RFC 7009. The hint is not needed: a token shows its kind."""

    token: Text | None = Field(default=None, repr=False, examples=[REFRESH])
    token_type_hint: Text | None = Field(default=None, examples=["refresh_token"])


class IssuedTokens(Outgoing):
    """The tokens of a grant."""

    access_token: str = Field(examples=["eyJhbGciOiJFUzI1NiIs…"])
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # what RFC 6750 calls it
    expires_in: int = Field(examples=[300], description="Seconds.")
    refresh_token: str | None = Field(default=None, description="Left out for services.", examples=[REFRESH])
    scope: str = Field(examples=["api"])


class TokenResponse(IssuedTokens):
    """RFC 6749, section 5.1, and RFC 8693, section 2.2.1."""

    issued_token_type: str | None = Field(
        default=None, description="For API keys only.", examples=["urn:ietf:params:oauth:token-type:access_token"]
    )


class ServerMetadata(Outgoing):
    """RFC 8414."""

    issuer: str = Field(examples=["https://api.example.com"])
    token_endpoint: str = Field(examples=["https://api.example.com/auth/token"])
    revocation_endpoint: str = Field(examples=["https://api.example.com/auth/revoke"])
    jwks_uri: str = Field(examples=["https://api.example.com/.well-known/jwks.json"])
    grant_types_supported: list[str] = Field(examples=[["password", "refresh_token"]])
    token_endpoint_auth_methods_supported: list[str] = Field(examples=[["none", "client_secret_basic"]])
    revocation_endpoint_auth_methods_supported: list[str] = Field(examples=[["none"]])
    response_types_supported: list[str] = Field(
        examples=[["none"]], description="There is no authorization endpoint; RFC 8414 wants the member all the same."
    )
    scopes_supported: list[str] = Field(examples=[["api"]])
    acr_values_supported: list[str] = Field(
        examples=[["mfa"]], description="Values of `acr` in access tokens; it is left out after a single factor."
    )
