"""/docs and /openapi.json at the gateway: only our own files, and off in production by default."""

import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.gateway.site import DOCUMENT, build, heads
from deploy.local.binaries import caddy
from deploy.local.ports import free_port
from deploy.local.stack import CADDYFILE
from tests.waiting import GENEROUS, until_open


@contextmanager
def gateway(folder: Path, **settings: str) -> Iterator[httpx.Client]:
    """A gateway with only the files, without services."""
    with gateway_process(folder, **settings) as (client, _):
        yield client


@contextmanager
def gateway_process(folder: Path, **settings: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    build(folder / "site")
    port = free_port()
    places = {"GATEWAY_ADDRESS": f"http://:{port}", "DOCS_FOLDER": str(folder / "site"), "XDG_DATA_HOME": str(folder)}
    command = [str(caddy()), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    log = (folder / "log").open("wb")
    with log, subprocess.Popen(command, env={**os.environ, **places, **settings}, stdout=log, stderr=log) as running:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=GENEROUS) as client:
                until_open(port)
                yield client, running
        finally:
            running.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with gateway(tmp_path_factory.mktemp("site"), PROFILE="local", DOCS="") as client:
        yield client


ASKING_FOR_JSON = {"Accept": "application/json"}


def test_the_root_points_to_the_docs(site: httpx.Client) -> None:
    root = site.get("/", headers=ASKING_FOR_JSON)
    assert root.json() == {"name": "Trivium", "docs": "/docs", "openapi": "/openapi.json"}


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_page_loads_nothing_from_elsewhere(site: httpx.Client, path: str) -> None:
    page = site.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "//" not in page.text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 5
    for address in loaded:
        assert site.get(address).status_code == 200, address


def test_no_script_may_be_written_into_the_page(site: httpx.Client) -> None:
    """S-42."""
    page = site.get("/docs")
    policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"]) == ("'none'", "'self'")
    assert policy["frame-ancestors"] == "'none'"
    assert (page.headers["x-content-type-options"], page.headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert "server" not in page.headers


def test_the_document_is_the_reviewed_one_and_asked_for_again_cheaply(site: httpx.Client) -> None:
    first = site.get("/openapi.json")
    assert first.content == DOCUMENT.read_bytes()
    assert (first.headers["content-type"], first.headers["cache-control"]) == ("application/json", "no-cache")
    assert site.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    asset = site.get("/docs/static/swagger-ui-bundle.js")
    assert (asset.headers["content-encoding"], asset.headers["cache-control"]) == ("gzip", "public, max-age=86400")


@pytest.mark.parametrize("path", ["/docs/nothing", "/docs/../Caddyfile", "/docs/%2e%2e/%2e%2e/log", "/docs/static/"])
def test_there_is_no_way_to_other_files(site: httpx.Client, path: str) -> None:
    reply = site.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")


def test_oauth_clients_can_read_that_auth_is_away(tmp_path: Path) -> None:
    """RFC 6749, section 5.2: otherwise clients could not distinguish it from an invalid token."""
    paths = ("/auth/token", "/auth/revoke", "/auth/register")
    with gateway(tmp_path, AUTH_UPSTREAM=f"127.0.0.1:{free_port()}") as client, ThreadPoolExecutor() as at_once:
        *replies, other = at_once.map(client.post, paths)  # the gateway tries each for a while
    for reply in replies:
        assert (reply.status_code, reply.headers["content-type"], reply.headers["retry-after"]) == (
            502,
            "application/json",
            "1",
        )
        assert (reply.json()["error"], reply.json()["code"]) == ("temporarily_unavailable", "service-unavailable")
    assert (other.status_code, other.headers["content-type"]) == (502, "application/problem+json")


@pytest.mark.parametrize(
    ("settings", "shown"),
    [({"PROFILE": "production"}, False), ({"PROFILE": "production", "DOCS": "on"}, True), ({"DOCS": "off"}, False)],
)
def test_production_shows_no_docs_unless_asked_to(tmp_path: Path, settings: dict[str, str], shown: bool) -> None:
    """S-43."""
    with gateway(tmp_path, **settings) as client:
        found = [client.get(path).status_code for path in ("/docs", "/docs/page.js", "/openapi.json")]
        assert found == [200 if shown else 404] * 3
        assert ("docs" in client.get("/", headers=ASKING_FOR_JSON).json()) is shown


def test_files_of_editors_and_file_managers_are_no_templates(tmp_path: Path) -> None:
    for name in ("people.html", "sitemap.xml", ".DS_Store", ".people.html.swp", ".#people.html", "people.html~"):
        (tmp_path / name).touch()
    assert {path.name for path in heads(tmp_path)} == {"people.html", "sitemap.xml"}
