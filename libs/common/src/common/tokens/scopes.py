"""The scopes of API keys: a closed list, which follows from the registry of services."""

from collections.abc import Mapping
from typing import Final

from common.services import AUDIENCES
from common.tokens.claims import USER_SCOPE

OWN_ACCOUNT: Final = "auth:write"
"""No key has it: passwords, sessions, keys and deletion are for people only."""
KEY_SCOPES: Final[Mapping[str, str]] = {
    scope: f"{verb.capitalize()} in {service}, as the account may."
    for service in AUDIENCES
    for verb in ("read", "write")
    if (scope := f"{service}:{verb}") != OWN_ACCOUNT
}
"""With what each allows."""
SCOPES: Final[Mapping[str, str]] = {USER_SCOPE: "Everything that the account may do.", **KEY_SCOPES}
"""All scopes of tokens for people and their keys."""
