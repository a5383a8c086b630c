"""The one place that wires posts' layers together."""

from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncSession

from common.calls.service_client import ServiceClient
from common.contracts.events import AccountData, BlockData, FollowData, ProfileData
from common.db.backfill import Backfill
from common.db.database import Database, ReadSession, SearchSession, TransactionFactory
from common.events.erasure import BACKLOG, ERASED, Eraser, ErasureRepository
from common.events.exports import ExportReader
from common.events.outbox import OutboxRepository
from common.events.read_models import ReadModel
from common.events.relay import Relay
from common.events.revocations import RevocationRepository
from common.http.concurrency_limits import ConcurrencyLimits
from common.http.deps import DbSession, SignedIn
from common.serving.collectors import calls, checks, clock, erasures, outbox, pools, requests
from common.tokens.service_tokens import ServiceTokens
from posts.clients.profiles import UsersProfileClient
from posts.config import Settings
from posts.repositories.authors import KNOWN_PROFILES, AuthorRepository, StatsRepository
from posts.repositories.comments import CommentRepository
from posts.repositories.edges import KNOWN_BLOCKS, KNOWN_FOLLOWS, EdgeRepository
from posts.repositories.erasing import KNOWN_ERASED, STEPS
from posts.repositories.exports import SECTIONS
from posts.repositories.lists import PostLists
from posts.repositories.posts import PostRepository
from posts.repositories.search import SearchRepository
from posts.repositories.tags import TagRepository
from posts.repositories.words import WORDS
from posts.services.authors import AuthorDirectory
from posts.services.comments import CommentCommands, CommentQueries
from posts.services.ports import StatsStore, TagReader
from posts.services.post_commands import PostCommands
from posts.services.post_queries import PostQueries
from posts.services.records import Editor
from posts.services.subscriber import EventSubscriber


def wire(app: FastAPI, settings: Settings, database: Database, http: httpx.AsyncClient) -> None:
    """Make what lives as long as the app."""
    tokens = ServiceTokens(http, settings.auth_url, "svc:posts", settings.client_secret)
    auth = ServiceClient.to("auth", settings.auth_url, http=http, tokens=tokens, settings=settings)
    users = ServiceClient.to("users", settings.users_url, http=http, tokens=tokens, settings=settings)
    app.state.authors = AuthorDirectory(UsersProfileClient(users), TransactionFactory(database, AuthorRepository))
    reads = ReadSession(database.reading)
    searches = SearchSession.of(reads, settings)
    lists = PostLists(reads, searches)
    app.state.post_queries = PostQueries(lists, SearchRepository(searches), app.state.authors)
    app.state.search_limits = ConcurrencyLimits(searches.patience)
    app.state.comment_queries = CommentQueries(lists, CommentRepository(reads), app.state.authors)
    app.state.tags = TagRepository(reads)
    app.state.stats = StatsRepository(reads)
    app.state.exports = ExportReader(reads, SECTIONS, ERASED)
    app.state.relay = Relay(database, {"users": users, "auth": auth})
    app.state.eraser = Eraser(database, "posts", STEPS)
    app.state.backfill = Backfill(database, WORDS)
    app.state.inbox = lambda session: subscriber(session).inbox
    app.state.read_models = {
        "erased": ReadModel(
            AccountData,
            auth,
            "/internal/erased",
            KNOWN_ERASED,
            lambda session, account: ErasureRepository(session, "posts").publish_again(account),
        ),
        "authors": ReadModel(ProfileData, users, "/internal/profiles", KNOWN_PROFILES),
        "follows": ReadModel(FollowData, users, "/internal/follows", KNOWN_FOLLOWS),
        "blocks": ReadModel(BlockData, users, "/internal/blocks", KNOWN_BLOCKS),
    }
    relay, verifier = app.state.relay, app.state.verifier
    app.state.metrics.collectors = (
        requests(app.state.load_shedder),
        pools(database),
        outbox(database, relay if settings.relay else None),
        erasures(database, BACKLOG),
        calls(auth, users),
        checks(verifier),
        clock(app.state.revoked.clock),
    )


def subscriber(session: AsyncSession) -> EventSubscriber:
    return EventSubscriber(
        AuthorRepository(session),
        EdgeRepository(session),
        RevocationRepository(session),
        ErasureRepository(session, "posts"),
    )


async def get_post_queries(request: Request) -> PostQueries:
    queries: PostQueries = request.app.state.post_queries
    return queries


async def get_post_commands(request: Request, session: DbSession) -> PostCommands:
    stats, events = StatsRepository(session), OutboxRepository(session)
    return PostCommands(PostRepository(session), stats, events, request.app.state.authors)


async def get_comment_queries(request: Request) -> CommentQueries:
    queries: CommentQueries = request.app.state.comment_queries
    return queries


async def get_comment_commands(request: Request, session: DbSession) -> CommentCommands:
    comments, events = CommentRepository(session), OutboxRepository(session)
    return CommentCommands(PostRepository(session), comments, events, request.app.state.authors)


async def get_subscriber(session: DbSession) -> EventSubscriber:
    return subscriber(session)


async def get_stats(request: Request) -> StatsStore:
    stats: StatsStore = request.app.state.stats
    return stats


async def get_exports(request: Request) -> ExportReader:
    exports: ExportReader = request.app.state.exports
    return exports


async def get_tags(request: Request) -> TagReader:
    tags: TagReader = request.app.state.tags
    return tags


async def get_editor(caller: SignedIn) -> Editor:
    return Editor(caller.account_id, caller.roles)


ReadPosts = Annotated[PostQueries, Depends(get_post_queries)]
WritePosts = Annotated[PostCommands, Depends(get_post_commands)]
ReadComments = Annotated[CommentQueries, Depends(get_comment_queries)]
WriteComments = Annotated[CommentCommands, Depends(get_comment_commands)]
ConsumeEvents = Annotated[EventSubscriber, Depends(get_subscriber)]
ReadStats = Annotated[StatsStore, Depends(get_stats)]
ReadTags = Annotated[TagReader, Depends(get_tags)]
SignedInEditor = Annotated[Editor, Depends(get_editor)]
Exports = Annotated[ExportReader, Depends(get_exports)]
