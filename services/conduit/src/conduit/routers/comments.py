"""Comments on articles."""

from common.calls.service_client import PeerUnavailable
from common.http.deps import MaybeSignedIn, SignedIn
from common.http.problems import problems
from common.http.routing import shed_first
from conduit.deps import CommentsOfCaller, FoundArticle
from conduit.routers.route import conduit_router
from conduit.schemas.comment import CommentAnswer, CommentsAnswer, CommentShown, NewCommentBody
from conduit.services.errors import (
    ArticleNotFound,
    CallerThrottled,
    CommentNotFound,
    FieldsRefused,
    NotYourArticle,
    NotYourComment,
)

router = conduit_router("/articles/{slug}/comments", "conduit comments")


@router.get("", responses=problems(ArticleNotFound, CallerThrottled, PeerUnavailable))
@shed_first
async def list_article_comments(
    caller: MaybeSignedIn, article: FoundArticle, comments: CommentsOfCaller
) -> CommentsAnswer:
    """List the comments of an article, the oldest first: up to 500."""
    found = await comments.all(article)
    return CommentsAnswer(comments=[CommentShown.model_validate(one) for one in found])


@router.post(
    "",
    status_code=201,
    responses=problems(ArticleNotFound, NotYourArticle, FieldsRefused, CallerThrottled, PeerUnavailable),
)
async def add_article_comment(
    caller: SignedIn, article: FoundArticle, body: NewCommentBody, comments: CommentsOfCaller
) -> CommentAnswer:
    """Comment on an article, unless its author has blocked the caller."""
    return CommentAnswer.model_validate({"comment": await comments.add(article, body.comment.body)})


@router.delete(
    "/{comment_id}",
    status_code=204,
    responses=problems(ArticleNotFound, CommentNotFound, NotYourComment, CallerThrottled, PeerUnavailable),
)
async def delete_article_comment(
    caller: SignedIn, article: FoundArticle, comment_id: str, comments: CommentsOfCaller
) -> None:
    """Delete one of the caller's own comments."""
    await comments.delete(article, comment_id, caller.account_id)
