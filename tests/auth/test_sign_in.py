"""Sign-up, sign-in and one's own account."""

from httpx import AsyncClient

from tests.auth.conftest import SignIn, SignUp


async def test_who_signs_up_can_sign_in_and_see_the_account(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn
) -> None:
    person = await sign_up()
    tokens = (await sign_in(person)).json()
    reply = await client.get("/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert reply.status_code == 200, reply.text
    assert reply.json() == {
        "id": person.id,
        "email": person.email,
        "roles": [],
        "status": "active",
        "email_verified": False,
    }
