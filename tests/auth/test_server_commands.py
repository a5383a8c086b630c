"""`python -m auth grant-role|…`: the first admin (S-31c), and other emergency commands."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient
from typer.testing import CliRunner

from auth.commands import cli
from auth.config import Settings
from auth.services.records import Role
from common.contracts.events import TokensRevokedData
from tests.auth.conftest import Connection, Join, Learn, SignUp, bearer, outcome, patch, refresh, roles_in
from tests.auth.second_factors import turn_on

Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def run(settings: Settings) -> Run:
    """Runs auth's command line with the running service's settings, in a thread, since it has its own event loop."""
    names = ("database_password", "key_encryption_key", "refresh_key")
    secrets = {name.upper(): getattr(settings, name).get_secret_value() for name in names}
    environment = {"DATABASE_URL": str(settings.database_url), **secrets}

    async def run(*words: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, cli, list(words), env=environment)
        return result.exit_code, result.output

    return run


async def test_the_first_admin_is_made_on_the_server_and_audited(
    run: Run, client: AsyncClient, join: Join, learn: Learn, superuser: Connection
) -> None:
    """S-31c"""
    assert await superuser.fetchval("SELECT count(*) FROM accounts WHERE roles <> '{}'") == 0
    ada = await join()
    done, said = await run("grant-role", ada.person.email.upper(), "admin")
    assert (done, "admin" in said, "not been verified" in said) == (0, True, True), said
    await learn()
    tokens = (await refresh(client, ada.tokens["refresh_token"])).json()
    assert roles_in(tokens["access_token"]) == ["admin"]
    trail = await client.get(f"/auth/audit?account_id={ada.id}&actor=server", headers=bearer(tokens["access_token"]))
    (line,) = trail.json()["items"]
    assert (line["action"], line["detail"], line["ip"]) == ("roles-changed", {"before": [], "after": ["admin"]}, None)

    await superuser.execute("UPDATE accounts SET email_verified_at = now() WHERE id = $1", ada.id)
    done, said = await run("grant-role", ada.person.email, "admin")
    assert (done, "verified" in said) == (0, False), "again changes nothing"
    assert await superuser.fetchval("SELECT count(*) FROM audit_events WHERE action = 'roles-changed'") == 1
    done, said = await run("revoke-role", ada.person.email, "admin")
    assert (done, "last admin" in said) == (1, True), said
    await patch(client, ada, ada.id, roles=["admin", "moderator"])
    done, said = await run("revoke-role", ada.person.email, "moderator")
    assert (done, said.count("moderator")) == (0, 0), said


async def test_who_cannot_ask_is_deleted_from_the_server(
    run: Run, client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """Also a disabled one; not the last admin (S-31c)."""
    admin, ada = await join(Role.admin), await join()
    await patch(client, admin, ada.id, status="disabled")
    for _ in range(2):
        done, said = await run("delete-account", ada.person.email.upper())
        assert done == 0, said
    assert await superuser.fetchval("SELECT status FROM accounts WHERE id = $1", ada.id) == "deleting"
    asked = "SELECT actor FROM audit_events WHERE account_id = $1 AND action = 'account-deletion-asked'"
    assert [line["actor"] for line in await superuser.fetch(asked, ada.id)] == ["server"]
    await superuser.execute("UPDATE accounts SET roles = '{}' WHERE id <> $1", admin.id)
    done, said = await run("delete-account", admin.person.email)
    assert (done, "last admin" in said) == (1, True), said
    done, said = await run("delete-account", "nobody@example.com")
    assert (done, "No account" in said) == (1, True), said


async def test_what_others_have_erased_since_a_backup_is_taken_up_on_the_server(
    run: Run, join: Join, superuser: Connection
) -> None:
    """S-29: a single service's report deletes nobody, and the last admin stays."""
    admin, ada, grace = await join(Role.admin), await join(), await join()
    await superuser.execute("UPDATE accounts SET roles = '{}' WHERE id <> $1", admin.id)
    noted = 'INSERT INTO deletions (account_id, asked_at, erased) VALUES ($1, NULL, \'{"users": "2026-11-22"}\')'
    for member in (admin, ada):
        await superuser.execute(noted, member.id)
    done, said = await run("take-up-deletions")
    assert (done, said) == (0, "1 taken up; 1 left, the last admin among them\n")
    status = "SELECT status FROM accounts WHERE id = $1"
    states = [await superuser.fetchval(status, member.id) for member in (admin, ada, grace)]
    assert states == ["active", "deleting", "active"]


async def test_all_tokens_are_revoked_from_the_server_in_an_emergency(
    run: Run, client: AsyncClient, join: Join, learn: Learn, superuser: Connection
) -> None:
    """S-27"""
    ada, eve = await join(), await join()
    done, said = await run("revoke-all-tokens")
    assert done == 0, said
    await learn()
    for member in (ada, eve):
        assert outcome(await client.get("/auth/me", headers=member.headers)) == (401, "invalid-token")
        tokens = (await refresh(client, member.tokens["refresh_token"])).json()
        assert (await client.get("/auth/me", headers=bearer(tokens["access_token"]))).status_code == 200
    told = (
        "SELECT array_agg(target ORDER BY target) FROM outbox WHERE type = 'tokens.revoked' AND subject = 'account:0'"
    )
    assert await superuser.fetchval(told) == sorted(TokensRevokedData.targets)
    assert await superuser.fetchval("SELECT actor FROM audit_events WHERE action = 'tokens-revoked'") == "server"


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("grant-role", "nobody@example.com", "admin"), 1, "No account has this address."),
        (("grant-role", "-n@example.com", "admin"), 1, "No account has this address."),
        (("grant-role", "not an address", "admin"), 1, "is no address"),
        (("grant-role", "ada@example.com", "root"), 2, "'root'"),
    ],
)
async def test_what_cannot_be_done_is_said(run: Run, words: tuple[str, ...], status: int, why: str) -> None:
    done, said = await run(*words)
    assert done == status
    assert why in said
    assert "Traceback" not in said


async def test_without_the_servers_secrets_nothing_is_granted(sign_up: SignUp, superuser: Connection) -> None:
    """S-47"""
    ada = await sign_up()
    result = await asyncio.to_thread(CliRunner().invoke, cli, ["grant-role", ada.email, "admin"], env={})
    assert result.exit_code == 1
    assert await superuser.fetchval("SELECT roles FROM accounts WHERE id = $1", ada.id) == []


async def test_a_lost_second_factor_is_reset_on_the_server_with_a_reason(
    run: Run, client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    email = ada.member.person.email
    done, said = await run("reset-second-factor", email.upper(), "--reason", "Lost phone")
    assert (done, "signed out" in said) == (0, True), said
    noted = "SELECT actor || ': ' || (detail->>'reason') FROM audit_events WHERE action = 'second-factor-reset'"
    assert await superuser.fetchval(noted) == "server: Lost phone"
    done, said = await run("reset-second-factor", email, "--reason", "Again")
    assert (done, "no second factor" in said) == (1, True), said
    done, said = await run("reset-second-factor", "nobody@example.com", "--reason", "Lost phone")
    assert (done, "No account" in said) == (1, True), said


async def test_secrets_are_re_encrypted_on_the_server(
    run: Run, client: AsyncClient, join: Join, superuser: Connection
) -> None:
    await turn_on(client, superuser, await join())
    done, said = await run("keys", "re-encrypt")
    assert (done, said) == (0, "0 secrets of second factors were under the previous key.\n")
