"""The caller's API keys, and reports of leaked ones."""

from datetime import timedelta
from uuid import UUID

from fastapi import Response

from auth.deps import CallingDevice
from auth.schemas.api_key import ApiKeyCreate, ApiKeyCreated, ApiKeyList, ApiKeyResponse, LeakedApiKey
from auth.services.api_keys import errors
from auth.services.errors import AccountNotFound, NotThisClient
from auth.wiring.api_keys import API_KEYS, OwnApiKeys
from auth.wiring.second_factor import JustProven
from common.errors import InsufficientUserAuthentication
from common.http.access import public
from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router


class ApiKeyRoute(SmallBodyRoute):
    """Answers that hold a key are never stored. A repeated creation is refused by its name instead."""

    keeps_answers = False


router = service_router("/auth/keys", "API keys", ApiKeyRoute)


@router.post(
    "",
    status_code=201,
    responses=problems(
        errors.ApiKeyNameTaken,
        errors.TooManyApiKeys,
        errors.ApiKeyMustExpire,
        InsufficientUserAuthentication,
        NotThisClient,
        AccountNotFound,
    ),
)
async def create_api_key(
    wanted: ApiKeyCreate, caller: JustProven, keys: OwnApiKeys, device: CallingDevice, response: Response
) -> ApiKeyCreated:
    """Create an API key. Its text is in this answer only; programs exchange it at `/auth/token`.

    The session must have proven within ten minutes who its owner is. If the answer was lost, a repeated request is
    refused by the name: revoke that key, and create another one.
    """
    days = wanted.expires_in_days
    lasts = None if days is None else timedelta(days=days)
    key, text = await keys.create(caller, wanted.name, wanted.scopes, lasts, device)
    response.headers["Location"] = f"/auth/keys/{key.id}"
    return ApiKeyCreated(**ApiKeyResponse.model_validate(key).model_dump(), key=text)


@router.get("")
async def list_api_keys(caller: SignedIn, keys: OwnApiKeys) -> ApiKeyList:
    """List the caller's API keys, the newest first, without their texts."""
    return ApiKeyList(items=[ApiKeyResponse.model_validate(key) for key in await keys.of(caller.account_id)])


@router.post("/leaked", status_code=204)
@public
async def report_leaked_api_key(leaked: LeakedApiKey, keys: OwnApiKeys, device: CallingDevice, limits: Limits) -> None:
    """Report an API key that was found in a public place. If it is real, it is revoked, and its owner gets a mail.

    The answer is the same for every text.
    """
    await limits.hit(API_KEYS)
    await keys.report_leak(leaked.key, device)


@router.delete("/{key_id}", status_code=204, responses=problems(errors.ApiKeyNotFound))
async def revoke_api_key(key_id: UUID, caller: SignedIn, keys: OwnApiKeys, device: CallingDevice) -> None:
    """Revoke an API key. Its access tokens are refused everywhere within seconds."""
    await keys.revoke(caller.account_id, key_id, device)
