# file: only with posts
"""Each service as a real process while the other two are down."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile

import httpx
import pytest

from deploy.local.ports import free_port
from tests.conftest import Cloner
from tests.failures import newest
from tests.peers import Issuer
from tests.waiting import GENEROUS, until_open, wait_until

pytestmark = pytest.mark.stack
CLOSED = "http://127.0.0.1:9"  # the discard port: nobody listens


@contextmanager
def running(service: str, settings: dict[str, str]) -> Iterator[httpx.Client]:
    """`python -m SERVICE serve`, with peers at an address where nobody listens."""
    port = free_port()
    peers = dict.fromkeys(("AUTH_URL", "USERS_URL", "POSTS_URL", "JWKS_URL"), CLOSED)
    secret = {name: secrets.token_urlsafe(32) for name in ("CLIENT_SECRET", "KEY_ENCRYPTION_KEY", "REFRESH_KEY")}
    own = {name.upper(): value for name, value in settings.items()}
    command = [sys.executable, "-m", service, "serve", "--port", str(port)]
    environment = {**os.environ, **peers, **secret, **own, "DRAIN": "PT0S"}
    with TemporaryFile() as log, subprocess.Popen(command, env=environment, stdout=log) as process:
        try:
            until_open(port)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=GENEROUS) as client:
                wait_for(client, "/livez")
                yield client
        except BaseException as error:
            log.seek(0)
            error.add_note(newest(log.read().decode()))
            raise
        finally:
            process.terminate()
            assert process.wait(GENEROUS) == 0


def wait_for(client: httpx.Client, path: str) -> httpx.Response:
    """Its answer, once it is 200."""
    wait_until(lambda: client.get(path).status_code == 200, pause=0.1)
    return client.get(path)


async def test_auth_alone_signs_up_and_in(database_of: Cloner) -> None:
    person = {"email": "ada@example.com", "password": "a long enough passphrase", "name": "Ada"}
    with running("auth", await database_of("auth")) as auth:
        assert wait_for(auth, "/readyz").json() == {"status": "ready", "missing": []}
        assert auth.post("/auth/register", json=person).status_code == 201
        form = {"username": person["email"], "password": person["password"]}
        tokens = auth.post("/auth/token", data=form).json()
        me = auth.get("/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        assert me.json()["email"] == person["email"]


async def test_users_alone_answers_the_public_honestly(database_of: Cloner) -> None:
    """S-22: fail closed. Without keys a token is neither accepted nor called invalid."""
    with running("users", await database_of("users")) as users:
        ready = users.get("/readyz")
        assert (ready.status_code, ready.json()["missing"][0]) == (503, "token keys: not known yet")
        unknown = users.get("/users/7")
        assert (unknown.status_code, unknown.json()["code"]) == (503, "peer-unavailable")
        signed_in = users.get("/users/me", headers=Issuer().person(7))
        assert (signed_in.status_code, signed_in.json()["code"]) == (503, "keys-unavailable")


async def test_posts_alone_serves_readers(database_of: Cloner) -> None:
    """S-22: as for users."""
    with running("posts", await database_of("posts")) as posts:
        assert posts.get("/readyz").status_code == 503
        assert posts.get("/posts").json() == {"items": [], "next_cursor": None}
        signed_in = posts.get("/posts", headers=Issuer().person(7))
        assert (signed_in.status_code, signed_in.json()["code"]) == (503, "keys-unavailable")


async def test_a_service_starts_before_its_database_and_is_ready_once_it_comes(database_of: Cloner) -> None:
    settings = await database_of("posts")
    nowhere = {**settings, "database_url": f"postgresql://posts@127.0.0.1:{free_port()}/posts"}
    with running("posts", nowhere) as posts:
        assert posts.get("/livez").status_code == 200
        reply = posts.get("/posts")
        assert (reply.status_code, reply.json()["code"]) == (503, "database-unavailable")
        assert "database: no answer" in json.dumps(posts.get("/readyz").json())
