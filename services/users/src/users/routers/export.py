"""The export of the caller's data."""

from functools import partial

from fastapi import Request
from fastapi.responses import StreamingResponse

from common.http.access import for_keys
from common.http.deps import SignedIn, authenticate
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import service_router
from users.deps import EXPORT, ExportData
from users.schemas.export import ExportResponse, written
from users.services.errors import UserNotFound

router = service_router("/users", "export")


@router.get("/me/export", response_model=ExportResponse, responses=problems(UserNotFound))
@for_keys(False)
async def export_own_data(caller: SignedIn, export: ExportData, limits: Limits, request: Request) -> StreamingResponse:
    """Get all data that the services hold about the caller, as a file (GDPR, articles 15 and 20).

    One JSON document, streamed. It is complete if its last member, `complete`, is present. An interrupted export is
    invalid JSON, and its connection ends early. That happens, too, if the access token expires or is revoked, or the
    account is deleted meanwhile. It holds no passwords, keys or tokens.
    """
    await limits.hit(EXPORT, caller.subject)
    parts = await export.begin(caller.account_id, partial(authenticate, request))
    name = f'attachment; filename="trivium-export-{caller.account_id}.json"'
    document = written(caller.account_id, parts)
    return StreamingResponse(document, media_type="application/json", headers={"Content-Disposition": name})
