"""Wires posts' layers together, and names what its routes depend on."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Annotated, Final

from fastapi import Depends, Request

from common.contracts.events import BlockData, FollowData, ProfileData
from common.db.backfill import Backfill
from common.db.database import TransactionFactory
from common.db.reading import SearchSession
from common.events.erasure import BACKLOG, ERASED, Eraser
from common.events.exports import ExportReader
from common.events.read_models import ReadModel, erased_accounts
from common.http.concurrency_limits import ConcurrencyLimits
from common.http.deps import DbSession, FromState, SignedIn, WithRole
from common.http.idempotency import forget_expired
from common.http.rate_limits import Quota
from common.pictures.encode import Size
from common.pictures.kind import Kind
from common.pictures.pictures import Pictures
from common.pictures.routes import picture_quotas
from common.serving.service import Opened, Parts
from common.tokens.claims import Principal
from posts.clients.follows import UsersFollowClient
from posts.clients.profiles import UsersProfileClient
from posts.config import Settings
from posts.repositories.authors import KNOWN_PROFILES, StatsRepository
from posts.repositories.cases import CaseRepository
from posts.repositories.comments import CommentRepository
from posts.repositories.edges import KNOWN_BLOCKS, KNOWN_FOLLOWS
from posts.repositories.erasing import KNOWN_ERASED, STEPS
from posts.repositories.exports import SECTIONS
from posts.repositories.lists import PostLists
from posts.repositories.numbered import NumberedPages
from posts.repositories.pictures import IS_USED
from posts.repositories.removals import RemovalRepository
from posts.repositories.search import SearchRepository
from posts.repositories.tags import TagRepository
from posts.repositories.unit_of_work import unit_of_work
from posts.repositories.words import WORDS
from posts.services.authors import AuthorDirectory
from posts.services.comments import CommentCommands, CommentQueries
from posts.services.follows import FollowDirectory
from posts.services.ports import StatsStore, TagReader
from posts.services.post_commands import PostCommands
from posts.services.post_queries import PostQueries
from posts.services.records import MODERATORS, Editor
from posts.services.reports import ModerationCommands, ModerationQueries, ReportCommands
from posts.services.retention import RETENTION
from posts.services.subscriber import EventSubscriber

REPORTS: Final = "reports"
PICTURES: Final = Kind("posts", large=Size(1600, 3200), small=Size(480, 960), most=500, is_used=IS_USED)


def quotas(settings: Settings) -> Mapping[str, Quota]:
    """The rate limits that routes name."""
    return {REPORTS: Quota(settings.rate_limit_reports, timedelta(hours=1)), **picture_quotas(settings)}


def wire(opened: Opened[Settings]) -> Parts:
    """Create the parts that live as long as the app."""
    database, reads = opened.database, opened.reads
    identity = opened.identity_from_auth(opened.settings.client_secret)
    auth, users = opened.peer("auth", identity.tokens), opened.peer("users", identity.tokens)
    transactions = TransactionFactory(database, unit_of_work)
    authors = AuthorDirectory(UsersProfileClient(users), transactions)
    searches = SearchSession.of(reads, opened.settings)
    lists = PostLists(reads, searches)
    pictures = Pictures.of(PICTURES, database, opened.settings)
    eraser, backfill = Eraser(database, opened.name, STEPS, pictures.erase), Backfill(database, WORDS)
    return Parts(
        identity=identity,
        peers=(auth, users),
        inbox=lambda session: EventSubscriber(unit_of_work(session)).inbox,
        read_models={
            "erased": erased_accounts(auth, KNOWN_ERASED, opened.name),
            "authors": ReadModel(ProfileData, users, "/internal/profiles", KNOWN_PROFILES),
            "follows": ReadModel(FollowData, users, "/internal/follows", KNOWN_FOLLOWS),
            "blocks": ReadModel(BlockData, users, "/internal/blocks", KNOWN_BLOCKS),
        },
        erasures=BACKLOG,
        loops=(partial(forget_expired, database), partial(RETENTION.run, transactions)),
        relay_loops=(eraser.run, backfill.run, pictures.run),
        state={
            "transactions": transactions,
            "eraser": eraser,
            "backfill": backfill,
            "search_limits": ConcurrencyLimits(searches.patience),
            "authors": authors,
            "post_queries": PostQueries(
                lists,
                SearchRepository(searches),
                NumberedPages(reads),
                authors,
                likes_are_public=opened.settings.conduit,
            ),
            "follows": FollowDirectory(UsersFollowClient(users), transactions),
            "comment_queries": CommentQueries(lists, CommentRepository(reads), authors),
            "moderation_queries": ModerationQueries(CaseRepository(reads), RemovalRepository(reads), authors),
            "tags": TagRepository(reads),
            "stats": StatsRepository(reads),
            "exports": ExportReader(reads, SECTIONS, ERASED),
            "pictures": pictures,
        },
        close=pictures.close,
    )


async def get_post_commands(request: Request, session: DbSession) -> PostCommands:
    return PostCommands(unit_of_work(session), request.app.state.authors)


async def get_comment_commands(request: Request, session: DbSession) -> CommentCommands:
    return CommentCommands(unit_of_work(session), request.app.state.authors)


async def get_report_commands(session: DbSession) -> ReportCommands:
    return ReportCommands(unit_of_work(session))


async def get_moderation_commands(request: Request, session: DbSession) -> ModerationCommands:
    return ModerationCommands(unit_of_work(session), request.app.state.authors)


async def get_subscriber(session: DbSession) -> EventSubscriber:
    return EventSubscriber(unit_of_work(session))


async def get_editor(caller: SignedIn) -> Editor:
    return Editor(caller.account_id, caller.roles)


async def get_moderator(caller: Annotated[Principal, Depends(WithRole(*sorted(MODERATORS)))]) -> Editor:
    return Editor(caller.account_id, caller.roles)


AppSettings = Annotated[Settings, Depends(FromState("settings"))]
ReadPosts = Annotated[PostQueries, Depends(FromState("post_queries"))]
WritePosts = Annotated[PostCommands, Depends(get_post_commands)]
RefreshFollows = Annotated[FollowDirectory, Depends(FromState("follows"))]
ReadComments = Annotated[CommentQueries, Depends(FromState("comment_queries"))]
WriteComments = Annotated[CommentCommands, Depends(get_comment_commands)]
ConsumeEvents = Annotated[EventSubscriber, Depends(get_subscriber)]
ReadStats = Annotated[StatsStore, Depends(FromState("stats"))]
ReadTags = Annotated[TagReader, Depends(FromState("tags"))]
WriteReports = Annotated[ReportCommands, Depends(get_report_commands)]
ReadModeration = Annotated[ModerationQueries, Depends(FromState("moderation_queries"))]
WriteModeration = Annotated[ModerationCommands, Depends(get_moderation_commands)]
Moderator = Annotated[Editor, Depends(get_moderator)]
SignedInEditor = Annotated[Editor, Depends(get_editor)]
Exports = Annotated[ExportReader, Depends(FromState("exports"))]
