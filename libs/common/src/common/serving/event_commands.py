"""`python -m SERVICE relay|outbox|rebuild|reconcile`: looking after what services tell each other."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import typer
from fastapi import FastAPI

from common.db.database import Database
from common.errors import DependencyUnavailable
from common.events.outbox import OutboxRepository
from common.events.read_models import Drift, InboxFactory, OwnerUnknown, ReadModel, rebuild, reconcile
from common.serving.server import load
from common.settings import LONGEST_CALL, ServiceSettings

S = TypeVar("S", bound=ServiceSettings)
R = TypeVar("R")


@dataclass(frozen=True)
class Service(Generic[S]):
    """A service without its HTTP side."""

    settings: type[S]
    create_app: Callable[[S], FastAPI]

    @asynccontextmanager
    async def app(self, *, relay: bool) -> AsyncIterator[FastAPI]:
        settings = load(self.settings)
        # nobody waits for a command's calls, and its answer is all that it says
        changes = {} if relay else {"log_level": "warning", "call_deadline": LONGEST_CALL}
        made = self.create_app(settings.model_copy(update={"relay": relay, **changes}))
        async with made.router.lifespan_context(made):
            yield made

    async def in_outbox(self, work: Callable[[OutboxRepository], Awaitable[R]]) -> R:
        database = Database(load(self.settings))
        try:
            async with database.transaction() as session:
                return await work(OutboxRepository(session))
        finally:
            await database.disconnect()

    async def on_read_models(
        self, names: Sequence[str], work: Callable[[Database, ReadModel, InboxFactory], Awaitable[R]]
    ) -> dict[str, R]:
        """What the work has given, by name; with no names, for all that the service has."""
        async with self.app(relay=False) as made:
            models: Mapping[str, ReadModel] = made.state.read_models
            for name in names:
                if name not in models:
                    sys.exit(f"There is no read model {name}; there are: {', '.join(models) or 'none'}.")
            try:
                return {
                    name: await work(made.state.database, models[name], made.state.inbox) for name in names or models
                }
            except (DependencyUnavailable, OwnerUnknown) as error:
                sys.exit(f"Stopped: {error}")

    async def relay_until_told_to_stop(self) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with self.app(relay=True):
            await stop.wait()


def add_event_commands(cli: typer.Typer, settings: type[S], create_app: Callable[[S], FastAPI]) -> None:
    """Give a service's command line the commands for its outbox and its read models."""
    service = Service(settings, create_app)

    @cli.command("relay")
    def relay() -> None:
        """Send this service's events and forget who was deleted, until SIGTERM; for replicas with RELAY=false."""
        asyncio.run(service.relay_until_told_to_stop())

    cli.add_typer(outbox_commands(service), name="outbox")
    add_read_model_commands(cli, service)


def outbox_commands(service: Service[S]) -> typer.Typer:
    outbox = typer.Typer(no_args_is_help=True, help="What this service still has to tell others.")

    @outbox.command("status")
    def status() -> None:
        """What waits and what is parked, by target and type."""
        backlog = asyncio.run(service.in_outbox(OutboxRepository.status))
        typer.echo(f"{'TARGET':<10}{'TYPE':<16}{'WAITING':>8}{'OLDEST':>10}{'PARKED':>8}")
        for row in backlog:
            typer.echo(f"{row.target:<10}{row.type:<16}{row.waiting:>8}{row.oldest:>8.1f} s{row.parked:>8}")

    @outbox.command("parked")
    def parked() -> None:
        """What targets have refused too often, and why."""
        for row in asyncio.run(service.in_outbox(OutboxRepository.parked)):
            typer.echo(f"{row.target}  {row.subject}@{row.version}  {row.attempts} tries  {row.last_error}")

    @outbox.command("replay")
    def replay(target: Annotated[str | None, typer.Option(help="Only what this target has refused.")] = None) -> None:
        """Send parked events again, after the cause is mended."""
        count = asyncio.run(service.in_outbox(lambda repository: repository.replay(target)))
        typer.echo(f"{count} to be sent again")

    return outbox


def add_read_model_commands(cli: typer.Typer, service: Service[S]) -> None:
    @cli.command("rebuild")
    def rebuild_command(name: str) -> None:
        """Refill a read model from its owner, while serving."""
        stored = asyncio.run(service.on_read_models([name], rebuild))
        typer.echo(f"{stored[name]} stored")

    @cli.command("reconcile")
    def reconcile_command(
        names: Annotated[list[str] | None, typer.Argument(help="Which ones; all of them, if none is named.")] = None,
        repair: Annotated[
            bool, typer.Option(help="Store the owner's state where it differs; forget what it has lost.")
        ] = False,
    ) -> None:
        """Compare read models with their owners. Ends with status 1 if they differ and nothing was repaired."""

        def compare(database: Database, model: ReadModel, inbox: InboxFactory) -> Awaitable[Drift]:
            return reconcile(database, model, inbox, repair=repair)

        drifts = asyncio.run(service.on_read_models(names or [], compare))
        for name, drift in drifts.items():
            typer.echo(f"{name}: {drift}")
        if not repair and any(drift.total for drift in drifts.values()):
            sys.exit(1)
