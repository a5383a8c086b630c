"""Wires API keys."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends

from auth.config import Settings
from auth.services.api_keys.exchange import KeyExchange
from auth.services.api_keys.keys import ApiKeys
from auth.services.ports import UnitOfWork
from auth.services.sessions.access_tokens import AccessTokens
from common.http.deps import FromState
from common.ports import Transactions
from common.serving.service import Opened

API_KEYS: Final = "api-keys"
"""The rate limit of exchanges and reports: what tells whether a key is valid."""


def parts(opened: Opened[Settings], transactions: Transactions[UnitOfWork], access: AccessTokens) -> Mapping[str, Any]:
    """What routes find in `app.state`."""
    may_last = opened.settings.api_keys_without_expiry
    return {
        "api_keys": ApiKeys(transactions, may_last),
        "key_exchange": KeyExchange(transactions, access),
    }


OwnApiKeys = Annotated[ApiKeys, Depends(FromState("api_keys"))]
ExchangeKeys = Annotated[KeyExchange, Depends(FromState("key_exchange"))]
