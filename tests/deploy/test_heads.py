"""Titles and descriptions of posts and people, which the gateway puts into the page for those without JavaScript."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.services import REGISTRY
from tests.deploy.test_site import gateway
from tests.waiting import GENEROUS

SECRET = "a-secret-of-the-gateway"
MOMENT = "2026-11-30T02:00:00Z"
PATHS = [
    "/people/42",
    "/post/42",  # only with posts
]
HOSTILE = (
    """</title><script>"'&<b>""",
    "{{env `GATEWAY_SECRET`}} {{ {{httpInclude `/healthz`}}",
    "<\tenv `GATEWAY_SECRET`\t>",
    "<%\t{{\x1f\\",
    '" onload="x',
)


class Service(BaseHTTPRequestHandler):
    """Answers as the API does: compact JSON with the text of this test, or the status that the id names."""

    text = ""
    status = 200
    address = ""
    seen: list[tuple[str, dict[str, str]]]
    release = threading.Event()

    def do_GET(self) -> None:
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        last = self.path.rpartition("/")[2]
        status = int(last) if last in {"304", "404", "410", "429", "500", "503", "599"} else self.status
        if status == 599:
            self.release.wait()  # it hangs
        one = {"id": 42, "title": self.text, "name": self.text, "body": self.text, "bio": self.text, "author": None}
        one |= {"published_at": MOMENT, "updated_at": MOMENT}
        answer = {"items": [one]} if "?" in self.path else one
        body = json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def service() -> Iterator[type[Service]]:
    Service.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Service.address = f"127.0.0.1:{server.server_port}"
    yield Service
    Service.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def site(service: type[Service], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    places = {"USERS_UPSTREAM": service.address, "SITE_URL": "", "EDGE_PROXIES": ""}
    places |= {"POSTS_UPSTREAM": service.address}  # only with posts
    with gateway(tmp_path_factory.mktemp("site"), GATEWAY_SECRET=SECRET, **places) as client:
        yield client


@dataclass
class Head(HTMLParser):
    """What a program finds in the document."""

    title: str = ""
    described: dict[str, str] = field(default_factory=dict)
    elements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        found = dict(attributes)
        name = found.get("property") or found.get("name") or (found.get("rel") == "canonical" and "canonical")
        if name:
            self.described[name] = found.get("content") or found.get("href") or ""

    def handle_data(self, data: str) -> None:
        if self.elements[-1:] == ["title"] and not self.title:
            self.title = data


def read(answer: httpx.Response) -> Head:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    head = Head()
    head.feed(answer.text)
    return head


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("path", PATHS)
def test_texts_of_people_are_text(site: httpx.Client, service: type[Service], path: str, text: str) -> None:
    """Neither markup nor a template, although Caddy runs what a template includes as a template too."""
    service.text = "nothing special"
    plain = read(site.get(path))
    service.text = text
    answer = site.get(path)
    head = read(answer)
    assert head.title == f"{text} · Trivium"
    assert head.described["og:title"] == text
    assert head.described["og:description"] == head.described["description"] == text.replace("\t", " ")
    assert head.described["og:url"] == head.described["canonical"] == f"{site.base_url}{path}"
    assert head.elements == plain.elements
    assert SECRET not in answer.text


def test_a_description_is_cut_between_characters(site: httpx.Client, service: type[Service]) -> None:
    service.text = "ü\n" * 300
    assert read(site.get("/people/42")).described["og:description"] == "ü " * 100


@pytest.mark.parametrize("path", [path.removesuffix("/42") for path in PATHS])
@pytest.mark.parametrize("status", [304, 404, 410, 429, 500, 503, 599])
def test_without_an_answer_the_page_is_there(
    site: httpx.Client, service: type[Service], path: str, status: int
) -> None:
    """Search engines are told to forget it only if it does not exist."""
    service.text = "not shown"
    answer = site.get(f"{path}/{status}")
    head = read(answer)
    assert (head.title, head.described.get("robots")) == ("Trivium", "noindex" if status in {404, 410} else None)
    assert "not shown" not in answer.text
    assert "script" in head.elements


def test_without_a_service_the_page_is_there(tmp_path: Path) -> None:
    nobody = dict.fromkeys((f"{name.upper()}_UPSTREAM" for name in REGISTRY), "127.0.0.1:1")
    with gateway(tmp_path, **nobody) as client:
        for path in PATHS:
            head = read(client.get(path))
            assert (head.title, head.described.get("robots")) == ("Trivium", None)
        assert client.get("/sitemap.xml").status_code == 503  # only with posts


# begin: only with posts
@pytest.mark.parametrize("status", [404, 429, 500])
def test_search_engines_keep_the_earlier_sitemap_if_no_list_can_be_read(
    site: httpx.Client, service: type[Service], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(service, "status", status)
    answer = site.get("/sitemap.xml")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert (answer.json()["code"], answer.headers["retry-after"]) == ("service-unavailable", "1")
    assert not {"etag", "last-modified"} & answer.headers.keys()


# end: only with posts
def test_the_service_is_asked_as_by_an_anonymous_visitor_from_their_address(
    site: httpx.Client, service: type[Service]
) -> None:
    service.seen.clear()
    private = {"Authorization": "Bearer t", "Cookie": "a=b", "If-None-Match": '"1"', "Range": "bytes=0-9"}
    private |= {"Connection": "Upgrade", "Upgrade": "h2c"}
    read(site.get("/people/42", headers={**private, "X-Page-Visitor": "203.0.113.9", "X-Forwarded-For": "203.0.113.9"}))
    (path, headers) = service.seen[0]
    assert path == "/users/42"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert not {"x-page-visitor", *map(str.lower, private)} & headers.keys()


@pytest.mark.parametrize(
    "target", [b"/page/within/users/42", b"http://a/page/within/users/42", b"//page/within/users/42"]
)
def test_nobody_else_uses_the_way_to_the_service(site: httpx.Client, service: type[Service], target: bytes) -> None:
    """Not even a program of this machine, which may have the address and port of Caddy's requests for templates."""
    service.seen.clear()
    headers = {"Caddy-Templates-Include": "1", "X-Page-Visitor": "203.0.113.9"}
    answer = site.get("/", headers=headers, extensions={"target": target})
    assert (answer.status_code, answer.json()["code"], service.seen) == (404, "not-found", [])


def test_a_request_line_without_a_target_is_refused(site: httpx.Client) -> None:
    """It would look like Caddy's requests for templates."""
    with socket.create_connection((site.base_url.host, site.base_url.port or 80), GENEROUS) as connection:
        connection.sendall(b"GET  HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(64).startswith(b"HTTP/1.1 400 ")


def test_addresses_are_those_of_the_site(service: type[Service], tmp_path: Path) -> None:
    service.text = "a"
    with gateway(tmp_path, USERS_UPSTREAM=service.address, SITE_URL="https://example.com") as client:
        assert read(client.get("/people/42")).described["og:url"] == "https://example.com/people/42"


# begin: only with posts
def test_the_sitemap_has_the_newest_posts_and_the_tags(service: type[Service], tmp_path: Path) -> None:
    service.text = "a"
    with gateway(tmp_path, POSTS_UPSTREAM=service.address, SITE_URL="https://example.com") as client:
        assert "Sitemap: https://example.com/sitemap.xml\n" in client.get("/robots.txt").text
        sitemap = client.get("/sitemap.xml").text
    assert sitemap.startswith("<?xml ")
    assert re.findall("<loc>(.*?)</loc>", sitemap) == [
        f"https://example.com{path}" for path in ("/", "/post/42", "/tags/a")
    ]


# end: only with posts
def test_a_hostile_host_is_text_too(site: httpx.Client, service: type[Service]) -> None:
    service.text = "a"
    answer = site.get("/people/42", headers={"Host": "{{env`GATEWAY_SECRET`}}"})
    assert SECRET not in answer.text
    assert SECRET not in site.get("/robots.txt", headers={"Host": "{{env`GATEWAY_SECRET`}}"}).text


@pytest.mark.parametrize(
    "path",
    [
        "/robots.txt",
        "/favicon.ico",
        "/sitemap.xml",  # only with posts
    ],
)
def test_files_for_programs_are_there_with_the_page_only(site: httpx.Client, tmp_path: Path, path: str) -> None:
    kinds = {"robots.txt": "text/plain", "sitemap.xml": "text/xml", "favicon.ico": "image/"}
    answer = site.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kinds[path[1:]])
    with gateway(tmp_path, PAGE="off") as elsewhere:
        assert elsewhere.get(path).status_code == 404
