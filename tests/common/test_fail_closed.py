"""Fail closed: removing or weakening a setting of a security check prevents the start, and the message names it.

`python -m SERVICE serve` reads its settings first (the last test runs it); the other tests only load the settings.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest

from common.services import Addresses
from common.settings import ServiceSettings, load
from deploy.services import DATABASES
from tests.waiting import GENEROUS

SETTINGS: Mapping[str, type[ServiceSettings]] = {name: import_module(f"{name}.config").Settings for name in DATABASES}
SECRETS = {
    "DATABASE_PASSWORD": "Xk3jQ0f9-canary-Zp7Lw2vN8sRt5yUb",
    "KEY_ENCRYPTION_KEY": "Bq8wE1r7-canary-Hy6Kd3mV0xTg2cPo",
    "REFRESH_KEY": "Mz5nL4u2-canary-Ja9Fi7bW1eSh8vQk",
    "CLIENT_SECRET": "Vd2cR6y8-canary-Go4Tx0pN3kUj7mZa",
}
OWN = {
    name: [secret for secret in SECRETS if (field := settings.model_fields.get(secret.lower())) and field.is_required()]
    for name, settings in SETTINGS.items()
}
NO_SECRETS = {
    "missing": "",
    "short": "canary-Xk3jQ0f9Zp7Lw2vN8sRt5yU",
    "of one letter": "a" * 64,
    "a placeholder": "canary-changeme-0123456789-abcdefghijkl",
    "made by make up": "local-canary-Xk3jQ0f9Zp7Lw2vN8sRt5yUbXk3jQ0f9Zp7L",
}
BAD_ADDRESSES = ("canary", "ftp://canary.example", "https://", "https://canary@x.example", "https://x.example/?canary")
WEAKER: dict[str, tuple[str, ...]] = {
    "DATABASE_URL": ("", "mysql://canary@db/x", "canary"),
    "ISSUER": ("", *BAD_ADDRESSES, "http://canary.example", "https://canary.example/", "https://x.example/canary"),
    "JWKS_URL": BAD_ADDRESSES,
    **{name.upper(): BAD_ADDRESSES for name in Addresses.model_fields},
    "PROFILE": ("canary", "Production"),
    "RATE_LIMITS": ("false", "canary"),
    "RATE_LIMIT_GENERAL": ("0", "-1", "100001", "canary"),
    "RATE_LIMIT_STORE": (
        "canary",
        "http://canary.example",
        "valkey://",
        "valkey://canary:0",
        "valkey://canary:70000",
        "valkey://ada:canary@store:6379/0",
        "valkey://store:6379/canary",
        "valkeys://store/0?ssl_cert_reqs=none&x=canary",
        "valkey://store/0",
        "unix:///canary.sock",
    ),
    "RATE_LIMIT_STORE_PASSWORD": ("canary",),  # there is no store for it
    "RATE_LIMIT_STORE_FAILS": ("closed", "canary"),  # closed: the same
    "ADMIN_SECOND_FACTOR": ("canary", "2"),
    "ADMIN_MAX_AGE": ("59", "0", "-1", "canary"),
    "CORS_ORIGINS": ('["*"]', '["null"]', "canary"),
    "TRUSTED_PROXIES": ('["0.0.0.0/0"]', '["::/0"]', '["10.0.0.0/8", "0.0.0.0/1"]', '["2000::/3"]', "*"),
    "EDGE_PROXIES": ("0.0.0.0/0", "::/0", "10.0.0.0/8 0.0.0.0/1", "2000::/3", "*"),
}
WEAKER_IN: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in SETTINGS}
PICTURES: dict[str, tuple[str, ...]] = {
    "PICTURES_URL": (
        "canary",
        "file://canary",
        "https://canary.example",
        "s3://Canary",
        "s3://canary",
    ),  # without a key
    "PICTURES_ENDPOINT": (*BAD_ADDRESSES, "http://canary.example", "https://canary.example"),  # the last: no store
    "PICTURES_REGION": ("canary eu", "canary"),  # the same
    "PICTURES_KEY_ID": ("canary",),  # there is no store for it
    "PICTURES_SECRET": ("canary-too-short", "a" * 64, "Xk3jQ0f9-canary-Zp7Lw2vN8sRt5yUbZ"),  # the same
    "RATE_LIMIT_PICTURES": ("0", "-1", "100001", "canary"),
}
WEAKER_IN["posts"] = {"RATE_LIMIT_REPORTS": ("0", "-1", "100001", "canary"), **PICTURES}  # only with posts
WEAKER_IN["users"] = {"RATE_LIMIT_EXPORT": ("0", "1001"), **PICTURES}
WEAKER_IN["auth"] = {
    "KEY_ENCRYPTION_KEY_PREVIOUS": ("canary-too-short", "a" * 64),
    "REFRESH_KEY_PREVIOUS": ("canary-too-short", "a" * 64),
    "KEY_ROTATION": ("0", "3599", "P366D", "canary"),
    "ACCESS_TTL": ("0", "29", "901", "-300", "P1D", "canary"),
    "REFRESH_GRACE": ("61", "-1", "canary"),
    "REFRESH_IDLE": ("0", "1", "-1", "7776001", "P31D", "canary"),
    "REFRESH_ABSOLUTE": ("0", "-1", "31536001", "P6D", "canary"),
    "TRUSTED_DEVICE": ("P91D", "-1", "canary"),
    "RATE_LIMIT_SIGN_IN": ("0", "-1", "10001", "canary"),
    "RATE_LIMIT_REFRESH": ("0", "-1", "50001"),
    "RATE_LIMIT_API_KEYS": ("0", "-1", "50001"),
    "API_KEYS_WITHOUT_EXPIRY": ("canary",),
    "RATE_LIMIT_REGISTRATION": ("0", "-1", "10001"),
    "RATE_LIMIT_MAIL": ("0", "-1", "10001"),
    "PROVIDERS": (
        "canary",
        '{"name": "canary"}',
        '[{"name": "idp", "issuer": "http://canary.example", "client_id": "x"}]',
        '[{"name": "idp", "issuer": "https://idp.example", "client_id": "x", "unknown": "canary"}]',
    ),
    "MAIL_CODES": ("canary",),
    "PASSKEY_ORIGINS": ("canary", '["http://canary.example"]', '["https://canary.example/path"]'),
    "PROVIDER_RETURNS": ("canary", '["https://canary.example/"]'),
    "RATE_LIMIT_PROVIDER": ("0", "-1", "10001"),
    "PASSWORD_MIN_LENGTH": ("0", "7", "canary"),
    "PASSWORD_WORDS": ("canary",),
    "HASH_SLOTS": ("0", "-1", "canary"),
    "SMTP_URL": ("", "http://canary.example", "smtps://ada:canary@mail.example", "smtps://mail.example/canary"),
    "SMTP_PASSWORD": ("canary",),  # there is no user for it
    "MAIL_FROM": ("", "canary"),
    "MAIL_TEMPLATES": ("/nowhere/canary",),
    "MAIL_LOCALE": ("canary",),
    "MAIL_SUPPORT": ("canary",),
    "MAIL_IMPRINT": ("canary\x1b",),
    "BRAND_COLOUR": ("canary", "#ffffff"),
    "SMTP_EHLO_NAME": ("canary relay", "-canary", "canary..example", "[canary]"),
    "SMTP_UTF8": ("canary",),
    "SPECIAL_USE_DOMAINS": ("canary", '["example.com"]', '["canary"]'),
    "APP_URL": ("canary", "http://canary.example"),
    "REQUIRE_VERIFIED_EMAIL": ("canary",),
    "VERIFY_EMAIL_TTL": ("3599", "604801", "canary"),
    "PASSWORD_RESET_TTL": ("3599", "604801"),
    "EMAIL_CHANGE_TTL": ("3599", "604801"),
}
NO_CHECK_RESTS_ON = {
    "POOL_SIZE", "READ_POOL_SIZE", "MAX_OVERFLOW", "POOL_TIMEOUT", "PREPARED_STATEMENTS", "CALL_DEADLINE",
    "MAX_DEADLINE", "CONNECT_TIMEOUT", "CALLS_PER_PEER", "CALL_POOL_SIZE", "RETRY_SHARE", "BREAKER_FAILURES",
    "BREAKER_WINDOW", "BREAKER_PAUSE", "RELAY", "DRAIN", "LOG_LEVEL", "LOG_FORMAT", "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "TRACES_PER_SECOND", "MAIL_DIR", "SMTP_TIMEOUT",
    "REQUESTS_AT_ONCE", "CONDUIT", "REPLICAS",
}  # fmt: skip
"""Settings without security effect. A new setting must be listed here, or above with its weak values."""


def good(service: str) -> dict[str, str]:
    """The minimal settings of production."""
    place = {"PROFILE": "production", "DATABASE_URL": f"postgresql://{service}@db/{service}"}
    mail = {"SMTP_URL": "smtps://mail.example", "MAIL_FROM": "Us <us@example.com>"} if service == "auth" else {}
    secrets = {name: SECRETS[name] for name in OWN[service]}
    return {**place, "ISSUER": "https://api.example.com", **mail, **secrets}


def weakened() -> Iterator[tuple[str, str, str]]:
    for service in SETTINGS:
        for name, values in {**WEAKER, **WEAKER_IN[service]}.items():
            yield from ((service, name, value) for value in values)
        for name in OWN[service]:
            yield from ((service, name, value) for value in NO_SECRETS.values())


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for settings in SETTINGS.values():
        for name in settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
            monkeypatch.delenv(f"{name}_FILE".upper(), raising=False)


def refusal(monkeypatch: pytest.MonkeyPatch, service: str, environment: Mapping[str, str]) -> str:
    """The message of a start that fails with these settings."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        load(SETTINGS[service])
    said = str(ended.value.code)  # text: Python prints it and ends with status 1
    assert said.startswith("Cannot start")
    assert "canary" not in said
    return said


@pytest.mark.parametrize("service", SETTINGS)
def test_what_production_needs_is_enough(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """Otherwise the refusals below would have another reason."""
    for name, value in good(service).items():
        monkeypatch.setenv(name, value)
    assert load(SETTINGS[service]).profile == "production"


@pytest.mark.parametrize(("service", "name", "value"), list(weakened()), ids=repr)
def test_a_weaker_setting_ends_the_start_by_name(
    monkeypatch: pytest.MonkeyPatch, service: str, name: str, value: str
) -> None:
    """S-47"""
    assert name in refusal(monkeypatch, service, {**good(service), name: value}).upper()


@pytest.mark.parametrize(("service", "name"), [(service, name) for service in SETTINGS for name in OWN[service]])
def test_a_secret_file_for_everybody_ends_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: str, name: str
) -> None:
    """S-47; and so does a secret with two sources, since the effective one would be unclear."""
    path = tmp_path / "secret"
    path.write_text(SECRETS[name])
    path.chmod(0o644)
    assert f"{name}_FILE" in refusal(monkeypatch, service, {**good(service), name: "", f"{name}_FILE": str(path)})
    path.chmod(0o600)
    assert name in refusal(monkeypatch, service, {**good(service), f"{name}_FILE": str(path)})


@pytest.mark.parametrize("service", SETTINGS)
def test_of_every_setting_somebody_has_thought(service: str) -> None:
    found = {name.upper() for name in SETTINGS[service].model_fields}
    assert found - NO_CHECK_RESTS_ON == {*WEAKER, *WEAKER_IN[service], *OWN[service]}


@pytest.mark.stack
@pytest.mark.parametrize("service", SETTINGS)
def test_the_process_ends_at_once_and_says_why(service: str) -> None:
    """S-47: the command itself."""
    name, value = OWN[service][-1], "canary-too-short"
    inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    ended = subprocess.run(
        [sys.executable, "-m", service, "serve", "--port", "1"],
        env={**inherited, **good(service), name: value},
        capture_output=True,
        text=True,
        timeout=GENEROUS,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Cannot start: the settings are not right.\n{name}: Value error, must have at least 32 characters\n"
    )
    assert ended.stdout == ""
