"""Comments on posts."""

from common.http.access import public
from common.http.cursors import BadCursor
from common.http.deps import MaybeSignedIn, SignedIn
from common.http.etags import IfMatch, WithETag, set_etag
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import service_router
from common.schemas import Id
from posts.deps import ReadComments, SignedInEditor, WriteComments
from posts.schemas.comment import CommentCreate, CommentResponse
from posts.services.errors import Blocked, CommentNotFound, NotTheAuthor, PostNotFound

router = service_router("/posts/{post_id}/comments", "comments")


@router.get("", responses=problems(PostNotFound, BadCursor))
async def list_comments(
    post_id: Id, caller: MaybeSignedIn, comments: ReadComments, page: Paging
) -> PageResponse[CommentResponse]:
    """List the comments of a post, the oldest first.

    Signed in, without those of people whom the caller blocks, except below the caller's own posts.
    """
    kind = f"comments:{post_id}"
    found = await comments.page(post_id, caller.account_id if caller else None, page.limit, page.after_id(kind))
    return page.answer(found, kind, lambda comment: (comment.id,), CommentResponse)


@router.post("", status_code=201, responses=problems(PostNotFound, Blocked))
async def add_comment(
    post_id: Id, new: CommentCreate, caller: SignedIn, commands: WriteComments, answer: WithETag
) -> CommentResponse:
    """Comment on a published post, unless its author has blocked the caller."""
    comment = await commands.add(post_id, caller.account_id, new.body)
    answer.headers["Location"] = f"/posts/{post_id}/comments/{comment.id}"
    set_etag(answer, comment.version)
    return CommentResponse.model_validate(comment)


@router.get("/{comment_id}", responses=problems(CommentNotFound))
@public
async def get_comment(post_id: Id, comment_id: Id, comments: ReadComments, answer: WithETag) -> CommentResponse:
    """Get a comment."""
    comment = await comments.get(post_id, comment_id)
    set_etag(answer, comment.version)
    return CommentResponse.model_validate(comment)


@router.patch("/{comment_id}", responses=problems(CommentNotFound, NotTheAuthor, Blocked))
async def revise_comment(
    post_id: Id,
    comment_id: Id,
    new: CommentCreate,
    editor: SignedInEditor,
    commands: WriteComments,
    expected: IfMatch,
    answer: WithETag,
) -> CommentResponse:
    """Change one of the caller's own comments."""
    comment = await commands.revise(post_id, comment_id, editor, new.body, expected)
    set_etag(answer, comment.version)
    return CommentResponse.model_validate(comment)


@router.delete("/{comment_id}", status_code=204, responses=problems(CommentNotFound, NotTheAuthor))
async def delete_comment(
    post_id: Id, comment_id: Id, editor: SignedInEditor, commands: WriteComments, expected: IfMatch
) -> None:
    """Delete a comment. Allowed for its author, the post's author, and moderators."""
    await commands.delete(post_id, comment_id, editor, expected)
