"""`python -m SERVICE serve|migrate`: the same two commands for every service."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from common.serving.server import serve
from common.settings import MigrationSettings, load

if TYPE_CHECKING:
    from common.db.migrations import AfterMigrate

M = TypeVar("M", bound=MigrationSettings)


def serving_command(create_app: Callable[[], FastAPI]) -> typer.Typer:
    """The command `serve`, all that a service without a database has."""
    cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @cli.callback()
    def commands() -> None:  # without it, a single command would lose its name
        """Run this service, and look after its data."""

    @cli.command("serve")
    def serve_command(
        host: Annotated[str, typer.Option()] = "127.0.0.1", port: Annotated[int, typer.Option()] = 8000
    ) -> None:
        """Serve HTTP until SIGTERM."""
        serve(create_app(), host, port)

    return cli


def command_line(
    create_app: Callable[[], FastAPI],
    migrations: Path,
    settings: type[M],
    after_migrate: "AfterMigrate[M] | None" = None,
) -> typer.Typer:
    """The commands of a service; it may add its own."""
    cli = serving_command(create_app)

    @cli.command("migrate")
    def migrate_command() -> None:
        """Bring the database to this release's schema. Wait a minute for the database if it does not answer."""
        from common.db.migrations import migrate  # only here: a serving process does without Alembic

        # The first process of a container ignores SIGTERM by default: a withdrawn migration would run on for 30 s.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("Cannot migrate: stopped by SIGTERM"))
        try:
            asyncio.run(migrate(migrations, load(settings), after_migrate))
        except (SQLAlchemyError, OSError) as error:
            sys.exit(f"Cannot migrate: {error}")

    return cli
