"""The one place that wires users' layers together."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Request

from common.calls.service_client import ServiceClient
from common.contracts.events import AccountData, AuthorData
from common.db.database import Database, ReadSession, Searches, TransactionFactory
from common.db.refill import Refill
from common.events.erasure import BACKLOG, ERASED, Eraser
from common.events.exports import ExportReader
from common.events.read_models import ReadModel
from common.events.relay import Relay
from common.http.deps import DbSession
from common.http.rate_limits import Quota
from common.http.turns import Turns
from common.serving.measures import calls, checks, clock, erasures, outbox, pools, requests
from common.tokens.service_tokens import ServiceTokens
from users.clients.accounts import AuthAccounts
from users.clients.exports import PeerExport
from users.config import Settings
from users.repositories.edges import BLOCKS, FOLLOWS, EdgeRepository
from users.repositories.erasing import KNOWN_ERASED, STEPS
from users.repositories.exports import SECTIONS
from users.repositories.names import NAMES
from users.repositories.profiles import KNOWN_ACCOUNTS, KNOWN_AUTHORS, ProfileRepository
from users.repositories.work import SqlWork
from users.services.arrivals import Arrivals
from users.services.export import Export
from users.services.graph import Graph
from users.services.ports import ExportSource
from users.services.profiles import ProfileEditor, Profiles
from users.services.subscriber import Subscriber

EXPORT = "export"


def quotas(settings: Settings) -> Mapping[str, Quota]:
    """The rate limits that routes name."""
    return {EXPORT: Quota(settings.rate_limit_export, timedelta(hours=1))}


def wire(app: FastAPI, settings: Settings, database: Database, http: httpx.AsyncClient) -> None:
    """Make what lives as long as the app."""
    tokens = ServiceTokens(http, settings.auth_url, "svc:users", settings.client_secret)
    auth = ServiceClient.to("auth", settings.auth_url, http=http, tokens=tokens, settings=settings)
    transactions = TransactionFactory(database, SqlWork)
    app.state.transactions = transactions
    posts = ServiceClient.to("posts", settings.posts_url, http=http, tokens=tokens, settings=settings)
    app.state.relay = Relay(database, {"posts": posts, "auth": auth})
    app.state.eraser = Eraser(database, "users", STEPS)
    app.state.refill = Refill(database, NAMES)
    app.state.inbox = lambda session: Subscriber(SqlWork(session)).inbox
    app.state.read_models = {
        "erased": ReadModel(
            AccountData,
            auth,
            "/internal/erased",
            KNOWN_ERASED,
            lambda session, account: SqlWork(session).erasures.tell_again(account),
        ),
        "profiles": ReadModel(AccountData, auth, "/internal/accounts", KNOWN_ACCOUNTS),
        "authored": ReadModel(AuthorData, posts, "/internal/authors", KNOWN_AUTHORS),
    }
    app.state.arrivals = Arrivals(AuthAccounts(auth), transactions)
    reads = ReadSession(database.reading)
    searches = Searches.of(reads, settings)
    app.state.turns = Turns(searches.patience)
    app.state.profiles = Profiles(ProfileRepository(reads), ProfileRepository(searches), app.state.arrivals)
    follows, blocks = EdgeRepository(reads, FOLLOWS), EdgeRepository(reads, BLOCKS)
    app.state.graph = Graph(app.state.profiles, app.state.arrivals, follows, blocks, transactions)
    own: ExportSource = ExportReader(reads, SECTIONS, ERASED)
    sources = {"auth": PeerExport(auth), "users": own, "posts": PeerExport(posts)}
    app.state.export = Export(app.state.profiles, sources)
    relay, verifier = app.state.relay, app.state.verifier
    app.state.metrics.measures = (
        requests(app.state.admission),
        pools(database),
        outbox(database, relay if settings.relay else None),
        erasures(database, BACKLOG),
        calls(auth, posts),
        checks(verifier),
        clock(app.state.revoked.clock),
    )


async def get_profiles(request: Request) -> Profiles:
    profiles: Profiles = request.app.state.profiles
    return profiles


async def get_graph(request: Request) -> Graph:
    graph: Graph = request.app.state.graph
    return graph


async def get_export(request: Request) -> Export:
    export: Export = request.app.state.export
    return export


async def get_editor(request: Request) -> ProfileEditor:
    return ProfileEditor(request.app.state.transactions, request.app.state.arrivals)


async def get_subscriber(session: DbSession) -> Subscriber:
    return Subscriber(SqlWork(session))


ReadProfiles = Annotated[Profiles, Depends(get_profiles)]
EditProfile = Annotated[ProfileEditor, Depends(get_editor)]
Subscribed = Annotated[Subscriber, Depends(get_subscriber)]
People = Annotated[Graph, Depends(get_graph)]
Exporting = Annotated[Export, Depends(get_export)]
