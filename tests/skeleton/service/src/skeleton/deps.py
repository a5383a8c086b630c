"""Wires skeleton's layers together, and names what its routes depend on."""

from typing import Annotated

from fastapi import Depends

from common.events.erasure import BACKLOG, ERASED, Eraser
from common.events.exports import ExportReader
from common.events.read_models import erased_accounts
from common.http.deps import DbSession, FromState
from common.serving.service import Opened, Parts
from skeleton.config import Settings
from skeleton.repositories.erasing import KNOWN_ERASED, STEPS
from skeleton.repositories.exports import SECTIONS
from skeleton.repositories.members import MemberRepository
from skeleton.repositories.unit_of_work import unit_of_work
from skeleton.services.members import MemberCommands, MemberQueries
from skeleton.services.subscriber import EventSubscriber


def wire(opened: Opened[Settings]) -> Parts:
    """Create the parts that live as long as the app."""
    identity = opened.identity_from_auth(opened.settings.client_secret)
    auth = opened.peer("auth", identity.tokens)
    eraser = Eraser(opened.database, opened.name, STEPS)
    return Parts(
        identity=identity,
        peers=(auth,),
        inbox=lambda session: EventSubscriber(unit_of_work(session)).inbox,
        read_models={"erased": erased_accounts(auth, KNOWN_ERASED, opened.name)},
        erasures=BACKLOG,
        relay_loops=(eraser.run,),
        state={
            "eraser": eraser,
            "exports": ExportReader(opened.reads, SECTIONS, ERASED),
            "members": MemberQueries(MemberRepository(opened.reads)),
        },
    )


async def get_commands(session: DbSession) -> MemberCommands:
    return MemberCommands(unit_of_work(session))


async def get_subscriber(session: DbSession) -> EventSubscriber:
    return EventSubscriber(unit_of_work(session))


ReadMembers = Annotated[MemberQueries, Depends(FromState("members"))]
WriteMembers = Annotated[MemberCommands, Depends(get_commands)]
Exports = Annotated[ExportReader, Depends(FromState("exports"))]
ConsumeEvents = Annotated[EventSubscriber, Depends(get_subscriber)]
