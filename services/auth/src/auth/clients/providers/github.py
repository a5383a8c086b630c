"""GitHub, whose users have no OpenID Connect: OAuth 2 with PKCE, and its API for the user and their addresses."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, Field, TypeAdapter

from auth.clients.providers.calls import ProviderCalls
from auth.clients.providers.openid import told, with_query
from auth.services.providers.errors import FlowRefused, Reason
from auth.services.providers.records import Answer, Question, Told
from auth.services.providers.settings import ProviderSettings

GITHUB: Final = "https://github.com"
API: Final = "https://api.github.com"


class TokenAnswer(BaseModel):
    """GitHub answers 200 also for errors, then without a token."""

    access_token: str | None = Field(default=None, max_length=1000, repr=False, pattern=r"^[\x21-\x7e]+$")
    error: str | None = Field(default=None, max_length=200)


class User(BaseModel):
    """The number stays when a user changes their name."""

    id: int = Field(ge=1, le=2**63)
    name: str | None = None
    login: str = ""


class EmailAddress(BaseModel):
    """One of a user's addresses."""

    email: str
    primary: bool
    verified: bool


TOKENS: Final = TypeAdapter(TokenAnswer)
USER: Final = TypeAdapter(User)
ADDRESSES: Final = TypeAdapter(list[EmailAddress])


@dataclass(frozen=True, slots=True)
class GitHub:
    """`Provider` for GitHub, and for GitHub Enterprise Server by its address as `issuer`."""

    settings: ProviderSettings
    calls: ProviderCalls

    @property
    def links_addresses(self) -> bool:
        return self.settings.links_addresses

    @property
    def api(self) -> str:
        issuer = self.settings.issuer
        return API if issuer == GITHUB else f"{urlsplit(issuer).scheme}://{urlsplit(issuer).netloc}/api/v3"

    async def address(self, question: Question) -> str:
        parameters = {
            "client_id": self.settings.client_id,
            "redirect_uri": question.redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": question.state,
            "code_challenge": question.challenge,
            "code_challenge_method": "S256",
        }
        return with_query(f"{self.settings.issuer}/login/oauth/authorize", parameters)

    async def identify(self, answer: Answer, question: Question) -> Told:
        if answer.code is None:
            raise FlowRefused(Reason.bad_answer, "no code")
        if answer.iss is not None and answer.iss != f"{self.settings.issuer}/login/oauth":
            raise FlowRefused(Reason.bad_answer, "iss")
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {await self._token(answer.code, question)}",
        }
        user = await self.calls.ask(USER, "GET", f"{self.api}/user", headers=headers)
        addresses = await self.calls.ask(ADDRESSES, "GET", f"{self.api}/user/emails", headers=headers)
        main = next((one for one in addresses if one.primary), None)
        return told(str(user.id), main and main.email, main is not None and main.verified, user.name or user.login)

    async def _token(self, code: str, question: Question) -> str:
        secret = self.settings.client_secret
        form = {
            "client_id": self.settings.client_id,
            "client_secret": secret.get_secret_value() if secret else "",
            "code": code,
            "redirect_uri": question.redirect_uri,
            "code_verifier": question.verifier,
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self.settings.issuer}/login/oauth/access_token"
        tokens = await self.calls.ask(TOKENS, "POST", url, content=urlencode(form), headers=headers)
        if tokens.access_token is None:
            raise FlowRefused(Reason.refused, "no access token")
        return tokens.access_token
