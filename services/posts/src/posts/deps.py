"""The one place that wires posts' layers together."""

from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncSession

from common.calls.service_client import ServiceClient
from common.contracts.events import AccountData, BlockData, FollowData, ProfileData
from common.db.database import Database, ReadSession, Searches, TransactionFactory
from common.db.refill import Refill
from common.events.erasure import BACKLOG, ERASED, Eraser, ErasureRepository
from common.events.exports import ExportReader
from common.events.outbox import OutboxRepository
from common.events.read_models import ReadModel
from common.events.relay import Relay
from common.events.revocations import RevocationRepository
from common.http.deps import DbSession, SignedIn
from common.http.turns import Turns
from common.serving.measures import calls, checks, clock, erasures, outbox, pools, requests
from common.tokens.service_tokens import ServiceTokens
from posts.clients.people import UsersPeople
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
from posts.services.authors import Authors
from posts.services.comments import Commenting, ReadingComments
from posts.services.ports import StatsStore, TagReader
from posts.services.reading import Reading
from posts.services.records import Editor
from posts.services.subscriber import Subscriber
from posts.services.writing import Writing


def wire(app: FastAPI, settings: Settings, database: Database, http: httpx.AsyncClient) -> None:
    """Make what lives as long as the app."""
    tokens = ServiceTokens(http, settings.auth_url, "svc:posts", settings.client_secret)
    auth = ServiceClient.to("auth", settings.auth_url, http=http, tokens=tokens, settings=settings)
    users = ServiceClient.to("users", settings.users_url, http=http, tokens=tokens, settings=settings)
    app.state.authors = Authors(UsersPeople(users), TransactionFactory(database, AuthorRepository))
    reads = ReadSession(database.reading)
    searches = Searches.of(reads, settings)
    lists = PostLists(reads, searches)
    app.state.reading = Reading(lists, SearchRepository(searches), app.state.authors)
    app.state.turns = Turns(searches.patience)
    app.state.reading_comments = ReadingComments(lists, CommentRepository(reads), app.state.authors)
    app.state.tags = TagRepository(reads)
    app.state.stats = StatsRepository(reads)
    app.state.exports = ExportReader(reads, SECTIONS, ERASED)
    app.state.relay = Relay(database, {"users": users, "auth": auth})
    app.state.eraser = Eraser(database, "posts", STEPS)
    app.state.refill = Refill(database, WORDS)
    app.state.inbox = lambda session: subscriber(session).inbox
    app.state.read_models = {
        "erased": ReadModel(
            AccountData,
            auth,
            "/internal/erased",
            KNOWN_ERASED,
            lambda session, account: ErasureRepository(session, "posts").tell_again(account),
        ),
        "authors": ReadModel(ProfileData, users, "/internal/profiles", KNOWN_PROFILES),
        "follows": ReadModel(FollowData, users, "/internal/follows", KNOWN_FOLLOWS),
        "blocks": ReadModel(BlockData, users, "/internal/blocks", KNOWN_BLOCKS),
    }
    relay, verifier = app.state.relay, app.state.verifier
    app.state.metrics.measures = (
        requests(app.state.admission),
        pools(database),
        outbox(database, relay if settings.relay else None),
        erasures(database, BACKLOG),
        calls(auth, users),
        checks(verifier),
        clock(app.state.revoked.clock),
    )


def subscriber(session: AsyncSession) -> Subscriber:
    return Subscriber(
        AuthorRepository(session),
        EdgeRepository(session),
        RevocationRepository(session),
        ErasureRepository(session, "posts"),
    )


async def get_reading(request: Request) -> Reading:
    reading: Reading = request.app.state.reading
    return reading


async def get_writing(request: Request, session: DbSession) -> Writing:
    stats, events = StatsRepository(session), OutboxRepository(session)
    return Writing(PostRepository(session), stats, events, request.app.state.authors)


async def get_reading_comments(request: Request) -> ReadingComments:
    reading: ReadingComments = request.app.state.reading_comments
    return reading


async def get_commenting(request: Request, session: DbSession) -> Commenting:
    comments, events = CommentRepository(session), OutboxRepository(session)
    return Commenting(PostRepository(session), comments, events, request.app.state.authors)


async def get_subscriber(session: DbSession) -> Subscriber:
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


ReadPosts = Annotated[Reading, Depends(get_reading)]
WritePosts = Annotated[Writing, Depends(get_writing)]
ReadComments = Annotated[ReadingComments, Depends(get_reading_comments)]
WriteComments = Annotated[Commenting, Depends(get_commenting)]
Subscribed = Annotated[Subscriber, Depends(get_subscriber)]
ReadStats = Annotated[StatsStore, Depends(get_stats)]
ReadTags = Annotated[TagReader, Depends(get_tags)]
SignedInEditor = Annotated[Editor, Depends(get_editor)]
Exports = Annotated[ExportReader, Depends(get_exports)]
