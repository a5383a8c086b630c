"""What moderators see and decide. Admins are moderators, too."""

from typing import Annotated

from fastapi import Query

from common.http.cursors import BadCursor
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import service_router
from common.schemas import Id
from posts.deps import Moderator, ReadModeration, WriteModeration
from posts.schemas.report import CaseReportResponse, CaseResponse, CaseStatus, RemovalCreate, RemovalResponse
from posts.services.errors import CaseDecided, CaseNotFound, OwnContent
from posts.services.records import Grounds

router = service_router("/posts/moderation", "moderation")


@router.get("/cases", responses=problems(BadCursor))
async def list_cases(
    moderator: Moderator,
    queries: ReadModeration,
    page: Paging,
    status: Annotated[CaseStatus, Query(description="Cases that wait, or those that stay as they are.")] = "open",
) -> PageResponse[CaseResponse]:
    """List reported posts and comments: open cases, the oldest first; or dismissed ones, the newest first.

    A case goes with its post or comment: removals are in `GET /posts/moderation/removed`. Dismissed cases are kept for
    90 days.
    """
    kind = f"cases:{status}"
    found = await queries.page(status, page.limit, page.after_id(kind))
    return page.answer(found, kind, lambda case: (case.id,), CaseResponse)


@router.get("/cases/{case_id}/reports", responses=problems(BadCursor, OwnContent))
async def list_case_reports(
    case_id: Id, moderator: Moderator, queries: ReadModeration, page: Paging
) -> PageResponse[CaseReportResponse]:
    """List the reports of a case, the oldest first; none if it is gone. Nobody sees who reported what they wrote."""
    kind = f"case:{case_id}"
    found = await queries.reports(case_id, moderator, page.limit, page.after_id(kind))
    return page.answer(found, kind, lambda report: (report.id,), CaseReportResponse)


@router.post("/cases/{case_id}/dismiss", status_code=204, responses=problems(CaseNotFound, CaseDecided, OwnContent))
async def dismiss_case(case_id: Id, moderator: Moderator, commands: WriteModeration) -> None:
    """Decide that the post or comment stays. A later report opens a new case."""
    await commands.dismiss(case_id, moderator)


@router.post("/cases/{case_id}/remove", status_code=204, responses=problems(CaseNotFound, CaseDecided, OwnContent))
async def remove_reported(case_id: Id, new: RemovalCreate, moderator: Moderator, commands: WriteModeration) -> None:
    """Remove the post or comment. Its author is told why, and keeps a copy for 90 days."""
    await commands.remove(case_id, moderator, Grounds(new.reason, new.note))


@router.get("/removed", responses=problems(BadCursor))
async def list_removed(moderator: Moderator, queries: ReadModeration, page: Paging) -> PageResponse[RemovalResponse]:
    """List what moderators have removed in the last 90 days, the newest first."""
    found = await queries.removed(page.limit, page.after_id("all-removed"))
    return page.answer(found, "all-removed", lambda removal: (removal.id,), RemovalResponse)
