"""`python -m SERVICE relay|outbox|rebuild|reconcile`: operating a service's events and read models."""

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
from common.events.read_models import InboxFactory, ReadModel
from common.events.reconcile import Drift, OwnerUnknown, rebuild, reconcile
from common.settings import LONGEST_CALL, ServiceSettings, load

S = TypeVar("S", bound=ServiceSettings)
R = TypeVar("R")


@dataclass(frozen=True)
class Service(Generic[S]):
    """A service without its HTTP server."""

    settings: type[S]
    create_app: Callable[[S], FastAPI]

    @asynccontextmanager
    async def app(self, *, relay: bool) -> AsyncIterator[FastAPI]:
        settings = load(self.settings)
        # A command has no caller that waits, so its calls may take longest. Its output must not be mixed with info
        # lines.
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
        """Run `work` on the named read models, or on all; returns the results by name."""
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
    """Add the commands for a service's outbox and read models to its command line."""
    service = Service(settings, create_app)

    @cli.command("relay")
    def relay() -> None:
        """Send this service's events and erase deleted accounts, until SIGTERM; for replicas with RELAY=false."""
        asyncio.run(service.relay_until_told_to_stop())

    cli.add_typer(outbox_commands(service), name="outbox")
    add_read_model_commands(cli, service)


def outbox_commands(service: Service[S]) -> typer.Typer:
    outbox = typer.Typer(no_args_is_help=True, help="The events that this service has not sent yet.")

    @outbox.command("status")
    def status() -> None:
        """Show waiting and parked events, by target and type."""
        backlog = asyncio.run(service.in_outbox(OutboxRepository.status))
        typer.echo(f"{'TARGET':<10}{'TYPE':<16}{'WAITING':>8}{'OLDEST':>10}{'PARKED':>8}")
        for row in backlog:
            typer.echo(f"{row.target:<10}{row.type:<16}{row.waiting:>8}{row.oldest:>8.1f} s{row.parked:>8}")

    @outbox.command("parked")
    def parked() -> None:
        """Show parked events, with the reason of the last refusal."""
        for row in asyncio.run(service.in_outbox(OutboxRepository.parked)):
            typer.echo(f"{row.target}  {row.subject}@{row.version}  {row.attempts} tries  {row.last_error}")

    @outbox.command("replay")
    def replay(target: Annotated[str | None, typer.Option(help="Only the events of this target.")] = None) -> None:
        """Send parked events again, once the cause is fixed."""
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
        names: Annotated[list[str] | None, typer.Argument(help="Names of read models; all of them by default.")] = None,
        repair: Annotated[
            bool, typer.Option(help="Store the owner's state where it differs; delete rows that it no longer has.")
        ] = False,
    ) -> None:
        """Compare read models with their owners. Exit status 1 if they differ and nothing was repaired."""

        def compare(database: Database, model: ReadModel, inbox: InboxFactory) -> Awaitable[Drift]:
            return reconcile(database, model, inbox, repair=repair)

        drifts = asyncio.run(service.on_read_models(names or [], compare))
        for name, drift in drifts.items():
            typer.echo(f"{name}: {drift}")
        if not repair and any(drift.total for drift in drifts.values()):
            sys.exit(1)
