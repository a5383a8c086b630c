"""A missing, weak or readable secret prevents the start; the message names the setting, not the value (S-47)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from auth.config import Settings as AuthSettings
from common.settings import MigrationSettings, ServiceSettings, async_url, load

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "reliability.md"
STRONG = "Xk3jQ0f9-canary-Zp7Lw2vN8sRt5yUb"
GOOD = {"DATABASE_URL": "postgresql://posts@db/posts", "DATABASE_PASSWORD": STRONG}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for settings in (AuthSettings, MigrationSettings):
        for name in settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
            monkeypatch.delenv(f"{name}_FILE".upper(), raising=False)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> "Start":
    return Start(monkeypatch)


class Start:
    """Start with an environment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def __call__(self, environment: Mapping[str, str]) -> ServiceSettings:
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        return load(ServiceSettings)

    def refused(self, environment: Mapping[str, str]) -> str:
        with pytest.raises(SystemExit) as refusal:
            self(environment)
        said = str(refusal.value)
        assert said.startswith("Cannot start")
        return said


def test_good_settings_start_and_keep_their_secrets_out_of_sight(start: Start) -> None:
    settings = start(GOOD)
    assert settings.database_password.get_secret_value() == STRONG
    assert STRONG not in repr(settings)
    assert STRONG not in str(async_url(settings.database_url, settings.database_password))
    with pytest.raises(ValidationError):
        settings.database_password = settings.database_password


WEAK = {
    "missing": None,
    "empty": "",
    "short": "Xk3jQ0f9Zp7Lw2vN8sRt5yUb1234567",
    "the same letter": "a" * 64,
    "a few letters": "abcabc" * 10,
    "changeme": "please-CHANGEME-0123456789-abcdefghijkl",
}


@pytest.mark.parametrize("secret", WEAK.values(), ids=list(WEAK))
def test_a_missing_or_weak_secret_is_named_and_not_shown(start: Start, secret: str | None) -> None:
    """S-47"""
    said = start.refused({**GOOD, "DATABASE_PASSWORD": secret or ""})
    assert "DATABASE_PASSWORD" in said
    assert not secret or secret not in said


@pytest.mark.parametrize("missing", ["KEY_ENCRYPTION_KEY", "REFRESH_KEY", "DATABASE_URL", "DATABASE_PASSWORD"])
def test_auth_wants_every_one_of_its_secrets(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """S-47: without any one of them the start fails."""
    for name, value in ({**GOOD, "KEY_ENCRYPTION_KEY": STRONG, "REFRESH_KEY": STRONG} | {missing: ""}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=missing):
        load(AuthSettings)


def test_a_secret_may_come_from_a_file(start: Start, tmp_path: Path) -> None:
    for ending in ("", "\n", "\r\n"):
        path = tmp_path / "secret"
        path.write_text(STRONG + ending)
        path.chmod(0o640)
        settings = start({"DATABASE_URL": GOOD["DATABASE_URL"], "DATABASE_PASSWORD_FILE": str(path)})
        assert settings.database_password.get_secret_value() == STRONG


@pytest.mark.parametrize(
    ("content", "mode"),
    [(STRONG.encode(), 0o644), (STRONG.encode(), 0o604), (b"too-short", 0o600), (b"", 0o600), (b"\xff" * 40, 0o600)],
    ids=["world-readable", "readable by others", "short", "empty", "not UTF-8"],
)
def test_a_bad_secret_file_is_refused_by_name(start: Start, tmp_path: Path, content: bytes, mode: int) -> None:
    """S-47"""
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    said = start.refused({"DATABASE_URL": GOOD["DATABASE_URL"], "DATABASE_PASSWORD_FILE": str(path)})
    assert "DATABASE_PASSWORD" in said
    assert "canary" not in said
    assert "too-short" not in said
    assert "0xff" not in said


@pytest.mark.parametrize("kind", ["missing", "a folder"])
def test_a_secret_file_that_cannot_be_read_is_refused_by_name(start: Start, tmp_path: Path, kind: str) -> None:
    """S-47"""
    path = tmp_path if kind == "a folder" else tmp_path / "nothing"
    said = start.refused({"DATABASE_URL": GOOD["DATABASE_URL"], "DATABASE_PASSWORD_FILE": str(path)})
    assert "DATABASE_PASSWORD" in said
    assert str(path) in said


def test_production_refuses_the_secrets_that_make_up_generates(start: Start) -> None:
    generated = {**GOOD, "DATABASE_PASSWORD": f"local-{STRONG}"}
    assert start(generated).profile == "local"
    said = start.refused({**generated, "PROFILE": "production"})
    assert "DATABASE_PASSWORD" in said
    assert STRONG not in said
    production = {**GOOD, "PROFILE": "production", "ISSUER": "https://api.example.com"}
    assert start(production).profile == "production"


@pytest.mark.parametrize("origins", ['["*"]', '["http://app.example", "*"]', '["null"]'])
def test_cors_has_no_wildcard(start: Start, origins: str) -> None:
    """S-41"""
    assert "CORS_ORIGINS" in start.refused({**GOOD, "CORS_ORIGINS": origins})


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "mysql://canary@db/x"), ("DATABASE_URL", "canary"), ("POOL_SIZE", "0"), ("POOL_SIZE", "canary"),
     ("PROFILE", "canary"), ("LOG_LEVEL", "canary"), ("POOL_TIMEOUT", "canary"), ("CORS_ORIGINS", "canary"),
     ("TRUSTED_PROXIES", '["canary"]'), ("TRUSTED_PROXIES", '["10.0.0.1/8"]')],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_named_and_not_shown(start: Start, name: str, value: str) -> None:
    said = start.refused({**GOOD, name: value})
    assert name in said.upper()
    assert "canary" not in said


def test_the_page_on_reliability_tells_the_defaults() -> None:
    """The defaults of all settings that its section on limits names."""
    limits = PAGE.read_text().partition("## Limits of each dependency")[2]
    told = re.findall(r"`([A-Z_]+)` (\d[\d.]*)( s| %)?", limits)
    assert len(told) >= 8
    assert f"`REQUESTS_AT_ONCE` requests ({ServiceSettings.model_construct().most_requests}:" in limits
    for name, figure, unit in told:
        value = AuthSettings.model_fields[name.lower()].default
        number = value.total_seconds() if isinstance(value, timedelta) else value
        assert float(figure) == pytest.approx(number * (100 if unit == " %" else 1)), name
