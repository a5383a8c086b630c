"""What signing out everywhere, disabling and deletion end, at once: every key, every trust, and all that waits (S-65).

Access tokens that were issued before are refused everywhere within 5 s; that is in tests/system/test_revocation.py.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from auth.config import Settings
from auth.services.records import Role
from tests.auth.api_keys import exchange, exchanged, new_key
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import Connection, Join, Member, bearer, outcome, patch, refresh
from tests.auth.identity_provider import Browser, IdentityProvider, browser_of, site, someone
from tests.auth.passkeys import add, enter, options, request_options, send
from tests.auth.second_factors import Guarded, begin, challenge, complete, signed_in, step_up, turn_on
from tests.auth.test_identities import BOTH, link
from tests.auth.test_identities import begin as begin_link
from tests.auth.test_mail_codes import ask, confirm, mailed

REFUSED: Final = {
    "refresh token": (400, "invalid-grant"),
    "key": (400, "invalid-subject-token"),
    "sign-in that waits for its second factor": (400, "challenge-not-valid"),
    "mail code": (401, "code-not-valid"),
    "provider's code": (400, "provider-code-not-valid"),
    "new passkey": (401, "invalid-token"),
    "step-up": (401, "invalid-token"),
    "token of a session": (401, "invalid-token"),
    "token of a key": (401, "invalid-token"),
}


@pytest.fixture(scope="module")
def idp() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture(scope="module")
async def app(settings: Settings, idp: IdentityProvider) -> AsyncIterator[FastAPI]:
    """With everything that somebody can have."""
    more = {"mail_codes": True, "trusted_device": timedelta(days=30)}
    async with site(settings, idp, providers=BOTH, **more) as app:
        yield app


@pytest.fixture
async def browser(app: FastAPI, idp: IdentityProvider) -> AsyncIterator[Browser]:
    idp.reset()
    async with browser_of(app, idp) as browser:
        yield browser


@dataclass
class Belongings:
    """All that somebody has, and what waits for them."""

    ada: Guarded
    device: Authenticator
    trusted: str
    answer: dict[str, Any]
    """Of the passkey, to a challenge from before."""
    linking: dict[str, str]
    """What the provider says at the end of a link."""
    tries: dict[str, Callable[[], Awaitable[Response]]]


async def everything(app: FastAPI, client: AsyncClient, browser: Browser, db: Connection, member: Member) -> Belongings:
    await db.execute("UPDATE accounts SET email_verified_at = now() WHERE id = $1", member.id)
    email, idp = member.person.email, browser.provider
    ada = await turn_on(client, db, member)
    member.tokens = await signed_in(client, ada, trust_device=True)
    trusted = member.tokens["trusted_device"]
    key, device, idp.person = await new_key(client, member, "auth:read"), Authenticator(), someone()
    of_key = await exchanged(client, key["key"])
    await add(client, member, device)
    assert await link(browser, member) == {"provider-linked": "idp"}
    said, waiting, asked = await browser.visit(), await challenge(client, ada), await ask(client, email)
    code = await mailed(app, email)
    making = Authenticator().make(await options(client, member))
    answer = device.answer(await request_options(client))
    idp.person = someone()
    linking = idp.consent(await begin_link(browser, member, "other"))

    async def finish() -> Response:
        return await complete(client, waiting, code=await ada.code())

    async def prove() -> Response:
        return await step_up(client, member.headers, code=await ada.code())

    tries: dict[str, Callable[[], Awaitable[Response]]] = {
        "refresh token": lambda: refresh(client, member.tokens["refresh_token"]),
        "key": lambda: exchange(client, key["key"]),
        "sign-in that waits for its second factor": finish,
        "mail code": lambda: confirm(client, asked, code),
        "provider's code": lambda: browser.redeem(said),
        "new passkey": lambda: send(client, member, making),
        "step-up": prove,
        "token of a session": lambda: client.get("/auth/me", headers=member.headers),
        "token of a key": lambda: client.get("/auth/me", headers=of_key),
    }
    return Belongings(ada, device, trusted, answer, linking, tries)


def answer_of(reply: Response) -> tuple[int, str | None]:
    return reply.status_code, reply.json().get("code")


async def sign_out_everywhere(client: AsyncClient, ada: Guarded, admin: Member) -> None:
    assert (await client.delete(f"/auth/accounts/{ada.id}/sessions", headers=admin.headers)).status_code == 204


async def disable(client: AsyncClient, ada: Guarded, admin: Member) -> None:
    assert (await patch(client, admin, ada.id, status="disabled")).status_code == 200


async def disable_for_a_while(client: AsyncClient, ada: Guarded, admin: Member) -> None:
    """What ended stays ended."""
    await disable(client, ada, admin)
    assert (await patch(client, admin, ada.id, status="active")).status_code == 200


async def delete(client: AsyncClient, ada: Guarded, admin: Member) -> None:
    reply = await client.post("/auth/account/deletion", json={"password": ada.password}, headers=ada.headers)
    assert reply.status_code == 202, reply.text


ACTS = (sign_out_everywhere, disable, disable_for_a_while, delete)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_it_ends_every_key_every_trust_and_all_that_waits(
    app: FastAPI, client: AsyncClient, browser: Browser, join: Join, superuser: Connection, act: Any
) -> None:
    """S-65"""
    admin = await join(Role.admin)
    had = await everything(app, client, browser, superuser, await join())
    await act(client, had.ada, admin)
    await app.state.revoked.read()
    assert {what: answer_of(await attempt()) for what, attempt in had.tries.items()} == REFUSED
    assert await browser.arrive(had.linking, "other") == {"provider-error": "flow-not-valid"}
    may_come_back = act in {sign_out_everywhere, disable_for_a_while}
    again = await begin(client, had.ada, trusted_device=had.trusted)
    assert again.json().get("state") == ("second-factor-needed" if may_come_back else None)
    # a passkey's challenge is nobody's: it ends nothing, and opens a session only to who may sign in now
    assert (await enter(client, had.answer)).status_code == (200 if may_come_back else 401)
    left = "SELECT count(*) FROM trusted_devices WHERE account_id = $1"
    assert await superuser.fetchval(left, had.ada.id) == 0


async def test_signing_out_other_devices_keeps_this_one_and_the_keys(
    app: FastAPI, client: AsyncClient, browser: Browser, join: Join, superuser: Connection
) -> None:
    """S-65: what waits elsewhere ends, and so does the trust."""
    had = await everything(app, client, browser, superuser, await join())
    elsewhere = await signed_in(client, had.ada)
    assert (await client.delete("/auth/sessions", headers=had.ada.headers)).status_code == 204
    await app.state.revoked.read()
    found = {what: outcome(reply) for what, attempt in had.tries.items() if (reply := await attempt()).is_error}
    ended = ("sign-in that waits for its second factor", "mail code", "provider's code")
    assert found == {what: REFUSED[what] for what in ended}
    gone = await client.get("/auth/me", headers=bearer(elsewhere["access_token"]))
    assert outcome(gone) == (401, "invalid-token")
    assert (await begin(client, had.ada, trusted_device=had.trusted)).json()["state"] == "second-factor-needed"
