"""Wires users' layers together, and names what its routes depend on."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends

from common.contracts.events import AccountData, AuthorData
from common.db.backfill import Backfill
from common.db.database import TransactionFactory
from common.db.reading import SearchSession
from common.events.erasure import BACKLOG, ERASED, Eraser
from common.events.exports import ExportReader
from common.events.read_models import ReadModel, erased_accounts
from common.http.concurrency_limits import ConcurrencyLimits
from common.http.deps import DbSession, FromState
from common.http.rate_limits import Quota
from common.pictures.encode import Size
from common.pictures.kind import Kind
from common.pictures.pictures import Pictures
from common.pictures.routes import picture_quotas
from common.services import EXPORTERS
from common.serving.service import Opened, Parts
from users.clients.accounts import AuthAccountClient
from users.clients.exports import PeerExportSource
from users.config import Settings
from users.repositories.authored import KNOWN_AUTHORS
from users.repositories.edges import BLOCKS, FOLLOWS, EdgeRepository
from users.repositories.erasing import KNOWN_ERASED, STEPS
from users.repositories.exports import SECTIONS
from users.repositories.names import NAMES
from users.repositories.profiles import KNOWN_ACCOUNTS, ProfileRepository
from users.repositories.unit_of_work import unit_of_work
from users.services.export import Export
from users.services.graph import SocialGraph
from users.services.ports import ExportSource
from users.services.profiles import ProfileCommands, ProfileQueries
from users.services.provisioning import Provisioning
from users.services.subscriber import EventSubscriber

EXPORT = "export"
AVATARS: Final = Kind(
    "users",
    large=Size(256, 256, cut=True),
    small=Size(64, 64, cut=True),
    most=20,
    is_used="EXISTS (SELECT FROM profiles WHERE profiles.id = account_id "
    "AND avatar_url = '/users/pictures/' || pictures.name || '.webp')",
)


def quotas(settings: Settings) -> Mapping[str, Quota]:
    """The rate limits that routes name."""
    return {EXPORT: Quota(settings.rate_limit_export, timedelta(hours=1)), **picture_quotas(settings)}


def wire(opened: Opened[Settings]) -> Parts:
    """Create the parts that live as long as the app."""
    database, reads = opened.database, opened.reads
    identity = opened.identity_from_auth(opened.settings.client_secret)
    peers = {name: opened.peer(name, identity.tokens) for name in EXPORTERS if name != opened.name}
    auth = peers["auth"]
    transactions = TransactionFactory(database, unit_of_work)
    provisioning = Provisioning(AuthAccountClient(auth), transactions)
    searches = SearchSession.of(reads, opened.settings)
    profiles = ProfileQueries(ProfileRepository(reads), ProfileRepository(searches), provisioning)
    follows, blocks = EdgeRepository(reads, FOLLOWS), EdgeRepository(reads, BLOCKS)
    own: ExportSource = ExportReader(reads, SECTIONS, ERASED)
    sources = {name: PeerExportSource(peers[name]) if name in peers else own for name in EXPORTERS}
    pictures = Pictures.of(AVATARS, database, opened.settings)
    eraser, backfill = Eraser(database, opened.name, STEPS, pictures.erase), Backfill(database, NAMES)
    return Parts(
        identity=identity,
        peers=tuple(peers.values()),
        inbox=lambda session: EventSubscriber(unit_of_work(session)).inbox,
        read_models={
            "erased": erased_accounts(auth, KNOWN_ERASED, opened.name),
            "profiles": ReadModel(AccountData, auth, "/internal/accounts", KNOWN_ACCOUNTS),
            "authored": ReadModel(AuthorData, peers["posts"], "/internal/authors", KNOWN_AUTHORS),  # only with posts
        },
        erasures=BACKLOG,
        relay_loops=(eraser.run, backfill.run, pictures.run),
        state={
            "eraser": eraser,
            "backfill": backfill,
            "search_limits": ConcurrencyLimits(searches.patience),
            "profiles": profiles,
            "profile_commands": ProfileCommands(transactions, provisioning),
            "graph": SocialGraph(profiles, provisioning, follows, blocks, transactions),
            "export": Export(profiles, sources),
            "pictures": pictures,
        },
        close=pictures.close,
    )


async def get_subscriber(session: DbSession) -> EventSubscriber:
    return EventSubscriber(unit_of_work(session))


ReadProfiles = Annotated[ProfileQueries, Depends(FromState("profiles"))]
WriteProfiles = Annotated[ProfileCommands, Depends(FromState("profile_commands"))]
Relations = Annotated[SocialGraph, Depends(FromState("graph"))]
ExportData = Annotated[Export, Depends(FromState("export"))]
ConsumeEvents = Annotated[EventSubscriber, Depends(get_subscriber)]
