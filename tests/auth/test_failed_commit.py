"""A failed commit is reported as an error, never as a 2xx."""

from httpx import AsyncClient

from tests.auth.conftest import PASSWORD, Connection, new_email

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'secret detail of the database'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON accounts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
"""


async def test_a_failed_commit_is_a_500_that_leaks_and_stores_nothing(
    client: AsyncClient, superuser: Connection
) -> None:
    """S-45"""
    person = {"email": new_email(), "password": PASSWORD, "name": "Ada"}
    await superuser.execute(REFUSE)
    reply = await client.post("/auth/register", json=person)
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (500, "internal-error")
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem["instance"] == f"urn:request:{reply.headers['x-request-id']}"
    assert "secret" not in reply.text
    assert "location" not in reply.headers
    assert await superuser.fetchval("SELECT count(*) FROM accounts") == 0

    await superuser.execute("DROP TRIGGER refuse ON accounts")
    assert (await client.post("/auth/register", json=person)).status_code == 201
