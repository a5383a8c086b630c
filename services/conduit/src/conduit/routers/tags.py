"""Tags."""

from common.calls.service_client import PeerUnavailable
from common.http.access import public
from common.http.problems import problems
from common.http.routing import shed_first
from conduit.deps import PublicArticles
from conduit.routers.route import conduit_router
from conduit.schemas.article import TagsAnswer
from conduit.services.errors import CallerThrottled

router = conduit_router("/tags", "conduit tags")


@router.get("", responses=problems(CallerThrottled, PeerUnavailable))
@public
@shed_first
async def list_article_tags(articles: PublicArticles) -> TagsAnswer:
    """List tags in use, those of the latest articles first: up to a hundred."""
    return TagsAnswer(tags=list(await articles.tags()))
