"""What (S-64) ends a second factor, pending challenges and trusted devices; and what happens to its secrets' key."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from auth.services.deletion import finish_deletion
from auth.services.records import PendingDeletion, Role
from auth.services.second_factor.factors import renew_secrets
from auth.services.signing_keys.material import KeyCipher
from tests.auth.conftest import (
    SERVER,
    Connection,
    Join,
    Manage,
    Member,
    SignIn,
    bearer,
    client_of,
    outcome,
    patch,
    running,
)
from tests.auth.mails import mails
from tests.auth.second_factors import Guarded, audited, begin, challenge, complete, left, signed_in, turn_on


@pytest.fixture(scope="module")
async def trusting(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(settings.model_copy(update={"trusted_device": timedelta(days=30)})) as app:
        yield app


@pytest.fixture(scope="module")
async def site(trusting: FastAPI) -> AsyncIterator[AsyncClient]:
    async with client_of(trusting) as client:
        yield client


async def with_everything(site: AsyncClient, superuser: Connection, member: Member) -> tuple[Guarded, str, str]:
    """Somebody with a challenge that waits, and a trusted device."""
    await superuser.execute("UPDATE accounts SET email_verified_at = now() WHERE id = $1", member.id)
    ada = await turn_on(site, superuser, member)
    device = (await signed_in(site, ada, trust_device=True))["trusted_device"]
    return ada, await challenge(site, ada), device


async def change_password(site: AsyncClient, app: FastAPI, ada: Guarded, admin: Member) -> None:
    body = {"current_password": ada.password, "new_password": ada.password}
    assert (await site.post("/auth/password", json=body, headers=ada.headers)).status_code == 204


async def reset_password(site: AsyncClient, app: FastAPI, ada: Guarded, admin: Member) -> None:
    email = ada.member.person.email
    await site.post("/auth/password-reset", json={"email": email})
    link = next(mail for mail in await mails(app, email) if mail.subject == "Choose a new password")
    body = {"token": link.token, "new_password": ada.password}
    assert (await site.post("/auth/password-reset/confirm", json=body)).status_code == 204


async def sign_others_out(site: AsyncClient, app: FastAPI, ada: Guarded, admin: Member) -> None:
    assert (await site.delete("/auth/sessions", headers=ada.headers)).status_code == 204


async def sign_out_everywhere(site: AsyncClient, app: FastAPI, ada: Guarded, admin: Member) -> None:
    assert (await site.delete(f"/auth/accounts/{ada.id}/sessions", headers=admin.headers)).status_code == 204


async def disable(site: AsyncClient, app: FastAPI, ada: Guarded, admin: Member) -> None:
    for status in ("disabled", "active"):
        assert (await patch(site, admin, ada.id, status=status)).status_code == 200


ACTS = (change_password, reset_password, sign_others_out, sign_out_everywhere, disable)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_what_ends_sessions_ends_challenges_and_trust_and_leaves_the_factor(
    site: AsyncClient, trusting: FastAPI, join: Join, superuser: Connection, act: Any
) -> None:
    admin = await join(Role.admin)
    ada, waiting, device = await with_everything(site, superuser, await join())
    await act(site, trusting, ada, admin)
    assert outcome(await complete(site, waiting, code=await ada.code())) == (400, "challenge-not-valid")
    again = await begin(site, ada, trusted_device=device)
    assert again.json()["state"] == "second-factor-needed"
    assert (await complete(site, again.json()["challenge"], code=await ada.code())).status_code == 200
    rows = await left(superuser, ada.id)
    assert (rows["second_factors"], rows["recovery_codes"], rows["trusted_devices"]) == (1, 10, 0)


async def test_a_challenge_of_another_password_is_void(client: AsyncClient, join: Join, superuser: Connection) -> None:
    """Even if it is left over."""
    ada = await turn_on(client, superuser, await join())
    waiting = await challenge(client, ada)
    await superuser.execute("UPDATE accounts SET password_hash = password_hash || ' ' WHERE id = $1", ada.id)
    assert outcome(await complete(client, waiting, code=await ada.code())) == (400, "challenge-not-valid")


async def test_a_deletion_ends_what_waits_and_erases_the_rest(
    site: AsyncClient, trusting: FastAPI, join: Join, superuser: Connection
) -> None:
    ada, waiting, _ = await with_everything(site, superuser, await join())
    email = ada.member.person.email
    reply = await site.post("/auth/account/deletion", json={"password": ada.password}, headers=ada.headers)
    assert reply.status_code == 202, reply.text
    assert outcome(await complete(site, waiting, recovery_code=ada.recovery_codes[0])) == (400, "challenge-not-valid")
    async with trusting.state.transactions() as work:
        account = await work.accounts.find(email)
        await finish_deletion(work, account, PendingDeletion(None, {}))
    assert set((await left(superuser, ada.id)).values()) == {0}
    assert await superuser.fetchval("SELECT second_factor FROM accounts WHERE id = $1", ada.id) is False


async def test_an_admin_resets_a_lost_factor_with_a_reason(
    site: AsyncClient, trusting: FastAPI, join: Join, sign_in: SignIn, superuser: Connection
) -> None:
    admin = await join(Role.admin)
    ada, waiting, _ = await with_everything(site, superuser, await join())
    path, reason = f"/auth/accounts/{ada.id}/second-factor/reset", {"reason": "Lost phone; seen by video call"}
    assert (await site.post(path, json={}, headers=admin.headers)).status_code == 422
    assert (await site.post(path, json=reason, headers=admin.headers)).status_code == 204
    await trusting.state.revoked.read()
    assert outcome(await site.get("/auth/me", headers=ada.headers)) == (401, "invalid-token")
    assert set((await left(superuser, ada.id)).values()) == {0}
    assert outcome(await complete(site, waiting, code=pyotp.TOTP(ada.secret).now())) == (400, "challenge-not-valid")
    assert (await sign_in(ada.member.person)).status_code == 200
    (found,) = await superuser.fetch(
        "SELECT actor, detail->>'reason' AS reason FROM audit_events "
        "WHERE account_id = $1 AND action = 'second-factor-reset'",
        ada.id,
    )
    assert (found["actor"], found["reason"]) == (str(admin.id), reason["reason"])
    subjects = {mail.subject for mail in await mails(trusting, ada.member.person.email)}
    assert "Your account has no second factor any more" in subjects
    assert outcome(await site.post(path, json=reason, headers=admin.headers)) == (409, "second-factor-off")


async def test_no_admin_resets_their_own(site: AsyncClient, join: Join, superuser: Connection) -> None:
    admin = await turn_on(site, superuser, await join(Role.admin))
    path = f"/auth/accounts/{admin.id}/second-factor/reset"
    reply = await site.post(path, json={"reason": "Mine"}, headers=admin.headers)
    assert outcome(reply) == (403, "own-second-factor")
    assert (await left(superuser, admin.id))["second_factors"] == 1


async def test_the_server_resets_a_factor_by_address(
    site: AsyncClient, join: Join, manage: Manage, superuser: Connection
) -> None:
    ada = await turn_on(site, superuser, await join(Role.admin))
    email = ada.member.person.email
    await manage(lambda management: management.reset_second_factor_of(email, SERVER, "The only admin lost a phone"))
    assert (await left(superuser, ada.id))["second_factors"] == 0
    assert "second-factor-reset" in await audited(superuser, ada.id)


async def test_secrets_move_to_the_current_key_when_they_are_used_or_all_at_once(
    settings: Settings, join: Join, superuser: Connection
) -> None:
    """docs/operations/keys.md"""
    old, new = settings.key_encryption_key, settings.refresh_key
    between = settings.model_copy(update={"key_encryption_key": new, "key_encryption_key_previous": old})
    after = KeyCipher(new.get_secret_value())
    async with running(settings) as app, client_of(app) as client:
        ada, bob = [await turn_on(client, superuser, await join()) for _ in range(2)]
        stored = "SELECT secret FROM second_factors WHERE account_id = $1"
        assert not after.is_current(f"second factor {ada.id}", await superuser.fetchval(stored, ada.id))
    async with running(between) as app, client_of(app) as client:
        assert (await signed_in(client, ada))["state"] == "signed-in"
        assert after.is_current(f"second factor {ada.id}", await superuser.fetchval(stored, ada.id))
        assert not after.is_current(f"second factor {bob.id}", await superuser.fetchval(stored, bob.id))
        async with app.state.transactions() as work:
            both = KeyCipher(new.get_secret_value(), old.get_secret_value())
            await superuser.execute("DELETE FROM second_factors WHERE NOT account_id = ANY ($1)", [ada.id, bob.id])
            assert await renew_secrets(work, both) == 1
        assert after.is_current(f"second factor {bob.id}", await superuser.fetchval(stored, bob.id))
        own = bearer((await signed_in(client, bob))["access_token"])
        assert (await client.get("/auth/me", headers=own)).status_code == 200
