"""The second factor in requests and answers."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from auth.schemas.account import NOT_GIVEN, CurrentPassword
from auth.services.second_factor.records import Proof
from common.schemas import Incoming, Moment, Outgoing, Reason, Text

Code = Annotated[Text, StringConstraints(pattern=r"^[0-9]{3} ?[0-9]{3}$"), Field(repr=False, examples=["492039"])]
RecoveryCode = Annotated[
    Text, StringConstraints(min_length=1, max_length=60), Field(repr=False, examples=["ABCD-EFGH-IJKL-MNOP-QRST-UVWX"])
]


class Codes(Incoming):
    """A code of the authenticator, one of the recovery codes, or neither."""

    code: Code = Field(default=NOT_GIVEN)
    recovery_code: RecoveryCode = Field(default=NOT_GIVEN)

    @model_validator(mode="after")
    def give_one_code(self) -> Self:
        if {"code", "recovery_code"} <= self.model_fields_set:
            raise ValueError("give either code or recovery_code")
        return self

    @property
    def proof(self) -> Proof | None:
        """The code or recovery code, if one is given."""
        if not self.model_fields_set & {"code", "recovery_code"}:
            return None
        return Proof(self.code, self.recovery_code)


class SecondProof(Codes):
    """Either a code of the authenticator, or one of the recovery codes."""

    @model_validator(mode="after")
    def give_one(self) -> Self:
        if self.code is None and self.recovery_code is None:
            raise ValueError("give either code or recovery_code")
        return self

    @property
    def proof(self) -> Proof:
        return Proof(self.code, self.recovery_code)


class Proofs(Codes):
    """The password, a code or a recovery code, or the password with one of them."""

    password: CurrentPassword = Field(default=NOT_GIVEN)


class FactorOff(Proofs):
    """The password, if the account has one, and a code, unless the session has proven the second factor lately."""


class FirstCode(Incoming):
    """A code of the authenticator that is being set up."""

    code: Code


class FactorReset(Incoming):
    """Why an admin turns somebody's second factor off; it stands in the audit trail."""

    reason: Reason = Field(examples=["Lost phone; identity checked by video call."])


class SecondFactorResponse(Outgoing):
    """An account's second factor."""

    on: bool
    since: Moment | None = Field(description="When it was turned on.")
    recovery_codes_left: int = Field(examples=[10])


class NewFactorResponse(Outgoing):
    """An authenticator that waits for its first code. It is shown once."""

    secret: str = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"], description="In base32, to be typed.")
    uri: str = Field(
        examples=["otpauth://totp/Trivium:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Trivium"],
        description="For a QR code.",
    )
    expires_in: int = Field(examples=[600], description="Seconds within which its first code must come.")


class RecoveryCodesResponse(Outgoing):
    """The recovery codes. They are shown once; each can be used once."""

    recovery_codes: list[str] = Field(examples=[["ABCD-EFGH-IJKL-MNOP-QRST-UVWX"]])


class TrustedDeviceResponse(Outgoing):
    """A device that signs in without the second factor."""

    id: UUID = Field(examples=["8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"])
    user_agent: str = Field(examples=["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"])
    ip: str = Field(examples=["203.0.113.9"])
    created_at: Moment
    last_used_at: Moment


class TrustedDevicesResponse(Outgoing):
    """All trusted devices, the latest first."""

    items: list[TrustedDeviceResponse]
