"""The one place that wires users' layers together."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Request

from common.calls.service_client import ServiceClient
from common.contracts.events import AccountData, AuthorData
from common.db.backfill import Backfill
from common.db.database import Database, ReadSession, SearchSession, TransactionFactory
from common.events.erasure import BACKLOG, ERASED, Eraser
from common.events.exports import ExportReader
from common.events.read_models import ReadModel
from common.events.relay import Relay
from common.http.concurrency_limits import ConcurrencyLimits
from common.http.deps import DbSession
from common.http.rate_limits import Quota
from common.serving.collectors import calls, checks, clock, erasures, outbox, pools, requests
from common.tokens.service_tokens import ServiceTokens
from users.clients.accounts import AuthAccountClient
from users.clients.exports import PeerExportSource
from users.config import Settings
from users.repositories.edges import BLOCKS, FOLLOWS, EdgeRepository
from users.repositories.erasing import KNOWN_ERASED, STEPS
from users.repositories.exports import SECTIONS
from users.repositories.names import NAMES
from users.repositories.profiles import KNOWN_ACCOUNTS, KNOWN_AUTHORS, ProfileRepository
from users.repositories.unit_of_work import SqlUnitOfWork
from users.services.export import Export
from users.services.graph import SocialGraph
from users.services.ports import ExportSource
from users.services.profiles import ProfileCommands, ProfileQueries
from users.services.provisioning import Provisioning
from users.services.subscriber import EventSubscriber

EXPORT = "export"


def quotas(settings: Settings) -> Mapping[str, Quota]:
    """The rate limits that routes name."""
    return {EXPORT: Quota(settings.rate_limit_export, timedelta(hours=1))}


def wire(app: FastAPI, settings: Settings, database: Database, http: httpx.AsyncClient) -> None:
    """Make what lives as long as the app."""
    tokens = ServiceTokens(http, settings.auth_url, "svc:users", settings.client_secret)
    auth = ServiceClient.to("auth", settings.auth_url, http=http, tokens=tokens, settings=settings)
    transactions = TransactionFactory(database, SqlUnitOfWork)
    app.state.transactions = transactions
    posts = ServiceClient.to("posts", settings.posts_url, http=http, tokens=tokens, settings=settings)
    app.state.relay = Relay(database, {"posts": posts, "auth": auth})
    app.state.eraser = Eraser(database, "users", STEPS)
    app.state.backfill = Backfill(database, NAMES)
    app.state.inbox = lambda session: EventSubscriber(SqlUnitOfWork(session)).inbox
    app.state.read_models = {
        "erased": ReadModel(
            AccountData,
            auth,
            "/internal/erased",
            KNOWN_ERASED,
            lambda session, account: SqlUnitOfWork(session).erasures.publish_again(account),
        ),
        "profiles": ReadModel(AccountData, auth, "/internal/accounts", KNOWN_ACCOUNTS),
        "authored": ReadModel(AuthorData, posts, "/internal/authors", KNOWN_AUTHORS),
    }
    app.state.provisioning = Provisioning(AuthAccountClient(auth), transactions)
    reads = ReadSession(database.reading)
    searches = SearchSession.of(reads, settings)
    app.state.search_limits = ConcurrencyLimits(searches.patience)
    app.state.profiles = ProfileQueries(ProfileRepository(reads), ProfileRepository(searches), app.state.provisioning)
    follows, blocks = EdgeRepository(reads, FOLLOWS), EdgeRepository(reads, BLOCKS)
    app.state.graph = SocialGraph(app.state.profiles, app.state.provisioning, follows, blocks, transactions)
    own: ExportSource = ExportReader(reads, SECTIONS, ERASED)
    sources = {"auth": PeerExportSource(auth), "users": own, "posts": PeerExportSource(posts)}
    app.state.export = Export(app.state.profiles, sources)
    relay, verifier = app.state.relay, app.state.verifier
    app.state.metrics.collectors = (
        requests(app.state.load_shedder),
        pools(database),
        outbox(database, relay if settings.relay else None),
        erasures(database, BACKLOG),
        calls(auth, posts),
        checks(verifier),
        clock(app.state.revoked.clock),
    )


async def get_profiles(request: Request) -> ProfileQueries:
    profiles: ProfileQueries = request.app.state.profiles
    return profiles


async def get_graph(request: Request) -> SocialGraph:
    graph: SocialGraph = request.app.state.graph
    return graph


async def get_export(request: Request) -> Export:
    export: Export = request.app.state.export
    return export


async def get_profile_commands(request: Request) -> ProfileCommands:
    return ProfileCommands(request.app.state.transactions, request.app.state.provisioning)


async def get_subscriber(session: DbSession) -> EventSubscriber:
    return EventSubscriber(SqlUnitOfWork(session))


ReadProfiles = Annotated[ProfileQueries, Depends(get_profiles)]
WriteProfiles = Annotated[ProfileCommands, Depends(get_profile_commands)]
ConsumeEvents = Annotated[EventSubscriber, Depends(get_subscriber)]
Relations = Annotated[SocialGraph, Depends(get_graph)]
ExportData = Annotated[Export, Depends(get_export)]
