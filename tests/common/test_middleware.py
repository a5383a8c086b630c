"""The middleware: request ids, security headers, CORS, and the client's address."""

import pytest
from httpx import AsyncClient, Response

from tests.common.conftest import probe_app, probing
from tests.conftest import Log

SECURITY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
PREFLIGHT = {"Origin": "http://app.example", "Access-Control-Request-Method": "PATCH"}


async def answers(client: AsyncClient) -> list[Response]:
    return [
        await client.get("/probe/who"),
        await client.get("/nowhere"),
        await client.post("/probe/who"),
        await client.post("/probe/notes", json={}),
        await client.post("/probe/notes", content=b"x"),
        await client.get("/probe/fail/boom"),
        await client.options("/probe/who", headers=PREFLIGHT),
        await client.options("/probe/who", headers={**PREFLIGHT, "Origin": "http://evil.example"}),
        await client.get("/livez"),
    ]


async def test_every_answer_has_the_security_headers(probe: AsyncClient) -> None:
    """S-42"""
    replies = await answers(probe)
    assert [reply.status_code for reply in replies] == [200, 404, 405, 422, 415, 500, 200, 400, 200]
    for reply in replies:
        assert {name: reply.headers[name] for name in SECURITY} == SECURITY, reply.request.url
        assert len(reply.headers["x-request-id"]) >= 8
        assert "server" not in reply.headers
        assert "strict-transport-security" not in reply.headers


async def test_production_adds_hsts() -> None:
    """S-42"""
    async with probing(probe_app(profile="production", issuer="https://api.example.com")) as client:
        for reply in await answers(client):
            assert "max-age=31536000" in reply.headers["strict-transport-security"]


@pytest.mark.parametrize("given", ["abcdefgh", "0a1B2c3D.4-5_6", "x" * 64])
async def test_a_harmless_request_id_is_kept(probe: AsyncClient, given: str) -> None:
    for path in ("/probe/who", "/nowhere", "/probe/fail/boom"):
        reply = await probe.get(path, headers={"X-Request-ID": given})
        assert reply.headers.get_list("x-request-id") == [given]
        assert given in reply.text


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "has space", 'quo"te12', "a\u00e9bcdefgh", "<script>1", "a\tbcdefgh"]
)
async def test_another_request_id_is_replaced(probe: AsyncClient, given: str) -> None:
    reply = await probe.get("/probe/who", headers=[(b"X-Request-ID", given.encode("latin-1"))])
    assert reply.headers["x-request-id"] not in {"", given}
    assert reply.json()["id"] == reply.headers["x-request-id"]


async def test_request_ids_differ(probe: AsyncClient) -> None:
    assert len({(await probe.get("/livez")).headers["x-request-id"] for _ in range(20)}) == 20


async def test_an_answer_to_no_page_says_that_it_could_differ_for_one(probe: AsyncClient) -> None:
    reply = await probe.get("/probe/who")
    assert reply.headers["vary"] == "Origin"
    assert not any(name.startswith("access-control") for name in reply.headers)


async def test_a_known_origin_may_call_and_read_our_headers(probe: AsyncClient) -> None:
    """S-41. Errors too, so that a page can show them."""
    for path in ("/probe/who", "/nowhere", "/probe/fail/boom"):
        reply = await probe.get(path, headers={"Origin": "http://app.example"})
        assert reply.headers["access-control-allow-origin"] == "http://app.example"
        assert "Origin" in reply.headers["vary"]
        assert "access-control-allow-credentials" not in reply.headers
        exposed = {name.strip() for name in reply.headers["access-control-expose-headers"].split(",")}
        assert exposed == {
            "ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate",
            "X-Request-ID",
        }  # fmt: skip
    wanted = "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, tracestate"
    reply = await probe.options("/probe/who", headers={**PREFLIGHT, "Access-Control-Request-Headers": wanted})
    assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (200, "http://app.example")
    assert "PATCH" in reply.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://app.example", "http://app.example:81", "http://APP.example", "*",
     "http://app.example.evil.example", "http://app.example/", "http://sub.app.example", ""],
)  # fmt: skip
async def test_any_other_origin_may_not(probe: AsyncClient, origin: str) -> None:
    """S-41"""
    reply = await probe.get("/probe/who", headers={"Origin": origin})
    assert "access-control-allow-origin" not in reply.headers
    reply = await probe.options("/probe/who", headers={**PREFLIGHT, "Origin": origin})
    assert "access-control-allow-origin" not in reply.headers
    assert reply.status_code >= 400


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),  # not a proxy: its headers are ignored
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # the caller wrote the first one itself
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"),
        ("10.0.0.1", "10.0.0.8,10.0.0.7", "10.0.0.8"),
        ("10.0.0.1", "  2001:db8::1  ", "2001:db8::1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.1.0.1", "1.2.3.4", "10.1.0.1"),
        ("::1", "1.2.3.4", "1.2.3.4"),
        ("somewhere", "1.2.3.4", "somewhere"),
        ("10.0.0.1", "1.2.3.4:4711", "10.0.0.1"),  # otherwise each port would be another client
        ("10.0.0.1", "6.6.6.6, [2001:db8::1]:4711", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4, unknown, 10.0.0.7", "10.0.0.1"),
        ("10.0.0.1", "2001:db8::1%canary", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4,", "10.0.0.1"),
    ],
)
async def test_only_our_proxies_are_believed(peer: str, forwarded: str | None, seen: str) -> None:
    """S-13"""
    spoofed = {"X-Real-IP": "9.9.9.9", "Forwarded": "for=9.9.9.9", "X-User-Id": "1"}
    headers = spoofed | ({"X-Forwarded-For": forwarded} if forwarded else {})
    async with probing(probe_app(trusted_proxies=["10.0.0.0/24", "::1"]), peer) as client:
        assert (await client.get("/probe/who", headers=headers)).json()["ip"] == seen


async def test_a_second_forwarded_header_hides_nothing() -> None:
    """S-13: two headers are one list (RFC 9110, section 5.3)."""
    headers = [("X-Forwarded-For", "6.6.6.6, 1.2.3.4"), ("X-Forwarded-For", "10.0.0.7")]
    async with probing(probe_app(trusted_proxies=["10.0.0.0/24"]), "10.0.0.1") as client:
        assert (await client.get("/probe/who", headers=headers)).json()["ip"] == "1.2.3.4"


async def test_without_proxies_nobody_is_believed() -> None:
    """S-13"""
    async with probing(probe_app(), "127.0.0.1") as client:
        reply = await client.get("/probe/who", headers={"X-Forwarded-For": "1.2.3.4"})
        assert reply.json()["ip"] == "127.0.0.1"


async def test_the_log_has_a_line_a_request_and_no_query(log: Log) -> None:
    """S-46"""
    async with probing(probe_app()) as client:
        headers = {"Authorization": "Bearer canary-token", "X-Request-ID": "known-request"}
        await client.get("/probe/who?q=canary-query", headers=headers)
        await client.get("/probe/%1b[31m%0a{}", headers=headers)
        await client.get("/livez")
    lines = log()
    assert [line["path"] for line in lines] == ["/probe/who", "/probe/\x1b[31m\n{}"]
    assert {line["request_id"] for line in lines} == {"known-request"}
    assert {line["service"] for line in lines} == {"probe"}
    assert "canary" not in str(lines)
