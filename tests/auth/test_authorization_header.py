"""Tokens are accepted only in the Authorization header (S-18)."""

import pytest
from httpx import AsyncClient

from tests.auth.conftest import SignedIn, bearer
from tests.forgeries import BARE


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_scheme_s_case_does_not_matter(client: AsyncClient, signed_in: SignedIn, scheme: str) -> None:
    """S-18"""
    token = (await signed_in())["access_token"]
    assert (await client.get("/auth/me", headers={"Authorization": f"{scheme} {token}"})).status_code == 200


async def test_without_a_token_the_challenge_is_bare(client: AsyncClient) -> None:
    """RFC 6750, section 3.1"""
    reply = await client.get("/auth/me")
    assert (reply.status_code, reply.json()["code"]) == (401, "sign-in-required")
    assert reply.headers["www-authenticate"] == BARE


@pytest.mark.parametrize(
    "value", ["Bearer  {0}", "Bearer {0} {0}", "Bearer {0},", 'Bearer "{0}"', "Bearer {0}, Bearer {0}"]
)
async def test_a_bearer_token_in_any_other_form_is_refused(
    client: AsyncClient, signed_in: SignedIn, value: str
) -> None:
    """S-18"""
    token = (await signed_in())["access_token"]
    reply = await client.get("/auth/me", headers={"Authorization": value.format(token)})
    assert (reply.status_code, reply.json()["code"]) == (401, "invalid-token")
    assert reply.headers["www-authenticate"] == f'{BARE}, error="invalid_token"'


@pytest.mark.parametrize("path", ["/auth/me", "/auth/sessions"])
@pytest.mark.parametrize(
    "value",
    ["{0}", "Basic {0}", "Token {0}", "Bearer", "Bearer ", "Bearer\t{0}", "Bearer,{0}", "DPoP {0}", "", " ",
     "Bearerx {0}"],
)  # fmt: skip
async def test_another_scheme_is_no_invalid_token(
    client: AsyncClient, signed_in: SignedIn, value: str, path: str
) -> None:
    """RFC 6750, section 3.1: `error` only after a bearer token. Otherwise clients would renew their token."""
    token = (await signed_in())["access_token"]
    reply = await client.get(path, headers={"Authorization": value.format(token)})
    assert (reply.status_code, reply.json()["code"]) == (401, "sign-in-required")
    assert reply.headers["www-authenticate"] == BARE


async def test_a_good_token_of_the_wrong_kind_is_told_so(client: AsyncClient, signed_in: SignedIn) -> None:
    """RFC 6750, section 3.1"""
    reply = await client.get("/auth/accounts", headers=bearer((await signed_in())["access_token"]))
    assert (reply.status_code, reply.json()["code"]) == (403, "not-for-this-caller")
    assert reply.headers["www-authenticate"] == f'{BARE}, error="insufficient_scope"'


async def test_two_headers_are_refused_even_when_both_are_good(client: AsyncClient, signed_in: SignedIn) -> None:
    """S-18"""
    good = bearer((await signed_in())["access_token"])["Authorization"]
    for values in ((good, good), (good, "Basic x"), ("Basic x", good)):
        reply = await client.get("/auth/me", headers=[("Authorization", value) for value in values])
        assert (reply.status_code, reply.json()["code"]) == (401, "invalid-token")


async def test_a_token_anywhere_else_is_not_seen(client: AsyncClient, signed_in: SignedIn) -> None:
    """S-18"""
    token = (await signed_in())["access_token"]
    elsewhere = [
        await client.get("/auth/me", params={"access_token": token, "token": token}),
        await client.get("/auth/me", headers={"Cookie": f"access_token={token}; Authorization=Bearer {token}"}),
        await client.get("/auth/me", headers={"X-Authorization": f"Bearer {token}", "X-Access-Token": token}),
        await client.get("/auth/me", headers={"Proxy-Authorization": f"Bearer {token}"}),
        await client.request("GET", "/auth/me", data={"access_token": token}),
    ]
    assert {(reply.status_code, reply.json()["code"]) for reply in elsewhere} == {(401, "sign-in-required")}
