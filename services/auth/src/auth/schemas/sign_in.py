"""First-party sign-in. Its answer says in `state` how it went."""

from typing import Annotated, Literal, Self

from pydantic import Field, RootModel

from auth.schemas.account import NOT_GIVEN, CurrentPassword
from auth.schemas.second_factor import Proofs, SecondProof
from auth.schemas.token import IssuedTokens
from auth.services.records import Tokens
from auth.services.second_factor.records import PendingSignIn
from common.schemas import MAX_TYPED, Flag, Incoming, Outgoing, Text


class WaysToSignIn(Outgoing):
    """What the sign-in page offers."""

    methods: list[Literal["password", "mail-code"]] = Field(examples=[["password"]])


class PasswordSignIn(Incoming):
    """An address and its password."""

    email: Text = Field(max_length=MAX_TYPED, examples=["ada@example.com"])
    password: CurrentPassword
    trusted_device: Text = Field(
        default=NOT_GIVEN,
        min_length=1,
        max_length=100,
        repr=False,
        examples=["q3Xb…"],
        description="The token of a trusted device, from an earlier second step.",
    )


class SecondStepSignIn(SecondProof):
    """The second step of a sign-in."""

    challenge: Text = Field(min_length=1, max_length=100, repr=False, examples=["Zk0v…"])
    trust_device: Flag = Field(
        default=False,
        description="Sign in without the second factor on this device from now on, if the site allows it.",
    )


class StepUpProof(Proofs):
    """A code or a recovery code of an account that has a second factor; else the password."""


class NewSession(IssuedTokens):
    """The tokens of a new session, as `/auth/token` issues them."""

    state: Literal["signed-in"] = "signed-in"
    trusted_device: str | None = Field(
        default=None, description="The token of this device, if it is trusted from now on. Shown once.", examples=[None]
    )


class SecondFactorNeeded(Outgoing):
    """The first factor is right. Continue at `/auth/sign-in/second-factor`."""

    state: Literal["second-factor-needed"] = "second-factor-needed"
    challenge: str = Field(examples=["Zk0v…"], description="For the second step.")
    methods: list[str] = Field(
        examples=[["code", "recovery_code"]], description="Which fields the second step may have: one of them."
    )
    may_trust_device: bool = Field(description="Whether `trust_device` has an effect here.")
    expires_in: int = Field(examples=[300], description="Seconds within which the second step must come.")


class SignInAnswer(RootModel[Annotated[NewSession | SecondFactorNeeded, Field(discriminator="state")]]):
    """How a sign-in went. `state` tells the cases apart."""

    @classmethod
    def of(cls, done: Tokens | PendingSignIn) -> Self:
        return cls(
            NewSession.model_validate(done) if isinstance(done, Tokens) else SecondFactorNeeded.model_validate(done)
        )


CHALLENGE = "J4rT5zv0mSg1…"


class CodeAsked(Outgoing):
    """What belongs to the mailed code. Keep it where the code will be typed."""

    challenge: str = Field(examples=[CHALLENGE])
    expires_in: int = Field(examples=[600], description="Seconds.")


class CodeGiven(Incoming):
    """The mailed code, with the challenge of the same request."""

    challenge: Text = Field(min_length=1, max_length=100, repr=False, examples=[CHALLENGE])
    code: Text = Field(min_length=1, max_length=20, repr=False, examples=["41870362"])
