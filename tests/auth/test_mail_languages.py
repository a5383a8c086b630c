"""The language of an account: from sign-up, changed by its owner, and used in each mail."""

import asyncio
import base64
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from auth.services.audit import Action
from tests.auth.conftest import PASSWORD, Connection, Join, Member, client_of, new_email
from tests.auth.mails import newest, relay
from tests.auth.smtp_server import MailServer
from tests.auth.test_mail_server import sending_to

STORED = "SELECT locale FROM accounts WHERE id = $1"


async def register(client: AsyncClient, accept: str | None = None, **more: Any) -> dict[str, Any]:
    person = {"email": new_email(), "password": PASSWORD, "name": "Ada", **more}
    headers = {} if accept is None else {"Accept-Language": accept}
    reply = await client.post("/auth/register", json=person, headers=headers)
    assert reply.status_code == 201, reply.text
    return person | {"id": reply.json()["id"]}


async def choose(client: AsyncClient, member: Member, **body: Any) -> tuple[int, Any]:
    reply = await client.patch("/auth/me", json=body, headers=member.headers)
    return reply.status_code, reply.json().get("locale", reply.json().get("code"))


@pytest.mark.parametrize(
    ("accept", "given", "stored", "subject"),
    [
        (None, None, None, "Confirm your e-mail address"),
        ("de-AT,de;q=0.9,en;q=0.8", None, "de", "Bestätigen Sie Ihre E-Mail-Adresse"),
        ("nl, fr;q=0.3, es;q=0.7", None, "es", "Confirme su dirección de correo"),
        ("nl", None, None, "Confirm your e-mail address"),
        ("de", "FR-ca", "fr-CA", "Confirmez votre adresse e-mail"),
        ("ja", "nl", "nl", "Confirm your e-mail address"),
    ],
)
async def test_a_sign_up_tells_the_language(
    client: AsyncClient,
    app: FastAPI,
    superuser: Connection,
    accept: str | None,
    given: str | None,
    stored: str | None,
    subject: str,
) -> None:
    """The field counts, whatever it is: mails in it may come later. Of the header, only what there are mails in."""
    person = await register(client, accept, **({"locale": given} if given else {}))
    assert await superuser.fetchval(STORED, person["id"]) == stored
    assert (await newest(app, person["email"])).subject == subject


async def test_its_owner_reads_changes_and_removes_it(client: AsyncClient, app: FastAPI, join: Join) -> None:
    ada = await join()
    assert (await client.get("/auth/me", headers=ada.headers)).json()["locale"] is None
    assert await choose(client, ada, locale="ZH-hant-tw") == (200, "zh-Hant-TW")
    assert await choose(client, ada) == (200, "zh-Hant-TW")
    assert await choose(client, ada, locale="ja") == (200, "ja")
    await client.post("/auth/password-reset", json={"email": ada.person.email})
    mail = await newest(app, ada.person.email)
    assert (mail.subject, mail.message["Content-Language"]) == ("新しいパスワードの設定", "ja")
    assert await choose(client, ada, locale=None) == (200, None)
    assert (await client.get("/auth/me", headers=ada.headers)).json()["locale"] is None


async def test_a_mail_keeps_the_language_in_which_it_was_wanted(client: AsyncClient, app: FastAPI, join: Join) -> None:
    ada = await join()
    await choose(client, ada, locale="es")
    await client.post("/auth/password-reset", json={"email": ada.person.email})
    await relay(app, "auth")
    await choose(client, ada, locale="de")
    assert (await newest(app, ada.person.email)).subject == "Elija una contraseña nueva"


async def test_the_last_mail_of_a_deleted_account_is_in_its_language(
    client: AsyncClient, app: FastAPI, superuser: Connection, join: Join
) -> None:
    ada = await join()
    await choose(client, ada, locale="fr")
    reply = await client.post("/auth/account/deletion", json={"password": PASSWORD}, headers=ada.headers)
    assert reply.status_code == 202
    await superuser.execute("UPDATE accounts SET locale = NULL WHERE id = $1", ada.id)
    assert (await newest(app, ada.person.email)).subject == "Votre compte a été supprimé"


@pytest.mark.parametrize("locale", ["", "de_DE", "x", "de" * 20, 7, ["de"]], ids=repr)
async def test_what_is_no_language_is_refused(
    client: AsyncClient, superuser: Connection, join: Join, locale: Any
) -> None:
    ada = await join()
    assert (await choose(client, ada, locale=locale))[0] == 422
    reply = await client.post(
        "/auth/register", json={"email": new_email(), "password": PASSWORD, "name": "Ada", "locale": locale}
    )
    assert reply.status_code == 422
    assert await superuser.fetchval(STORED, ada.id) is None


async def test_changes_at_once_follow_each_other(client: AsyncClient, superuser: Connection, join: Join) -> None:
    """Each line of the trail begins where the one before ended."""
    ada, tags = await join(), ["de", "en", "es", "fr", "ja"] * 4
    replies = await asyncio.gather(*(choose(client, ada, locale=tag) for tag in tags))
    assert replies == [(200, tag) for tag in tags]
    lines = await superuser.fetch(
        "SELECT detail ->> 'before' AS before, detail ->> 'after' AS after FROM audit_events"
        " WHERE account_id = $1 AND action = $2 ORDER BY id",
        ada.id,
        Action.locale_changed,
    )
    assert [line["before"] for line in lines] == [None, *(line["after"] for line in lines[:-1])]
    assert lines[-1]["after"] == await superuser.fetchval(STORED, ada.id)
    assert all(line["before"] != line["after"] for line in lines)


async def test_an_account_that_was_just_disabled_or_deleted_changes_nothing(
    client: AsyncClient, superuser: Connection, join: Join
) -> None:
    """Its token may still be accepted for a moment."""
    ada = await join()
    await superuser.execute("UPDATE accounts SET status = 'deleting' WHERE id = $1", ada.id)
    assert await choose(client, ada, locale="de") == (404, "account-not-found")
    assert await superuser.fetchval(STORED, ada.id) is None


async def test_a_japanese_mail_crosses_a_server_that_knows_only_ascii(
    settings: Settings, superuser: Connection
) -> None:
    """RFC 2047 in the header, base64 in the bodies: no byte beyond ASCII, no line longer than 998."""
    await superuser.execute("DELETE FROM outbox")
    async with (
        MailServer(options={"enable_SMTPUTF8": False}) as smtp,
        sending_to(settings, f"smtp://127.0.0.1:{smtp.port}") as app,
        client_of(app) as client,
    ):
        await register(client, "ja")
        await relay(app)
    (mail,) = smtp.mails
    raw = mail.message.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) < 998
    assert b"Subject: =?utf-8?" in raw
    assert mail.subject == "メールアドレスをご確認ください"
    assert mail.message.get_content_type() == "multipart/alternative"
    parts = list(mail.message.iter_parts())
    assert [(part.get_content_type(), part.get_content_charset()) for part in parts] == [
        ("text/plain", "utf-8"),
        ("text/html", "utf-8"),
    ]
    assert {part["Content-Transfer-Encoding"] for part in parts} <= {"base64", "quoted-printable"}
    assert "ご本人による登録の場合は" in base64.b64decode(str(parts[0].get_payload())).decode()
    assert f'<a href="{app.state.settings.issuer}/#verify-email={mail.token}">' in mail.html
