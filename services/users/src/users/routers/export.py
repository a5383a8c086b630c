"""What is held about the caller."""

from functools import partial

from fastapi import Request
from fastapi.responses import StreamingResponse

from common.http.deps import SignedIn, authenticate
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import service_router
from users.deps import EXPORT, ExportData
from users.schemas.export import ExportResponse, written
from users.services.errors import UserNotFound

router = service_router("/users", "export")


@router.get("/me/export", response_model=ExportResponse, responses=problems(UserNotFound))
async def export_own_data(caller: SignedIn, export: ExportData, limits: Limits, request: Request) -> StreamingResponse:
    """Everything that the services hold about the caller, as a file to keep (GDPR, articles 15 and 20).

    One JSON document, streamed. It is whole if its last member, `complete`, is there; an export that breaks off is no
    valid JSON, and its connection ends before the answer does: so it does when the access token expires or is revoked,
    or the account is deleted meanwhile. No passwords, keys or tokens are in it.
    """
    limits.hit(EXPORT, caller.subject)
    parts = await export.begin(caller.account_id, partial(authenticate, request))
    name = f'attachment; filename="trivium-export-{caller.account_id}.json"'
    document = written(caller.account_id, parts)
    return StreamingResponse(document, media_type="application/json", headers={"Content-Disposition": name})
