"""Malformed and hostile input: each gets a clear 4xx problem, and nothing is stored (S-32, S-34, S-35, S-36)."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.auth.conftest import PASSWORD, Connection, ServiceSignIn, bearer, new_email

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
async def nothing_is_stored(superuser: Connection) -> AsyncIterator[None]:
    counted = "SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM sessions)"
    before = await superuser.fetchval(counted)
    yield
    assert await superuser.fetchval(counted) == before


def refused(reply: Response, status: int, code: str) -> None:
    problem = reply.json()
    assert (reply.status_code, problem["code"], problem["status"]) == (status, code, status), reply.text
    oauth = reply.url.path in {"/auth/token", "/auth/revoke"}
    assert reply.headers["content-type"] == ("application/json" if oauth else "application/problem+json")
    assert not oauth or problem["error"] in ERRORS
    assert {"type", "title", "detail", "instance"} <= set(problem)
    assert PASSWORD not in reply.text
    assert len(reply.content) < 4000


def person(**raw: str) -> bytes:
    """A sign-up as JSON text, with values that no Python value could produce."""
    fields = {"email": json.dumps(new_email()), "password": json.dumps(PASSWORD), "name": '"Ada"', **raw}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}").encode()


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 422, "validation-failed"),
    "space": (b"  ", 422, "validation-failed"),
    "no JSON": (b"{", 422, "validation-failed"),
    "a comma too many": (person()[:-1] + b",}", 422, "validation-failed"),
    "two values": (person() + person(), 422, "validation-failed"),
    "null": (b"null", 422, "validation-failed"),
    "a list": (b"[" + person() + b"]", 422, "validation-failed"),
    "a string": (b'"ada"', 422, "validation-failed"),
    "a number": (b"7", 422, "validation-failed"),
    "NaN": (person(name="NaN"), 422, "malformed-body"),
    "Infinity": (person(name="Infinity"), 422, "malformed-body"),
    "-Infinity": (person(extra="-Infinity"), 422, "malformed-body"),
    "1e400": (person(name="1e400"), 422, "validation-failed"),
    "1e400 in an unknown field": (person(extra="1e400"), 422, "validation-failed"),
    "an integer of 5000 digits": (person(name="9" * 5000), 400, "malformed-body"),
    "an integer of 4000 digits": (person(name="9" * 4000), 422, "validation-failed"),
    "a lone surrogate": (person(name='"A\\ud800"'), 422, "validation-failed"),
    "surrogates the wrong way": (person(name='"\\udc00\\ud800"'), 422, "validation-failed"),
    "a lone surrogate as a name": (person() [:-1] + b',"\\udfff":1}', 422, "validation-failed"),
    "NUL": (person(name='"A\\u0000"'), 422, "validation-failed"),
    "NUL as a name": (person()[:-1] + b',"\\u0000":1}', 422, "validation-failed"),
    "a name of 10,000 letters": (person()[:-1] + b',"' + b"x" * 10_000 + b'":1}', 422, "validation-failed"),
    "invalid UTF-8": (person(name='"?"').replace(b"?", b"\xff"), 400, "malformed-body"),
    "UTF-8 of a surrogate": (person(name='"?"').replace(b"?", b"\xed\xa0\x80"), 400, "malformed-body"),
    "overlong UTF-8": (person(name='"?"').replace(b"?", b"\xc0\xaf"), 400, "malformed-body"),
    "UTF-16": (person().decode().encode("utf-16"), 400, "malformed-body"),
    "UTF-32": (person().decode().encode("utf-32-le"), 422, "validation-failed"),
    "byte order mark": (b"\xef\xbb\xbf" + person(), 422, "validation-failed"),
    "the same name twice": (person()[:-1] + b',"name":"Eve"}', 422, "duplicate-names"),
    "the same name twice below": (person(extra='{"a":1,"a":2}'), 422, "duplicate-names"),
    "7000 lists deep": (b"[" * 7000 + b"]" * 7000, 422, "body-too-deep"),
    "2000 objects deep": (b'{"a":' * 2000 + b"1" + b"}" * 2000, 422, "body-too-deep"),
    "33 lists deep": (person(extra="[" * 33 + "]" * 33), 422, "body-too-deep"),
    "100,000 lists deep": (b"[" * 100_000 + b"]" * 100_000, 413, "body-too-large"),
    "101 items": (person(extra="[" + "1," * 100 + "1]"), 422, "body-too-large"),
    "201 names": (person(**{f"n{n}": "1" for n in range(201)}), 422, "body-too-large"),
    "17 KiB": (person(name='"' + "x" * 17_000 + '"'), 413, "body-too-large"),
    "16 KiB and a byte": (person().ljust(16 * 1024 + 1), 413, "body-too-large"),
    "2 MiB": (person(name='"' + "x" * 2 * 1024 * 1024 + '"'), 413, "body-too-large"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code"), BODIES.values(), ids=list(BODIES))
async def test_a_bad_json_body_is_refused(client: AsyncClient, body: bytes, status: int, code: str) -> None:
    """S-34, S-35"""
    refused(await client.post("/auth/register", content=body, headers=JSON), status, code)


@pytest.mark.parametrize("path", ["/auth/register", "/auth/token", "/auth/revoke"])
async def test_a_chunked_body_is_counted_as_it_comes(client: AsyncClient, path: str) -> None:
    """S-32: the rest of the body is not read."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(10_000):
            sent += 1
            yield b"token=" + b"x" * 1018

    kind = JSON if path.endswith("register") else FORM
    refused(await client.post(path, content=endless(), headers=kind), 413, "body-too-large")
    assert sent <= 20


@pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke"])
async def test_a_large_form_is_refused(client: AsyncClient, path: str) -> None:
    """S-32"""
    refused(await client.post(path, data={"token": "x" * 17_000}), 413, "body-too-large")
    many = "&".join(f"f{n}=1" for n in range(1500))
    reply = await client.post(path, content=many, headers=FORM)
    assert 400 <= reply.status_code < 500, reply.text


async def test_a_body_of_16_kib_is_read(client: AsyncClient) -> None:
    reply = await client.post("/auth/register", content=b"[]".ljust(16 * 1024), headers=JSON)
    refused(reply, 422, "validation-failed")


TYPES: list[dict[str, str]] = [
    {},
    {"Content-Type": ""},
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/jsonx"},
    {"Content-Type": "application/problem+json"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "text/html, application/json"},
    {**JSON, "Content-Encoding": "gzip"},
    {**JSON, "Content-Encoding": "identity, gzip"},
    {**FORM, "Content-Encoding": "br"},
]


@pytest.mark.parametrize("headers", [*TYPES, FORM], ids=str)
async def test_json_under_another_name_is_a_415(client: AsyncClient, headers: dict[str, str]) -> None:
    """S-34"""
    body = gzip.compress(person()) if "gzip" in headers.get("Content-Encoding", "") else person()
    reply = await client.post("/auth/register", content=body, headers=headers)
    refused(reply, 415, "unsupported-media-type")


@pytest.mark.parametrize("headers", [*TYPES, JSON], ids=str)
@pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke"])
async def test_a_form_under_another_name_is_a_415(client: AsyncClient, path: str, headers: dict[str, str]) -> None:
    """S-34"""
    refused(await client.post(path, content=b"token=x", headers=headers), 415, "unsupported-media-type")


async def test_the_content_type_may_have_parameters_and_any_case(client: AsyncClient) -> None:
    for kind in ("application/json; charset=utf-8", "Application/JSON", "application/json ;charset=UTF-8"):
        reply = await client.post("/auth/register", content=b"[]", headers={"Content-Type": kind})
        refused(reply, 422, "validation-failed")


ERRORS = {"invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unsupported_grant_type"}
FIELDS = [
    "grant_type", "username", "password", "refresh_token", "scope", "audience", "client_id", "client_secret",
]  # fmt: skip


@pytest.mark.parametrize("grant", ["password", "refresh_token", "client_credentials"])
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "value", ["%00", "a%00b", "%ED%A0%80", "%FF%FE", "%", "%u0000", "%0d%0a", "\xff\xfe", "%C0%80"]
)
async def test_bad_text_in_any_field_of_the_form_is_a_4xx(
    client: AsyncClient, grant: str, field: str, value: str
) -> None:
    """S-35: NUL, surrogates, invalid UTF-8, and line breaks; with the errors of RFC 6749."""
    form = {
        "grant_type": grant, "username": new_email(), "password": "long enough", "refresh_token": "x",
        "audience": "users", "client_id": "svc%3Ausers", "client_secret": "x", field: value,
    }  # fmt: skip
    body = "&".join(f"{name}={text}" for name, text in form.items()).encode("latin-1")
    reply = await client.post("/auth/token", content=body, headers=FORM)
    assert reply.status_code in {400, 401, 422}, reply.text
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["error"] in ERRORS


@pytest.mark.parametrize("body", [b"", b"&&&", b"=", b"=x", b"%00=x", b"token", b"token[]=x", b"\x00", b"\xff=\xff"])
@pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke"])
async def test_a_form_without_sense_is_a_4xx(client: AsyncClient, path: str, body: bytes) -> None:
    reply = await client.post(path, content=body, headers=FORM)
    assert 400 <= reply.status_code < 500, reply.text
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["error"] in ERRORS


IDS = [
    "-1", "0", str(2**53), str(2**63), str(2**64), "1" + "0" * 30, "9" * 5000, "1e3", "0x1", "1.0", "+1", " 1", "1_0",
    "\uff11\uff12", "\u0661", "%00", "1%00", "%ED%A0%80", "%FF", "null", "NaN", "Infinity", "true", "1;DROP", "1,2",
]  # fmt: skip


@pytest.mark.parametrize("text", IDS, ids=lambda text: ascii(text)[:20])
async def test_an_id_out_of_range_or_shape_is_a_422(
    client: AsyncClient, service_token: ServiceSignIn, text: str
) -> None:
    """S-36"""
    reply = await client.get(f"/internal/accounts/{text}", headers=bearer(await service_token("svc:users")))
    refused(reply, 422, "validation-failed")


@pytest.mark.parametrize("text", ["1", str(2**31), str(2**53 - 1)])
async def test_an_id_that_nobody_has_is_a_404(client: AsyncClient, service_token: ServiceSignIn, text: str) -> None:
    """S-36"""
    reply = await client.get(f"/internal/accounts/{text}", headers=bearer(await service_token("svc:users")))
    refused(reply, 404, "account-not-found")


async def test_an_anonymous_caller_learns_nothing_of_ids(client: AsyncClient) -> None:
    for text in ("1", "-1", "x"):
        refused(await client.get(f"/internal/accounts/{text}"), 401, "sign-in-required")


async def test_strange_headers_do_no_harm(client: AsyncClient) -> None:
    strange: list[tuple[bytes, bytes]] = [
        (b"User-Agent", b"\xff\xfe\x01" + b"x" * 5000),
        (b"X-Forwarded-For", b"\xff, ,,"),
        (b"X-Request-ID", b"a" * 5000),
        (b"Origin", b"\xff"),
        (b"Cookie", b"\xff"),
    ]
    form: dict[str, Any] = {"username": new_email(), "password": PASSWORD}
    refused(await client.post("/auth/token", data=form, headers=strange), 400, "invalid-grant")
