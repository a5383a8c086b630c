"""Wires conduit's layers together, and names what its routes depend on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from common.calls.service_client import ServiceClient
from common.http.deps import SignedIn, bearer_token
from common.http.idempotency import HEADER as IDEMPOTENCY_KEY
from common.logs import client_ip
from common.serving.stateless import Connected, StatelessParts
from common.tokens.service_tokens import TokenSource
from conduit.clients.accounts import AuthAccounts
from conduit.clients.articles import PostsArticles
from conduit.clients.peers import Peer
from conduit.clients.people import UsersPeople
from conduit.clients.recent import RecentProfiles
from conduit.clients.sessions import CallerTokens, Sessions
from conduit.config import Settings
from conduit.services.articles import ArticleService
from conduit.services.comments import CommentService
from conduit.services.profiles import ProfileService
from conduit.services.records import Article, OpenedSession
from conduit.services.users import UserService

SCHEME: Final = "token"
MAX_DESCRIPTION: Final = 200
FORWARDED_FOR: Final = "X-Forwarded-For"


@dataclass(frozen=True, slots=True)
class Peers:
    """The other services, as the process knows them."""

    auth: ServiceClient
    users: ServiceClient
    posts: ServiceClient
    sessions: Sessions
    recent: RecentProfiles

    def tokens_of(self, token: str | None) -> TokenSource:
        """The tokens of one caller; of nobody without a token."""
        return self.auth.tokens if token is None else CallerTokens(self.sessions, token)


def wire(connected: Connected[Settings]) -> StatelessParts:
    """Create the parts that live as long as the app."""
    auth, users, posts = (connected.peer(name) for name in ("auth", "users", "posts"))
    sessions = Sessions(lambda: AuthAccounts(Peer(auth.for_caller(auth.tokens, {FORWARDED_FOR: client_ip() or ""}))))
    return StatelessParts(
        callers=sessions,
        peers=(auth, users, posts),
        state={"peers": Peers(auth, users, posts, sessions, RecentProfiles())},
    )


def headers_of(request: Request) -> Mapping[str, str]:
    """Headers of the caller's request that the other services get too: for limits, sessions and repetitions."""
    state, given = request.scope["state"], request.headers
    passed = {FORWARDED_FOR: state["client_ip"]}
    passed |= {name: given.get(name, "")[:MAX_DESCRIPTION] for name in ("User-Agent", "Accept-Language")}
    if IDEMPOTENCY_KEY in given:
        passed[IDEMPOTENCY_KEY] = given[IDEMPOTENCY_KEY]
    return {name: value for name, value in passed.items() if value.isascii() and value.isprintable() and value}


async def get_token(request: Request) -> str | None:
    """The caller's lasting token, which the route's guard has checked."""
    return bearer_token(request)


Token = Annotated[str | None, Depends(get_token)]


async def get_articles(request: Request, token: Token) -> ArticleService:
    people, articles = for_caller(request, token)
    return ArticleService(articles, people)


async def get_comments(request: Request, token: Token) -> CommentService:
    people, articles = for_caller(request, token)
    return CommentService(articles, people)


async def get_profiles(request: Request, token: Token) -> ProfileService:
    people, articles = for_caller(request, token)
    return ProfileService(people, articles)


async def get_users(request: Request, token: Token) -> UserService:
    return users_of(request, token)


async def get_newcomers(request: Request) -> UserService:
    return users_of(request, None)


async def get_public_articles(request: Request) -> ArticleService:
    people, articles = for_caller(request, None)
    return ArticleService(articles, people)


def users_of(request: Request, token: str | None) -> UserService:
    peers: Peers = request.app.state.peers
    headers = headers_of(request)
    people, _ = for_caller(request, token)

    def people_of(opened: OpenedSession) -> UsersPeople:
        peers.sessions.keep(opened.token, opened)
        users = peers.users.for_caller(peers.tokens_of(opened.token), headers)
        return UsersPeople(Peer(users), request.app.state.settings.issuer)

    accounts = AuthAccounts(Peer(peers.auth.for_caller(peers.tokens_of(token), headers)))
    return UserService(accounts, people, people_of)


def for_caller(request: Request, token: str | None) -> tuple[UsersPeople, PostsArticles]:
    peers: Peers = request.app.state.peers
    tokens, headers = peers.tokens_of(token), headers_of(request)
    users, posts = peers.users.for_caller(tokens, headers), peers.posts.for_caller(tokens, headers)
    recent, site = peers.recent if token is None else None, request.app.state.settings.issuer
    return UsersPeople(Peer(users), site, recent), PostsArticles(Peer(posts))


ArticlesOfCaller = Annotated[ArticleService, Depends(get_articles)]
CommentsOfCaller = Annotated[CommentService, Depends(get_comments)]
Profiles = Annotated[ProfileService, Depends(get_profiles)]
Users = Annotated[UserService, Depends(get_users)]
# For public routes: a token that is no longer good must not keep anybody from signing in.
Newcomers = Annotated[UserService, Depends(get_newcomers)]
PublicArticles = Annotated[ArticleService, Depends(get_public_articles)]


async def get_article(slug: str, articles: ArticlesOfCaller) -> Article:
    return await articles.find(slug)


async def get_own_article(slug: str, caller: SignedIn, articles: ArticlesOfCaller) -> Article:
    return await articles.find_own(slug, caller.account_id)


# Dependencies, since they are found before the body is checked: 404 and 403 come before 422.
FoundArticle = Annotated[Article, Depends(get_article)]
OwnArticle = Annotated[Article, Depends(get_own_article)]
