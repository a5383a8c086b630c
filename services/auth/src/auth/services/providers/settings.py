"""Providers, as operators describe them."""

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import NoDecode

from common.secrets import read_secret
from common.url_types import Address

Preset = Literal["apple", "github", "gitlab", "google", "microsoft"]
EXAMPLE: Final = '[{"name": "google", "preset": "google", "client_id": "…", "client_secret_file": "…"}]'
PRESETS: Final[Mapping[str, Mapping[str, str]]] = {
    "apple": {"title": "Apple", "issuer": "https://appleid.apple.com"},
    "github": {"title": "GitHub", "issuer": "https://github.com"},
    "gitlab": {"title": "GitLab", "issuer": "https://gitlab.com"},
    "google": {"title": "Google", "issuer": "https://accounts.google.com"},
    "microsoft": {"title": "Microsoft"},
}
"""Microsoft's issuer names a tenant, so operators give it."""
SCOPES: Final[Mapping[str, list[str]]] = {
    "apple": ["openid", "email", "name"],
    "github": ["read:user", "user:email"],
}
USUAL_SCOPES: Final = ["openid", "email", "profile"]
MANY_TENANTS: Final = re.compile(r"/(common|organizations|consumers)(/|$)")


class ProviderSettings(BaseModel):
    """One provider. `issuer`, `title` and `scopes` have values from the preset, if there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")]
    """Part of the address to which the provider sends people back. Identities are stored under it."""
    preset: Preset | None = None
    title: Annotated[str, Field(min_length=1, max_length=50)]
    issuer: Address
    client_id: Annotated[str, Field(min_length=1, max_length=500)]
    client_secret: SecretStr | None = None
    """Of Apple: the private key, in PEM."""
    scopes: Annotated[list[Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,100}$")]], Field(min_length=1, max_length=20)]
    links_addresses: bool = True
    """Whether its word for an address links the account that has proven the same address."""
    team_id: str | None = None
    key_id: str | None = None
    """Both of Apple, and only of it."""

    @model_validator(mode="before")
    @classmethod
    def fill_in(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        known = given.get("preset")
        preset = PRESETS.get(known, {}) if isinstance(known, str) else {}
        filled = {"scopes": SCOPES.get(str(known), USUAL_SCOPES), "title": given.get("name"), **preset, **given}
        file = filled.pop("client_secret_file", None)
        if file is not None:
            if "client_secret" in filled:
                raise ValueError("client_secret and client_secret_file: say it once")
            filled["client_secret"] = read_secret(Path(str(file)))
        return filled

    @model_validator(mode="after")
    def fit_together(self) -> Self:
        if not self.issuer.startswith("https://") and not is_loopback(self.issuer):
            raise ValueError("issuer must be https://, or on this machine")
        if self.preset == "microsoft" and MANY_TENANTS.search(urlsplit(self.issuer).path):
            raise ValueError("issuer must name one tenant: https://login.microsoftonline.com/TENANT_ID/v2.0")
        if self.preset != "github" and "openid" not in self.scopes:
            raise ValueError("scopes must have openid")
        if self.preset in {"apple", "github"} and self.client_secret is None:
            raise ValueError("client_secret or client_secret_file is missing")
        of_apple = [self.team_id, self.key_id]
        if (None in of_apple) if self.preset == "apple" else (of_apple != [None, None]):
            raise ValueError("team_id and key_id belong to the preset apple, which needs both")
        return self


def is_loopback(address: str) -> bool:
    """Whether it leads to this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def described(value: Any) -> Any:
    """The providers in JSON. An error says which one and which field, and never repeats a value."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, list):
        raise ValueError(f"must be a list in JSON, such as {EXAMPLE}")
    found = [one if isinstance(one, ProviderSettings) else read(number, one) for number, one in enumerate(value, 1)]
    if len({one.name for one in found}) != len(found):
        raise ValueError("has two providers of one name")
    return found


def read(number: int, given: Any) -> ProviderSettings:
    try:
        return ProviderSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = first["loc"][0] if first["loc"] else None
        said = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"provider {number}: {said if field is None else f'{field}: {said}'}") from None


Providers = Annotated[list[ProviderSettings], NoDecode, BeforeValidator(described)]
