"""`python -m auth clients rotate`: no gap for the services, and old secrets end."""

import asyncio
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from typer.testing import CliRunner

from auth.commands import cli
from auth.config import Settings
from common.secrets import read_secret
from common.tokens.replies import Http
from common.tokens.service_tokens import NoToken, ServiceTokens
from tests.auth.conftest import Connection


@dataclass
class Operator:
    """Runs auth's command line with the settings that it needs."""

    settings: Settings

    async def rotate(self, *words: str, typed: str = "") -> tuple[int, str]:
        """In a thread: the command has its own event loop."""
        environment = {
            "DATABASE_URL": str(self.settings.database_url),
            "DATABASE_PASSWORD": self.settings.database_password.get_secret_value(),
        }
        command = ["clients", "rotate", *words]
        result = await asyncio.to_thread(CliRunner().invoke, cli, command, input=typed, env=environment)
        return result.exit_code, result.output


@pytest.fixture
def operator(settings: Settings) -> Operator:
    return Operator(settings)


def running_with(app: FastAPI, secret: str, client_id: str = "svc:users") -> ServiceTokens:
    """A service's token client, started with this secret."""
    return ServiceTokens(Http(ASGITransport(app)), "http://auth.test", client_id, SecretStr(secret))


async def works(app: FastAPI, secret: str, client_id: str = "svc:users") -> bool:
    try:
        return bool(await running_with(app, secret, client_id).token_for("auth"))
    except NoToken:
        return False


async def test_two_secrets_are_valid_and_the_oldest_is_not(
    operator: Operator,
    app: FastAPI,
    client: AsyncClient,
    service_secrets: dict[str, str],
    tmp_path: Path,
    superuser: Connection,
) -> None:
    """Step by step: rotate, restart with the new file, rotate again."""
    first = service_secrets["svc:users"]
    file = tmp_path / "svc-users-secret"
    file.write_text(first)
    file.chmod(0o640)
    before = running_with(app, first)
    assert await before.token_for("auth")

    done, said = await operator.rotate("users", "--write", str(file))
    assert done == 0, said
    second = read_secret(file)
    assert second != first
    assert second not in said
    assert file.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == [file.name]
    assert await before.token_for("auth"), "the service that runs on goes on"
    assert [await works(app, first), await works(app, second)] == [True, True]

    third = secrets.token_urlsafe(32)
    done, said = await operator.rotate("users", "--read", "-", typed=f"{third}\n")
    assert done == 0, said
    assert [await works(app, one) for one in (first, second, third)] == [False, True, True]
    others = service_secrets.keys() - {"svc:users"}
    assert [await works(app, service_secrets[one], one) for one in others] == [True] * len(others)
    noted = await superuser.fetch("SELECT actor, detail FROM audit_events WHERE action = 'service-secret-changed'")
    assert [tuple(row) for row in noted] == [("server", '{"client": "svc:users"}')] * 2


def grant(client_id: str, secret: str) -> dict[str, str]:
    known = {"client_id": client_id, "client_secret": secret}
    return {"grant_type": "client_credentials", "audience": "auth", **known}


async def test_the_secret_from_a_file_and_nothing_at_all_for_a_weak_one(
    operator: Operator, app: FastAPI, superuser: Connection, tmp_path: Path
) -> None:
    file = tmp_path / "given"
    file.write_text(secrets.token_urlsafe(32) + "\n")
    file.chmod(0o600)
    done, said = await operator.rotate("users", "--read", str(file))
    assert done == 0, said
    assert await works(app, read_secret(file))
    rows = await superuser.fetch("SELECT * FROM service_clients ORDER BY client_id")
    refused = [
        ((), "", "Give either"),
        (("--read", "-", "--write", str(file)), "", "Give either"),
        (("--read", "-"), "short\n", "at least 32 characters"),
        (("--write", str(tmp_path / "no" / "folder")), "", "No such file"),
    ]
    for words, typed, why in refused:
        done, said = await operator.rotate("users", *words, typed=typed)
        assert done == 1, said
        assert why in said
        assert "Traceback" not in said
    assert await superuser.fetch("SELECT * FROM service_clients ORDER BY client_id") == rows


async def test_only_services_have_secrets(operator: Operator) -> None:
    done, said = await operator.rotate("gateway", "--read", "-")
    assert done == 2
    assert "users" in said
