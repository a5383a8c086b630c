"""`python -m auth clients`: the other services' credentials."""

import asyncio
import secrets
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.config import MigrateSettings
from auth.repositories.audit import AuditRepository
from auth.repositories.clients import ClientRepository
from auth.services.audit import SERVER, Action
from auth.services.secret_hashes import hash_secret
from common.db.database import Database
from common.secrets import read_secret, strong
from common.services import CLIENTS, Client
from common.settings import ServiceSettings, load

STANDARD_INPUT: Final = "-"


async def put_service_clients(connection: AsyncConnection, settings: MigrateSettings) -> None:
    """Store the secrets with which the other services sign in."""
    clients = ClientRepository(connection)
    for service in CLIENTS:
        secret: SecretStr = getattr(settings, f"svc_{service}_secret")
        await clients.put(f"svc:{service}", hash_secret(secret.get_secret_value()))


clients_cli = typer.Typer(no_args_is_help=True, help="The other services' credentials.")


@clients_cli.callback()
def clients() -> None:
    """Keeps `rotate` a command of `clients`, though it is the only one."""


@clients_cli.command("rotate")
def rotate_command(
    service: Client,
    read: Annotated[str | None, typer.Option(help="File with the new secret; - for standard input.")] = None,
    write: Annotated[Path | None, typer.Option(help="Make a new secret and write it here, mode 600.")] = None,
) -> None:
    """Give a service a new secret. The previous one stays valid until the next change; older ones end now.

    Then restart the service. `write` should name the file that the service and `auth migrate` read.
    """
    if (read is None) == (write is None):
        sys.exit("Give either the file of the new secret (--read) or the file to write one to (--write).")
    try:
        secret = strong(SecretStr(given(read) if read else secrets.token_urlsafe(48)))
        unfinished = lay_beside(write, secret) if write else None
        asyncio.run(rotate(load(ServiceSettings), service, secret))
        if write and unfinished:
            unfinished.replace(write)  # after the commit: a secret in the file is always a valid one
    except (ValueError, OSError, SQLAlchemyError) as error:
        sys.exit(f"Cannot rotate: {error}")
    typer.echo(f"svc:{service} has a new secret; restart {service} with it. The previous one stays valid.")


async def rotate(settings: ServiceSettings, service: str, secret: SecretStr) -> None:
    database = Database(settings)
    try:
        async with database.transaction() as session:
            await ClientRepository(session).put(f"svc:{service}", hash_secret(secret.get_secret_value()))
            audit = AuditRepository(session)
            await audit.note(Action.service_secret_changed, None, actor=SERVER, client=f"svc:{service}")
    finally:
        await database.disconnect()


def given(place: str) -> str:
    return sys.stdin.readline().rstrip("\r\n") if place == STANDARD_INPUT else read_secret(Path(place))


def lay_beside(path: Path, secret: SecretStr) -> Path:
    """Write the secret to a file beside its target, with the mode of the file that it will replace."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(0o600, exist_ok=False)
    unfinished.write_text(secret.get_secret_value())
    unfinished.chmod(mode)
    return unfinished
