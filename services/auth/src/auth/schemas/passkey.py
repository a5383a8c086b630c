"""Passkeys. Options and answers are browsers' own JSON (Web Authentication, level 3, sections 5.1.8 and 5.1.9).

So a page gives the options to `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`, and
sends what `toJSON` makes of the result.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from common.schemas import Id, Incoming, Moment, Name, Outgoing

BYTES: Final = "o2NmbXRkbm9uZWdhdHRTdG10"
CREDENTIAL: Final = "mNaD8YXyA2r5Lvx7SLNMIw"
Encoded = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]*$", max_length=12_000)]
"""Bytes in base64url without padding."""
CredentialId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,1364}$")]
"""Up to 1,023 bytes, likewise."""


class Shown(Outgoing):
    """A part of the options, named as browsers name it."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class Site(Shown):
    """The site that a passkey is for."""

    id: str = Field(examples=["example.com"])
    name: str = Field(examples=["Trivium"])


class PasskeyOwner(Shown):
    """The account that a passkey is for, as authenticators show it. `id` is random, and not the account's number."""

    id: Encoded = Field(examples=["k3q3rV0xS5m2mZ1n0S3yW7nq4q2x8m0y3p5wq0o1u2I"])
    name: str = Field(examples=["ada@example.com"])
    display_name: str = Field(examples=["Ada Lovelace"])


class PasskeyAlgorithm(Shown):
    """A signature algorithm, by its number in COSE: ES256, EdDSA or RS256."""

    type: Literal["public-key"]
    alg: int = Field(examples=[-7])


class ExcludedPasskey(Shown):
    """A passkey that the account has already."""

    type: Literal["public-key"]
    id: CredentialId = Field(examples=[CREDENTIAL])
    transports: list[str] = Field(default_factory=list, examples=[["internal"]])


class AuthenticatorSelection(Shown):
    """Demands on the authenticator."""

    resident_key: Literal["required"]
    require_resident_key: bool
    user_verification: Literal["preferred"]


class PasskeyCreation(Shown):
    """What a browser needs to make a passkey: `PublicKeyCredentialCreationOptionsJSON`."""

    rp: Site
    user: PasskeyOwner
    challenge: Encoded = Field(description="Works once, for five minutes, for this session.", examples=[BYTES])
    pub_key_cred_params: list[PasskeyAlgorithm]
    timeout: int = Field(description="In milliseconds.", examples=[300_000])
    exclude_credentials: list[ExcludedPasskey]
    authenticator_selection: AuthenticatorSelection
    attestation: Literal["none"]


class PasskeyRequest(Shown):
    """What a browser needs to ask for a passkey: `PublicKeyCredentialRequestOptionsJSON`."""

    challenge: Encoded = Field(description="Works once, for five minutes.", examples=[BYTES])
    timeout: int = Field(description="In milliseconds.", examples=[300_000])
    rp_id: str = Field(examples=["example.com"])
    user_verification: Literal["preferred"]


class FromBrowser(BaseModel):
    """A part that the browser makes. Members that newer browsers add are ignored."""

    model_config = ConfigDict(extra="ignore")


class AttestationResponse(FromBrowser):
    """An authenticator's answer: the new credential."""

    client_data: Encoded = Field(alias="clientDataJSON", examples=[BYTES])
    attestation_object: Encoded = Field(alias="attestationObject", examples=[BYTES])
    transports: list[Annotated[str, StringConstraints(max_length=40)]] = Field(
        default_factory=list, max_length=20, examples=[["internal"]]
    )


class AssertionResponse(FromBrowser):
    """An authenticator's answer: a signature."""

    client_data: Encoded = Field(alias="clientDataJSON", examples=[BYTES])
    authenticator_data: Encoded = Field(alias="authenticatorData", examples=[BYTES])
    signature: Encoded = Field(examples=[BYTES])
    user_handle: Encoded = Field(
        alias="userHandle", description="The `user.id` with which the passkey was made.", examples=[BYTES]
    )


class NewPasskeyAnswer(FromBrowser):
    """`RegistrationResponseJSON`."""

    id: CredentialId = Field(examples=[CREDENTIAL])
    raw_id: CredentialId = Field(alias="rawId", examples=[CREDENTIAL])
    type: Literal["public-key"]
    response: AttestationResponse


class PasskeyAnswer(FromBrowser):
    """`AuthenticationResponseJSON`."""

    id: CredentialId = Field(examples=[CREDENTIAL])
    raw_id: CredentialId = Field(alias="rawId", examples=[CREDENTIAL])
    type: Literal["public-key"]
    response: AssertionResponse


PasskeyName = Annotated[Name, Field(max_length=100, examples=["Ada's phone"])]


class PasskeyCreate(Incoming):
    """A passkey that a browser has just made, and its name."""

    name: PasskeyName
    credential: NewPasskeyAnswer


class PasskeyUpdate(Incoming):
    """The new name."""

    name: PasskeyName


class PasskeySignInBody(Incoming):
    """A passkey's answer."""

    credential: PasskeyAnswer


class PasskeyResponse(Outgoing):
    """One of the caller's passkeys."""

    id: Id
    name: str = Field(examples=["Ada's phone"])
    created_at: Moment
    last_used_at: Moment | None
    backup_eligible: bool = Field(description="Whether it may be copied to other devices.")
    backed_up: bool = Field(description="Whether it was, at its last use.")


class PasskeyList(Outgoing):
    """All passkeys of the caller, at most ten, the newest first."""

    items: list[PasskeyResponse]


class PasskeyEndpoints(Outgoing):
    """Where people add and manage passkeys."""

    enroll: str = Field(examples=["https://example.com/settings/passkeys"])
    manage: str = Field(examples=["https://example.com/settings/passkeys"])


class RelatedOrigins(Outgoing):
    """The origins whose pages may use the site's passkeys."""

    origins: list[str] = Field(examples=[["https://example.com", "https://app.example.net"]])


def as_answer(credential: NewPasskeyAnswer | PasskeyAnswer) -> dict[str, Any]:
    """An answer in browsers' own names."""
    return credential.model_dump(by_alias=True)
