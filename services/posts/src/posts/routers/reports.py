"""Reports of posts and comments."""

from common.http.access import for_keys
from common.http.cursors import BadCursor
from common.http.deps import SignedIn
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import service_router
from common.schemas import Id
from posts.deps import REPORTS, ReadModeration, WriteReports
from posts.schemas.report import OwnRemovalResponse, ReportCreate, ReportResponse
from posts.services.errors import CommentNotFound, OwnContent, PostNotFound
from posts.services.records import Grounds

router = service_router("/posts", "reports")


@router.post("/{post_id}/reports", status_code=201, responses=problems(PostNotFound, OwnContent))
@for_keys(False)
async def report_post(
    post_id: Id, new: ReportCreate, caller: SignedIn, commands: WriteReports, limits: Limits
) -> ReportResponse:
    """Report a published post to the moderators. Its author is not told who did.

    A repetition answers the first report, until a moderator has decided.
    """
    await limits.hit(REPORTS, caller.subject)
    report = await commands.report(post_id, None, caller.account_id, Grounds(new.reason, new.note))
    return ReportResponse.model_validate(report)


@router.post(
    "/{post_id}/comments/{comment_id}/reports", status_code=201, responses=problems(CommentNotFound, OwnContent)
)
@for_keys(False)
async def report_comment(
    post_id: Id, comment_id: Id, new: ReportCreate, caller: SignedIn, commands: WriteReports, limits: Limits
) -> ReportResponse:
    """Report a comment to the moderators, as a post."""
    await limits.hit(REPORTS, caller.subject)
    report = await commands.report(post_id, comment_id, caller.account_id, Grounds(new.reason, new.note))
    return ReportResponse.model_validate(report)


@router.get("/removed", responses=problems(BadCursor))
async def list_own_removed(caller: SignedIn, queries: ReadModeration, page: Paging) -> PageResponse[OwnRemovalResponse]:
    """List the caller's posts and comments that moderators have removed, the newest first.

    They are kept for 90 days.
    """
    found = await queries.removed_from(caller.account_id, page.limit, page.after_id("removed"))
    return page.answer(found, "removed", lambda removal: (removal.id,), OwnRemovalResponse)
