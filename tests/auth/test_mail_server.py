"""Sending mails to a real mail server that accepts, refuses or delays them, or is down."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from pydantic import NameEmail, SecretStr
from pydantic_core import Url

from auth.clients.messages import Mailbox, compose
from auth.config import Settings
from auth.mailing import LEASE
from auth.services.mail.rendering import RenderedMail
from common.events.outbox import OutboxRepository
from tests.auth.certificates import certificate_for
from tests.auth.conftest import PASSWORD, Connection, client_of, new_email, running
from tests.auth.mails import relay
from tests.auth.smtp_server import MailServer
from tests.waiting import eventually

OURS = "no-reply@trivium.example"


@asynccontextmanager
async def sending_to(settings: Settings, url: str, password: str | None = None) -> AsyncIterator[FastAPI]:
    """auth, which sends its mails to that server."""
    nobody = "http://127.0.0.1:9"
    to = {"smtp_url": Url(url), "mail_from": NameEmail("Trivium", OURS), "smtp_timeout": timedelta(seconds=1)}
    to |= {"users_url": nobody, "posts_url": nobody}
    secret = {"smtp_password": SecretStr(password)} if password else {}
    async with running(settings.model_copy(update=to | secret)) as app:
        yield app


@pytest.fixture
async def smtp() -> AsyncIterator[MailServer]:
    async with MailServer() as smtp:
        yield smtp


@pytest.fixture
async def app(settings: Settings, smtp: MailServer, superuser: Connection) -> AsyncIterator[FastAPI]:
    await superuser.execute("DELETE FROM outbox")
    async with sending_to(settings, f"smtp://127.0.0.1:{smtp.port}") as app:
        yield app


async def sign_up(app: FastAPI, email: str = "") -> str:
    person = {"email": email or new_email(), "password": PASSWORD, "name": "Ada"}
    async with client_of(app) as client:
        assert (await client.post("/auth/register", json=person)).status_code == 201
    await relay(app, "auth")
    return person["email"]


@asynccontextmanager
async def relaying(app: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(app.state.relay.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def waiting(superuser: Connection) -> int:
    return int(await superuser.fetchval("SELECT count(*) FROM outbox WHERE target = 'smtp' AND parked_at IS NULL"))


async def parked(superuser: Connection) -> int:
    return int(await superuser.fetchval("SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL"))


async def test_a_mail_arrives_in_both_forms(app: FastAPI, smtp: MailServer) -> None:
    email = await sign_up(app)
    await relay(app)
    (mail,) = smtp.mails
    assert smtp.envelopes == [(OURS, [email])]
    assert smtp.named == ["trivium.example"]
    assert (mail.to, mail.message["From"], mail.message["Auto-Submitted"]) == (
        email,
        f"Trivium <{OURS}>",
        "auto-generated",
    )
    assert mail.message["Message-ID"].endswith("@trivium.example>")
    assert mail.token in mail.html


async def test_a_server_that_is_away_is_waited_for_and_delays_nothing_else(
    app: FastAPI, smtp: MailServer, superuser: Connection
) -> None:
    await smtp.__aexit__()
    async with relaying(app):
        emails = [await sign_up(app) for _ in range(3)]
        await eventually(lambda: app.state.relay.channels["smtp"].failures >= 3)
        assert app.state.relay.channels["auth"].failures == 0
        assert (await waiting(superuser), await parked(superuser)) == (3, 0)
        async with smtp:
            await eventually(lambda: len(smtp.mails) == 3)
    assert sorted(mail.to for mail in smtp.mails) == sorted(emails)


@pytest.mark.parametrize("answers", [{"MAIL": "550 not from you"}, {"MAIL": "451 later"}, {"RCPT": "421 closing"}])
async def test_what_is_wrong_with_the_server_is_waited_for(
    app: FastAPI, smtp: MailServer, superuser: Connection, answers: dict[str, str]
) -> None:
    smtp.answers = answers
    async with relaying(app):
        await sign_up(app)
        await eventually(lambda: app.state.relay.channels["smtp"].failures >= 3)
        assert (await waiting(superuser), await parked(superuser)) == (1, 0)
        smtp.answers = {}
        await eventually(lambda: len(smtp.mails) == 1)


async def test_what_is_refused_for_good_is_parked_after_five_tries_and_holds_up_nobody(
    app: FastAPI, smtp: MailServer, superuser: Connection
) -> None:
    smtp.answers = {"DATA": "554 no such mail"}
    async with relaying(app):
        await sign_up(app)
        await eventually(lambda: app.state.relay.channels["smtp"].refused >= 2)
        smtp.answers, smtp.of = {}, dict.fromkeys(smtp.tried, "550 no such person")
        other = await sign_up(app)
        await eventually(lambda: other in [mail.to for mail in smtp.mails])
        assert await parked(superuser) == 0
        await eventually(lambda: app.state.relay.channels["smtp"].parked == 1)
    assert [tries for email, tries in smtp.tried.items() if email != other] == [5]
    assert await parked(superuser) == 1


async def test_a_mailbox_that_takes_none_just_now_is_tried_again_with_growing_pauses(
    app: FastAPI, smtp: MailServer, superuser: Connection
) -> None:
    email = new_email()
    smtp.of = {email: "452 mailbox full"}
    async with relaying(app):
        await sign_up(app, email)
        await eventually(lambda: smtp.tried[email] == 2)
        others = [await sign_up(app) for _ in range(2)]
        await eventually(lambda: len(smtp.mails) == 2)
        assert sorted(mail.to for mail in smtp.mails) == sorted(others)
        await superuser.execute("UPDATE outbox SET attempts = 20")
        pause = timedelta()
        while pause < timedelta(minutes=13):
            await asyncio.sleep(0.02)
            pause = await superuser.fetchval("SELECT next_at - clock_timestamp() FROM outbox WHERE target = 'smtp'")
        assert pause < timedelta(minutes=14)
        assert await parked(superuser) == 0
        smtp.of = {}
        await superuser.execute("UPDATE outbox SET next_at = clock_timestamp()")
        await eventually(lambda: len(smtp.mails) == 3)


async def test_a_server_that_falls_silent_over_a_mail_gets_it_again_under_the_same_id(
    app: FastAPI, smtp: MailServer, superuser: Connection
) -> None:
    smtp.slow = 2.0
    async with relaying(app):
        await sign_up(app)
        await eventually(lambda: len(smtp.mails) == 1)
        await asyncio.sleep(1.2)
        assert (await waiting(superuser), await parked(superuser)) == (1, 0)
        smtp.slow = 0.0
        await eventually(lambda: len(smtp.mails) >= 2)
        await eventually(lambda: app.state.relay.channels["smtp"].sent == 1)
    assert len({(mail.message["Message-ID"], mail.token) for mail in smtp.mails}) == 1


@pytest.mark.parametrize("opened", [False, True])
async def test_a_relay_that_dies_after_sending_is_followed_by_another(
    app: FastAPI, smtp: MailServer, superuser: Connection, opened: bool
) -> None:
    """R-03: the same mail again, with the same link; none at all if the link was opened meanwhile."""
    await sign_up(app)
    async with app.state.database.transaction() as session:
        (row,) = await OutboxRepository(session).lease("smtp", 1, LEASE)
    await app.state.relay.channels["smtp"].target.deliver([row.event])
    await relay(app, "smtp")
    (first,) = smtp.mails
    async with client_of(app) as client:
        if opened:
            reply = await client.post("/auth/verify-email/confirm", json={"token": first.token})
            assert reply.status_code == 204
        await superuser.execute("UPDATE outbox SET next_at = clock_timestamp()")  # the lease is over
        await relay(app, "smtp")
        assert len(smtp.mails) == (1 if opened else 2)
        assert {mail.message["Message-ID"] for mail in smtp.mails} == {first.message["Message-ID"]}
        replies = [await client.post("/auth/verify-email/confirm", json={"token": first.token}) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [204, 204]
    assert await waiting(superuser) == 0


async def test_an_address_beyond_ascii_needs_a_server_for_it(
    app: FastAPI, smtp: MailServer, superuser: Connection
) -> None:
    await sign_up(app, "grüße@exämple.com")
    await relay(app)
    assert smtp.envelopes == [(OURS, ["grüße@xn--exmple-cua.com"])]
    smtp.options = {"enable_SMTPUTF8": False}
    await sign_up(app, "süße@exämple.com")
    assert await app.state.relay.step("smtp", app.state.relay.channels["smtp"])
    assert app.state.relay.channels["smtp"].refused == 1
    await sign_up(app, "info@exämple.com")
    await relay(app)
    assert smtp.envelopes[1:] == [(OURS, ["info@xn--exmple-cua.com"])]


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS context; this process trusts it."""
    context, path = certificate_for("127.0.0.1", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return context


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_tls_and_a_password(settings: Settings, certificate: ssl.SSLContext, scheme: str) -> None:
    smtp = MailServer()
    if scheme == "smtps":
        smtp.tls, smtp.options = certificate, {"auth_require_tls": False}
    else:
        smtp.options = {"tls_context": certificate, "require_starttls": True, "auth_required": True}
    async with smtp:
        url = f"{scheme}://us%40example@127.0.0.1:{smtp.port}"
        async with sending_to(settings, url, "the mail password") as app:
            await sign_up(app)
            await relay(app)
    assert len(smtp.mails) >= 1
    assert set(smtp.signed_in) == {(b"us@example", b"the mail password")}


@pytest.mark.parametrize("trusted", [True, False])
async def test_no_password_and_no_mail_without_the_tls_that_was_asked_for(
    settings: Settings, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """A server without STARTTLS, or with an untrusted certificate, may be a man in the middle."""
    smtp = MailServer(options={"auth_require_tls": False} if trusted else {"tls_context": certificate})
    if not trusted:
        monkeypatch.delenv("SSL_CERT_FILE")
    async with smtp:
        url = f"smtp+starttls://us@127.0.0.1:{smtp.port}"
        async with sending_to(settings, url, "the mail password") as app:
            await sign_up(app)
            assert await app.state.relay.step("smtp", app.state.relay.channels["smtp"])
            assert app.state.relay.channels["smtp"].failures == 1
    assert (smtp.mails, smtp.signed_in) == ([], [])


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "ada@example.com\r\nBcc: eve@example.com"},
        {"to": "ada@example.com, eve@example.com"},
        {"to": "ada@example.com>\r\nRCPT TO:<eve@example.com"},
        {"subject": "Hello\r\nBcc: eve@example.com"},
        {"subject": "Hello\nBcc: eve@example.com"},
    ],
    ids=ascii,
)
def test_nothing_can_be_slipped_into_a_header(changes: dict[str, str]) -> None:
    letter = {"locale": "en", "to": "ada@example.com", "subject": "Hello", "text": "", "html": "", **changes}
    with pytest.raises(ValueError, match=r"."):
        compose(RenderedMail(id=uuid4(), written_at=datetime.now(UTC), **letter), "Trivium", Mailbox.of(OURS))


async def test_what_is_no_letter_is_parked_and_not_repeated_in_the_log(
    app: FastAPI, superuser: Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    await superuser.execute(
        "INSERT INTO outbox (target, type, subject, version, data) VALUES ('smtp', 'mail', 'mail:' || $1, 1, $2)",
        str(uuid4()),
        '{"kind": "email-changed", "to": "canary@example.com, eve@example.com"}',
    )
    assert await app.state.relay.step("smtp", app.state.relay.channels["smtp"])
    assert app.state.relay.channels["smtp"].refused == 1
    assert "canary" not in "".join(capfd.readouterr())
