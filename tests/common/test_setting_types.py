"""Every setting is validated at the start, and the error describes the right form (S-41, S-47)."""

import math
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest

import auth.config
from common.settings import ServiceSettings, load

SECRET = "Xk3jQ0f9-canary-Zp7Lw2vN8sRt5yUb"
GOOD = {
    "DATABASE_URL": "postgresql://auth@db/auth",
    "DATABASE_PASSWORD": SECRET,
    "KEY_ENCRYPTION_KEY": SECRET,
    "REFRESH_KEY": SECRET,
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in auth.config.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name}_FILE".upper(), raising=False)


def start(monkeypatch: pytest.MonkeyPatch, **environment: str) -> auth.config.Settings:
    for name, value in {**GOOD, **environment}.items():
        monkeypatch.setenv(name, value)
    return load(auth.config.Settings)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    with pytest.raises(SystemExit) as ended:
        start(monkeypatch, **environment)
    said = str(ended.value.code)
    assert said.startswith("Cannot start: the settings are not right.\n")
    assert "canary" not in said
    return said.partition("\n")[2]


def test_origins_that_no_browser_sends_are_refused_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each error with its index in the list."""
    origins = '["http://localhost:5173/","localhost:3000","https://*.example.com","https://right.example"]'
    first, second, third = refusal(monkeypatch, CORS_ORIGINS=origins).splitlines()
    assert re.match(r"CORS_ORIGINS \(1\.\): .*without a slash: https://app\.example\.com or", first)
    assert re.match(r"CORS_ORIGINS \(2\.\): .*must begin with its scheme", second)
    assert re.match(r"CORS_ORIGINS \(3\.\): .*no wildcard", third)


@pytest.mark.parametrize(
    "origin",
    ["https://app.example.com", "http://localhost:3000", "http://127.0.0.1:8000", "http://[::1]:5173",
     "https://xn--mnchen-3ya.example", "capacitor://localhost", "chrome-extension://abcdefghijklmnop",
     "http://my_host:81", "https://example.com:80"],
)  # fmt: skip
def test_what_a_browser_sends_as_its_origin_is_taken(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    assert start(monkeypatch, CORS_ORIGINS=f'["{origin}"]').cors_origins == [origin]


LISTS = "must be a list of texts in JSON, such as "
ADDRESS = "must be an address such as https://api.example.com"
DATABASE = "postgresql://USER@HOST"
SECONDS = "must be a time in seconds, such as 1.5"
WIDE = "everybody would be a proxy"
WRONG: Mapping[str, Mapping[str, str]] = {
    "CORS_ORIGINS": {
        "https://canary.example": LISTS + '["https://app.example.com"',
        "https://a.example,https://canary.example": LISTS,
        '"https://canary.example"': LISTS,
        '{"origin": "https://canary.example"}': LISTS,
        "[17]": LISTS,
        '["https://canary.example:443"]': "without the scheme's own port",
        '["http://canary.example:80"]': "without the scheme's own port",
        '["https://Canary.example"]': "in small letters",
        '["HTTPS://canary.example"]': "scheme in small letters",
        '["https://münchen.example"]': "xn--",
        '["https://canary.example/app"]': "without a slash",
        '["https://canary.example?x"]': "behind host and port",
        '["https://ada@canary.example"]': "behind host and port",
        '["https://"]': "must have a host",
        '["https://canary.example:99999"]': "a port or none",
        '["https://canary.example:"]': "a port or none",
        '["http://[0:0::1]:80"]': "as browsers send it",
        '["http://127.1"]': "must have a host",
        '["*"]': "every page",
        '["null"]': "every page",
        '[" https://canary.example"]': "must begin with its scheme",
    },
    "TRUSTED_PROXIES": {
        "10.0.0.0/8": LISTS + '["10.0.0.0/8"',
        '["10.0.0.1/8"]': "whose bits behind its length are 0",
        '["canary"]': "must be an address or a network",
        '["0.0.0.0/0"]': WIDE,
        '["128.0.0.0/1", "0.0.0.0/1"]': WIDE,
        "[" + ",".join(f'"{first}.0.0.0/8"' for first in range(256)) + "]": WIDE,
        '["::/0"]': WIDE,
        '["::ffff:0:0/96"]': WIDE,
        '["::/64"]': WIDE,
        '["2a00::/12"]': WIDE,
    },
    "EDGE_PROXIES": {
        '["192.0.2.0/24"]': "must be networks with spaces between them: 192.0.2.0/24 2001:db8::/32",
        "192.0.2.0/24,198.51.100.0/24": "with spaces between them",
        "private_ranges": "with spaces between them",
        "192.0.2.0/24 canary": "with spaces between them",
        "0.0.0.0/0": WIDE,
        "192.0.2.0/24 ::/0": WIDE,
        "0.0.0.0/1 128.0.0.0/1": WIDE,
    },
    "ISSUER": {
        "api.canary.example": ADDRESS,
        "https://*.canary.example": ADDRESS,
        "https://-.canary..example": ADDRESS,
        "https://https://canary.example": ADDRESS,
        "https://canary.example:": ADDRESS,
        "https://münchen.example": ADDRESS,
        "https://canary.example/": "no slash at its end",
        "https://x.example/canary": "must have no path",
    },
    "AUTH_URL": {
        "http://auth:0": ADDRESS,
        "http://auth:canary": ADDRESS,
        "http://au th:8000": ADDRESS,
        "auth:8000": ADDRESS,
        "http://10.0.0.256": ADDRESS,
        "http://auth:8000?": "no query",
        "http://auth:8000#": "no fragment",
    },
    "JWKS_URL": {"http://auth:8000/keys canary": ADDRESS, "/.well-known/jwks.json": ADDRESS},
    "OTEL_EXPORTER_OTLP_ENDPOINT": {"canary:4318": ADDRESS, "grpc://canary:4317": ADDRESS},
    "OTEL_TRACES_SAMPLER": {"canary": "'parentbased_traceidratio'"},
    "TRACES_PER_SECOND": {"0": "must be more than 0", "canary": "must be a number"},
    "OTEL_TRACES_SAMPLER_ARG": {"10%": "must be a number, such as 0.1", "1.5": "must be at most 1"},
    "APP_URL": {"www.canary.example": ADDRESS, "https://canary.example/#/": "no fragment"},
    "DATABASE_URL": {
        "postgresql://db/auth": DATABASE,
        "postgresql://auth@/auth": "empty host",
        "postgresql://auth@db": DATABASE,
        "postgresql://auth@db/a/canary": DATABASE,
        "postgresql://auth@one,auth@two/auth": DATABASE,
        "postgresql://auth:canary@db/auth": "must not hold the password",
        "postgresql://auth@db/auth?sslmode=require": "TLS is `?ssl=require`",
        "jdbc:postgresql://db/auth": "postgresql",
        "auth@db/canary": "valid URL",
    },
    "CALL_DEADLINE": {"2s": SECONDS, "nan": SECONDS, "inf": SECONDS, "1e300": SECONDS, "11": "must be at most 10 s"},
    "POOL_TIMEOUT": {"half": SECONDS, "-1": "must be at least 0 s"},
    "POOL_SIZE": {"many": "must be a whole number", "1.5": "must be a whole number", "0": "must be at least 1"},
    "RETRY_SHARE": {"10%": "must be a number, such as 0.1", "2": "must be at most 1"},
    "RELAY": {"canary": "must be true or false"},
    "LOG_LEVEL": {"WARN": "'debug', 'info', 'warning' or 'error'"},
    "PROFILE": {"prod": "'local' or 'production'"},
    "PASSWORD_WORDS": {"acme": LISTS + '["trivium", "acme"]', '["acme", " "]': "must have letters or digits"},
    "SPECIAL_USE_DOMAINS": {"nas.local": LISTS + '["nas.local"]'},
    "MAIL_DIR": {__file__: "must be a folder"},
    "MAIL_LOCALE": {"de_DE": "such as de or pt-BR"},
    "BRAND_COLOUR": {"canary": "such as #0f6b5c", "#ffcc00": "too light"},
    "MAIL_FROM": {"canary": "valid email address"},
    "SMTP_URL": {"mail.canary.example:587": "'smtp', 'smtps' or 'smtp+starttls'", "smtp://": "empty host"},
}


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [(name, value, right) for name, cases in WRONG.items() for value, right in cases.items()],
)
def test_a_setting_of_another_form_is_refused_with_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, right: str
) -> None:
    said = refusal(monkeypatch, **{name: value})
    assert said.startswith(name)
    assert right in said


RIGHT: Mapping[str, Mapping[str, object]] = {
    "TRUSTED_PROXIES": {'["10.0.0.0/8", "fc00::/7"]': [ip_network("10.0.0.0/8"), ip_network("fc00::/7")]},
    "EDGE_PROXIES": {
        "173.245.48.0/20 2400:cb00::/32": [ip_network("173.245.48.0/20"), ip_network("2400:cb00::/32")],
        "127.0.0.9": [ip_network("127.0.0.9/32")],
        "::ffff:10.0.0.0/104": [ip_network("::ffff:a00:0/104")],
    },
    "ISSUER": dict.fromkeys(["https://api.example.com", "http://[::1]:8000", "http://10.0.0.7:8000"]),
    "JWKS_URL": dict.fromkeys(["http://auth_api:8000/.well-known/jwks.json"]),
    "APP_URL": {"https://www.example.com/app/": "https://www.example.com/app"},
    "OTEL_EXPORTER_OTLP_ENDPOINT": {"http://collector:4318/": "http://collector:4318"},
    "TRACES_PER_SECOND": {"0.5": 0.5, "inf": math.inf},
    "MAIL_DIR": {"mails/of/this/stack": Path("mails/of/this/stack")},
}


@pytest.mark.parametrize(
    ("name", "value", "kept"), [(name, value, kept) for name, cases in RIGHT.items() for value, kept in cases.items()]
)
def test_a_setting_of_its_form_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str, kept: object) -> None:
    found = getattr(start(monkeypatch, **{name: value}), name.lower())
    assert found == (value if kept is None else kept)


@pytest.mark.parametrize("value", ["1.5", "PT1.5S", "1.50"])
def test_a_time_may_be_said_in_two_ways(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    assert start(monkeypatch, CALL_DEADLINE=value).call_deadline.total_seconds() == 1.5


def test_a_list_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "origins"
    path.write_text('["https://app.example.com"]\n')
    path.chmod(0o600)
    assert start(monkeypatch, CORS_ORIGINS_FILE=str(path)).cors_origins == ["https://app.example.com"]


def test_whoever_is_a_proxy_on_either_hop_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: ServiceSettings = start(monkeypatch, TRUSTED_PROXIES='["127.0.0.1"]', EDGE_PROXIES="192.0.2.0/24")
    assert settings.proxies == [ip_network("127.0.0.1"), ip_network("192.0.2.0/24")]
