"""What may happen once only, or takes a way in: ready to be done by two processes of auth, many times at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from httpx import AsyncClient, Response

from tests.auth.api_keys import exchange, new_key
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import PASSWORD, Member
from tests.auth.passkeys import add, enter, options, request_options, send, sign_in
from tests.auth.second_factors import Guarded, challenge, complete, step_up
from tests.auth.test_access_tokens import part
from tests.auth.test_identities import begin, link, newcomer
from tests.auth.test_mail_codes import ask, confirm, mailed
from tests.system.faults.replicas import Moment
from tests.system.faults.sign_in_world import Call, Trial, World, gives_tokens

EACH: Final = 10
"""Uses by each of the two processes."""
GUESSES: Final = 2
"""The same of what is counted as a guess until it was right."""
SESSIONS: Final = "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL"
IDENTITIES: Final = "SELECT count(*) FROM identities WHERE subject = $1"
WAYS: Final = """
SELECT (SELECT count(*) FROM identities WHERE account_id = $1) + (SELECT count(*) FROM passkeys WHERE account_id = $1)
"""
KEYS: Final = "SELECT count(*) FROM api_keys WHERE account_id = $1 AND revoked_at IS NULL"
AUDITED: Final = "SELECT count(*) FROM audit_events WHERE account_id = $1 AND action = '{}'"


def many(call: Call, each: int = EACH) -> list[Call]:
    return [call] * each


async def callback(world: World) -> Trial:
    subject = world.somebody_new()
    uses = many(world.arriving(await world.browser.begin()))
    return Trial(uses, uses, world.counted(IDENTITIES, subject), world.by_provider)


async def redemption(world: World) -> Trial:
    world.somebody_new()
    member = await newcomer(world.browser)
    code = (await world.browser.visit())["provider-code"]
    cookie = "; ".join(f"{one.name}={one.value}" for one in world.browser.client.cookies.jar)
    uses = many(lambda there: there.post("/auth/sign-in/provider", json={"code": code}, headers={"Cookie": cookie}))
    return Trial(uses, uses, world.counted(SESSIONS, member.id, 1), world.by_provider, gives_tokens)


async def recovery_code(world: World) -> Trial:
    ada = await world.guarded()
    proof = {"recovery_code": ada.recovery_codes[0]}
    return await with_proof(world, ada, proof, EACH)


async def app_code(world: World) -> Trial:
    ada = await world.guarded()
    return await with_proof(world, ada, {"code": await ada.code()}, GUESSES)


async def with_proof(world: World, ada: Guarded, proof: dict[str, str], each: int) -> Trial:
    """Each use has a challenge of its own, so only the proof can be what was used before."""
    tokens = [await challenge(world.client, ada) for _ in range(2 * each)]
    uses = [lambda there, token=token: complete(there, token, **proof) for token in tokens]
    effects = world.counted(SESSIONS, ada.id, 1)
    return Trial(uses[:each], uses[each:], effects, world.by_password(ada.member), gives_tokens)


async def step_up_by_code(world: World) -> Trial:
    ada = await world.guarded()
    code = await ada.code()
    uses = many(lambda there: step_up(there, ada.headers, code=code), GUESSES)
    effects = world.counted(AUDITED.format("stepped-up"), ada.id)
    return Trial(uses, uses, effects, world.by_password(ada.member), gives_tokens)


async def link_and_first_visit(world: World) -> tuple[Call, Call, str]:
    member, subject = await world.join(), world.somebody_new()
    return world.arriving(await begin(world.browser, member)), world.arriving(await world.browser.begin()), subject


async def linking(world: World) -> Trial:
    link_, visit, subject = await link_and_first_visit(world)
    return Trial(many(link_), many(visit), world.counted(IDENTITIES, subject), world.by_provider)


async def sign_up_by_provider(world: World) -> Trial:
    link_, visit, subject = await link_and_first_visit(world)
    return Trial(many(visit), many(link_), world.counted(IDENTITIES, subject), world.by_provider)


async def sign_up_by_password(world: World) -> Trial:
    """The same address by a provider and by a password."""
    email = world.somebody_new()
    form = {"email": email, "password": PASSWORD}

    async def comes_back() -> None:
        told = await world.browser.visit()
        reply = await world.client.post("/auth/sign-in", json=form)
        assert ("provider-code" in told) != (reply.status_code == 200), (told, reply.text)

    def sign_up(there: AsyncClient) -> Awaitable[Response]:
        return there.post("/auth/register", json={**form, "name": "Ada"})

    arrive = world.arriving(await world.browser.begin())
    effects = world.counted("SELECT count(*) FROM accounts WHERE email = $1", email)
    return Trial(many(arrive), [sign_up], effects, comes_back)  # one: several wait for their hashes


async def unlinking(world: World) -> Trial:
    world.somebody_new()
    member = await newcomer(world.browser)
    await link(world.browser, member, "other")
    one, other = (remove(f"/auth/identities/{name}", member) for name in ("idp", "other"))

    async def comes_back() -> None:
        for name in ("idp", "other"):
            reply = await world.browser.client.get(f"/auth/providers/{name}/authorize")
            asked = dict(parse_qsl(urlsplit(reply.headers["location"]).query))
            told = await world.browser.arrive(world.browser.provider.consent(asked), name)
            reply = await world.browser.redeem(told) if "provider-code" in told else reply
            if reply.status_code == 200 and part(reply.json()["access_token"], 1)["sub"] == str(member.id):
                return
        raise AssertionError("shut out")

    return Trial(many(one), many(other), world.counted(WAYS, member.id), comes_back)


async def unlinking_and_removing(world: World) -> Trial:
    """A provider and a passkey."""
    world.somebody_new()
    member, device = await newcomer(world.browser), Authenticator()
    made = await add(world.client, member, device)

    async def comes_back() -> None:
        replies = [await sign_in(world.client, device), await world.browser.redeem(await world.browser.visit())]
        tokens = [reply.json()["access_token"] for reply in replies if reply.status_code == 200]
        assert str(member.id) in {part(token, 1)["sub"] for token in tokens}

    one, other = remove("/auth/identities/idp", member), remove(f"/auth/passkeys/{made['id']}", member)
    return Trial(many(one), many(other), world.counted(WAYS, member.id), comes_back)


def remove(path: str, member: Member) -> Call:
    return lambda there: there.delete(path, headers=member.headers)


async def new_passkey(world: World) -> Trial:
    member, device = await world.join(), Authenticator()
    made = device.make(await options(world.client, member))
    uses = many(lambda there: send(there, member, made))

    async def signs_in(there: AsyncClient, _: Response) -> None:
        assert (await sign_in(there, device)).status_code == 200

    return Trial(uses, uses, world.counted(WAYS, member.id), world.by_password(member), signs_in)


async def passkey_answer(world: World) -> Trial:
    member, device = await world.join(), Authenticator()
    await add(world.client, member, device)
    answer = device.answer(await request_options(world.client))
    uses = many(lambda there: enter(there, answer))

    async def comes_back() -> None:
        assert (await sign_in(world.client, device)).status_code == 200

    return Trial(uses, uses, world.counted(SESSIONS, member.id, 1), comes_back, gives_tokens)


async def mail_code(world: World) -> Trial:
    member = await world.join()
    asked = await ask(world.client, member.person.email)
    code = await mailed(world.app, member.person.email)
    uses = many(lambda there: confirm(there, asked, code), GUESSES)
    return Trial(uses, uses, world.counted(SESSIONS, member.id, 1), world.by_password(member), gives_tokens)


async def new_api_key(world: World) -> Trial:
    member = await world.join()
    body = {"name": "nightly import", "scopes": ["users:read"]}
    uses = many(lambda there: there.post("/auth/keys", json=body, headers=member.headers))

    async def is_exchanged(there: AsyncClient, reply: Response) -> None:
        assert (await exchange(there, reply.json()["key"])).status_code == 200

    return Trial(uses, uses, world.counted(KEYS, member.id), world.by_password(member), is_exchanged)


async def key_exchange(world: World) -> Trial:
    """Everybody who has the key gets a token; its use is noted once."""
    member = await world.join()
    key = (await new_key(world.client, member, "auth:read"))["key"]
    uses = many(lambda there: exchange(there, key))
    return Trial(uses, uses, world.counted(KEYS, member.id), world.by_password(member), gives_tokens)


async def key_revocation(world: World) -> Trial:
    member = await world.join()
    made = await new_key(world.client, member, "auth:read")
    uses = many(remove(f"/auth/keys/{made['id']}", member))

    async def is_refused(there: AsyncClient, _: Response) -> None:
        assert (await exchange(there, made["key"])).status_code == 400

    effects = world.counted(AUDITED.format("api-key-revoked"), member.id)
    return Trial(uses, uses, effects, world.by_password(member), is_refused)


@dataclass(frozen=True)
class Act:
    """An act, where its process is killed, and what must come of it."""

    prepare: Callable[[World], Awaitable[Trial]]
    table: str
    moment: Moment
    acknowledged: int
    """By the process that lives."""
    effects: int = 1

    def __str__(self) -> str:
        return f"{self.prepare.__name__}, {self.table} {self.moment}"


def both(prepare: Callable[[World], Awaitable[Trial]], table: str, **other: Any) -> list[Act]:
    """Killed in the statement, so that the other process does it; killed in the commit, so that it finds it done."""
    told = {"acknowledged": (1, 0), "effects": (1, 1), **other}
    return [
        Act(prepare, table, moment, told["acknowledged"][place], told["effects"][place])
        for place, moment in enumerate((Moment.statement, Moment.commit))
    ]


ACTS: Final = [
    *both(callback, "provider_flows", effects=(1, 0)),  # used up before the provider is asked: begin again
    *both(callback, "provider_codes", acknowledged=(0, 0), effects=(0, 1)),
    *both(redemption, "sessions"),
    *both(recovery_code, "recovery_codes"),
    *both(app_code, "second_factors"),
    *both(step_up_by_code, "sessions"),
    *both(linking, "identities", acknowledged=(1, 1)),  # who visits signs in, or signs up
    *both(sign_up_by_provider, "accounts"),
    *both(sign_up_by_password, "accounts"),
    *both(unlinking, "identities"),
    *both(unlinking_and_removing, "identities"),
    *both(new_passkey, "passkeys"),
    *both(passkey_answer, "sessions"),
    *both(mail_code, "sessions"),
    *both(new_api_key, "api_keys"),
    *both(key_exchange, "api_keys", acknowledged=(EACH, EACH)),
    *both(key_revocation, "api_keys"),
]
