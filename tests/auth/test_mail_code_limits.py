"""How many codes are mailed: by source, so that strangers cannot use up those of the owner (S-11)."""

from fastapi import FastAPI
from httpx import AsyncClient

from tests.auth.conftest import Connection, SignIn, SignUp, client_of
from tests.auth.mails import mails, relay
from tests.auth.test_mail_codes import CODE, ask, codes, codes_app, confirm, mailed

__all__ = ["codes", "codes_app"]


async def asked_from(app: FastAPI, peers: list[str], email: str) -> int:
    """Let each peer ask for a code; returns how many are mailed in all."""
    for peer in peers:
        async with client_of(app, peer) as client:
            await ask(client, email)
    await relay(app)
    return len([mail for mail in await mails(app, email) if CODE.search(mail.subject)])


STRANGERS = [f"192.0.2.{number}" for number in range(1, 26)]


async def test_strangers_cannot_use_up_the_codes_of_an_owner_who_comes_from_a_known_place(
    codes_app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    person = await sign_up()
    assert (await sign_in(person)).status_code == 200  # from 127.0.0.1
    assert await asked_from(codes_app, STRANGERS, person.email) == 20, "all strangers together, in an hour"
    assert await asked_from(codes_app, ["198.51.100.7"], person.email) == 20
    assert await asked_from(codes_app, ["127.0.0.1"], person.email) == 21
    assert await asked_from(codes_app, ["127.0.0.1"], person.email) == 21, "one a minute there, too"


async def test_a_place_is_known_once_a_code_has_signed_in_there(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    person = await sign_up()
    challenge = await ask(codes, person.email)
    assert (await confirm(codes, challenge, await mailed(codes_app, person.email))).status_code == 200
    assert await asked_from(codes_app, STRANGERS, person.email) == 20, "with the owner's first one"
    await superuser.execute(
        "UPDATE mail_counts SET last_at = last_at - interval '61 s' WHERE kind = 'sign-in-code-own'"
    )
    assert await asked_from(codes_app, ["127.0.0.1"], person.email) == 21


async def test_a_known_place_gets_five_codes_an_hour(
    codes_app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person = await sign_up()
    assert (await sign_in(person)).status_code == 200
    for expected in (1, 2, 3, 4, 5, 5):
        assert await asked_from(codes_app, ["127.0.0.1"], person.email) == expected
        await superuser.execute("UPDATE mail_counts SET last_at = last_at - interval '61 s'")
