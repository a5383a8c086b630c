"""Articles and favourites."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Query

from common.calls.service_client import PeerUnavailable
from common.http.deps import MaybeSignedIn, SignedIn
from common.http.problems import problems
from common.http.routing import shed_first
from conduit.deps import ArticlesOfCaller, OwnArticle
from conduit.routers.route import conduit_router
from conduit.schemas.article import ArticleAnswer, ArticleChangesBody, ArticlesAnswer, ListedArticle, NewArticleBody
from conduit.services.errors import ArticleNotFound, CallerThrottled, FieldsRefused, NotYourArticle
from conduit.services.records import Article, ArticleFilter

router = conduit_router("/articles", "conduit articles")

Limit = Annotated[int, Query(ge=1, le=100, description="Articles per page.")]
Offset = Annotated[int, Query(ge=0, le=10_000, description="How many articles to skip.")]
FeedOffset = Annotated[int, Query(ge=0, le=1_000, description="How many articles to skip.")]
POSTS_NAMES: Final = {"tagList": "tags"}
"""Fields that have another name in posts."""


@router.get("", responses=problems(CallerThrottled, PeerUnavailable))
@shed_first
async def list_articles(
    caller: MaybeSignedIn,
    articles: ArticlesOfCaller,
    tag: Annotated[str | None, Query(max_length=200, description="Only articles with this tag.")] = None,
    author: Annotated[str | None, Query(max_length=200, description="Only this person's articles.")] = None,
    favorited: Annotated[str | None, Query(max_length=200, description="Only those that this person likes.")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> ArticlesAnswer:
    """List articles, the newest first. All filters may be combined."""
    return listed(*await articles.listed(ArticleFilter(tag, author, favorited), limit, offset))


@router.get("/feed", responses=problems(CallerThrottled, PeerUnavailable))
@shed_first
async def get_article_feed(
    caller: SignedIn, articles: ArticlesOfCaller, limit: Limit = 20, offset: FeedOffset = 0
) -> ArticlesAnswer:
    """List articles of the people whom the caller follows, the newest first."""
    return listed(*await articles.feed(limit, offset))


@router.post("", status_code=201, responses=problems(FieldsRefused, CallerThrottled, PeerUnavailable))
async def create_article(body: NewArticleBody, caller: SignedIn, articles: ArticlesOfCaller) -> ArticleAnswer:
    """Publish an article."""
    return shown(await articles.create(fields(body.article.model_dump())))


@router.get("/{slug}", responses=problems(ArticleNotFound, CallerThrottled, PeerUnavailable))
async def get_article_by_slug(slug: str, caller: MaybeSignedIn, articles: ArticlesOfCaller) -> ArticleAnswer:
    """Get an article."""
    return shown(await articles.get(slug))


@router.put(
    "/{slug}", responses=problems(ArticleNotFound, NotYourArticle, FieldsRefused, CallerThrottled, PeerUnavailable)
)
async def update_article(
    article: OwnArticle, body: ArticleChangesBody, caller: SignedIn, articles: ArticlesOfCaller
) -> ArticleAnswer:
    """Change some fields of one of the caller's own articles. Another title gives it another slug."""
    return shown(await articles.revise(article, fields(body.article.model_dump(exclude_unset=True))))


@router.delete(
    "/{slug}", status_code=204, responses=problems(ArticleNotFound, NotYourArticle, CallerThrottled, PeerUnavailable)
)
async def delete_article(article: OwnArticle, caller: SignedIn, articles: ArticlesOfCaller) -> None:
    """Delete one of the caller's own articles, with its comments and favourites."""
    await articles.delete(article)


@router.post("/{slug}/favorite", responses=problems(ArticleNotFound, NotYourArticle, CallerThrottled, PeerUnavailable))
async def favorite_article(slug: str, caller: SignedIn, articles: ArticlesOfCaller) -> ArticleAnswer:
    """Like an article, unless its author has blocked the caller. A repetition changes nothing."""
    return shown(await articles.favorite(slug))


@router.delete("/{slug}/favorite", responses=problems(ArticleNotFound, CallerThrottled, PeerUnavailable))
async def unfavorite_article(slug: str, caller: SignedIn, articles: ArticlesOfCaller) -> ArticleAnswer:
    """Remove the caller's like. A repetition changes nothing."""
    return shown(await articles.unfavorite(slug))


def fields(given: dict[str, Any]) -> dict[str, Any]:
    """The fields by their names in posts."""
    return {POSTS_NAMES.get(name, name): value for name, value in given.items()}


def shown(article: Article) -> ArticleAnswer:
    return ArticleAnswer.model_validate({"article": article})


def listed(found: Sequence[Article], total: int) -> ArticlesAnswer:
    return ArticlesAnswer(articles=[ListedArticle.model_validate(one) for one in found], articles_count=total)
