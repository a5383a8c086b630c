"""`python -m auth grant-role|revoke-role|delete-account|revoke-all-tokens`: for the server only (S-31c)."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

import typer

from auth.command_transaction import in_one_transaction
from auth.services.administration.management import Management, Manager
from auth.services.deletion import delete_by_address, delete_noted
from auth.services.records import Role
from common.email_addresses import normal_email

T = TypeVar("T")
SERVER = Manager(account_id=None)
ANY_ADDRESS: Final = {"ignore_unknown_options": True}  # an address may begin with a "-"


def add_account_commands(cli: typer.Typer) -> None:
    @cli.command("grant-role", context_settings=ANY_ADDRESS)
    def grant_role(email: str, role: Role) -> None:
        """Give an account a role, for example to the first admin."""
        account = manage(lambda management: management.grant(address(email), role, SERVER))
        typer.echo(f"{email} has the roles: {', '.join(account.roles)}. It takes effect within seconds.")
        if not account.email_verified:
            typer.echo(
                f"This address has not been verified since {account.created_at:%Y-%m-%d %H:%M}: is it theirs?", err=True
            )

    @cli.command("revoke-role", context_settings=ANY_ADDRESS)
    def revoke_role(email: str, role: Role) -> None:
        """Remove a role from an account; not from the last admin."""
        account = manage(lambda management: management.withdraw(address(email), role, SERVER))
        typer.echo(f"{email} has the roles: {', '.join(account.roles) or 'none'}. It takes effect within seconds.")

    @cli.command("delete-account", context_settings=ANY_ADDRESS)
    def delete_account(email: str) -> None:
        """Delete the account of a person who cannot do it themselves; not the last admin's."""
        in_one_transaction(lambda work, _: delete_by_address(work, address(email)))
        typer.echo(f"{email} is signed out and is being erased.")

    @cli.command("take-up-deletions")
    def take_up_deletions() -> None:
        """After a restore of auth: delete the accounts that users or posts know as deleted since that backup."""
        taken, left = in_one_transaction(lambda work, _: delete_noted(work))
        typer.echo(f"{taken} taken up{f'; {left} left, the last admin among them' if left else ''}")

    @cli.command("reset-second-factor", context_settings=ANY_ADDRESS)
    def reset_second_factor(email: str, reason: Annotated[str, typer.Option(help="For the audit trail.")]) -> None:
        """Turn off the second factor of somebody who has lost it, and sign them out."""
        manage(lambda management: management.reset_second_factor_of(address(email), SERVER, reason))
        typer.echo(f"{email} is signed out, and signs in with the password alone.")

    @cli.command("revoke-all-tokens")
    def revoke_all_tokens() -> None:
        """Emergency: revoke all access tokens. Sessions continue, and their devices get new tokens by themselves."""
        manage(lambda management: management.revoke_all_tokens(SERVER))
        typer.echo("All access tokens issued until now are refused everywhere within seconds.")


def manage(act: Callable[[Management], Awaitable[T]]) -> T:
    return in_one_transaction(lambda work, _: act(Management(work)))


def address(email: str) -> str:
    """The address in the spelling that accounts have."""
    found = normal_email(email)
    if found is None:
        sys.exit(f"{email} is no address.")
    return found
