"""`python -m auth keys list|rotate|revoke`: the signing keys, on the server."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, TypeVar

import typer

from auth.command_transaction import in_one_transaction
from auth.deps import key_schedule
from auth.services.ports import UnitOfWork
from auth.services.second_factor.factors import renew_secrets
from auth.services.signing_keys.schedule import PUBLISH_AHEAD, KeySchedule

T = TypeVar("T")
NEVER: Final = "-"

keys_cli = typer.Typer(no_args_is_help=True, help="The keys that sign access tokens.")


def on_keys(change: Callable[[UnitOfWork, KeySchedule], Awaitable[T]]) -> T:
    return in_one_transaction(lambda work, settings: change(work, key_schedule(settings)))


@keys_cli.command("list")
def list_keys() -> None:
    """List all keys: `next` is published, `active` signs, `retired` and `revoked` no longer sign."""

    def moment(time: datetime | None) -> str:
        return f"{time:%Y-%m-%d %H:%M}" if time else NEVER

    typer.echo(f"{'KEY':<45}{'STATE':<9}{'MADE':<18}{'SIGNED FROM':<18}UNTIL")
    for key in on_keys(lambda work, _: work.keys.lines()):
        made, since, until = map(moment, (key.created_at, key.activated_at, key.retired_at))
        typer.echo(f"{key.kid:<45}{key.state:<9}{made:<18}{since:<18}{until}")


@keys_cli.command("rotate")
def rotate(
    now: Annotated[
        bool, typer.Option("--now", help=f"Also if the next key is published for less than {PUBLISH_AHEAD}.")
    ] = False,
    secret_lost: Annotated[
        bool, typer.Option("--secret-lost", help="Also if the keys are stored under another KEY_ENCRYPTION_KEY.")
    ] = False,
) -> None:
    """Let the next key sign. Tokens of the previous key stay valid until they expire."""
    kid = on_keys(lambda work, schedule: schedule.rotate(work, at_once=now, secret_lost=secret_lost))
    typer.echo(f"{kid} signs from now on.")


@keys_cli.command("revoke", context_settings={"ignore_unknown_options": True})  # one key in 64 begins with a "-"
def revoke(kid: str) -> None:
    """Refuse all tokens that a key has signed, within a minute everywhere. Sessions continue with another key."""
    on_keys(lambda work, schedule: schedule.revoke(work, kid))
    typer.echo(f"{kid} is revoked. Services refuse it within 30 s.")


@keys_cli.command("re-encrypt")
def re_encrypt() -> None:
    """Store the secrets of second factors under KEY_ENCRYPTION_KEY, before its previous value is removed."""
    renewed = on_keys(lambda work, schedule: renew_secrets(work, schedule.cipher))
    typer.echo(f"{renewed} secrets of second factors were under the previous key.")
