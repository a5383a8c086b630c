"""Settings from the environment, and secrets from it or from files. A missing or weak secret stops the start.

Every setting `NAME` may be given as `NAME_FILE` instead: the path of a file that holds the value.
"""

import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final, Literal, Self, TypeVar

from annotated_types import Ge, Gt, Le
from pydantic import Field, PostgresDsn, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import URL, make_url

from common.network_types import Network, Networks, SpacedNetworks
from common.secrets import GENERATED_PREFIX, FileSettings, Secret
from common.services import Addresses
from common.setting_types import DatabaseUrl, Duration
from common.url_types import Address, BaseAddress, Origins, PublicAddress, StoreAddress

S = TypeVar("S", bound=BaseSettings)
MAX_DRAIN: Final = timedelta(seconds=15)
"""Of the 25 s in which a service stops (`common.serving.draining`)."""


class BaseConfig(BaseSettings):
    """Base of all settings classes: where they read their values."""

    # hide_input_in_errors: a refused secret must not appear in the message that refuses it
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    profile: Literal["local", "production"] = Field(
        "local",
        description="production: refuses generated secrets and an ISSUER without https, counts requests, adds HSTS.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FileSettings(settings_cls)

    def refuse_shared_secrets(self) -> None:
        """A leaked secret must not open what another one protects."""
        seen: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                other = seen.setdefault(value.get_secret_value(), name)
                if other != name:
                    raise ValueError(f"{name.upper()} is the same as {other.upper()}; each secret must be its own")

    @model_validator(mode="after")
    def refuse_generated_secrets(self) -> Self:
        if self.profile == "production":
            self.refuse_shared_secrets()
            for name in type(self).model_fields:
                value = getattr(self, name)
                if isinstance(value, SecretStr) and value.get_secret_value().startswith(GENERATED_PREFIX):
                    raise ValueError(f"{name.upper()} was generated for local use; production needs one of its own")
        return self


MOST_REQUESTS: Final = 60
"""Running requests of a process without a database."""
LONGEST_CALL: Final = timedelta(seconds=10)
"""Shorter than the lease of an event (`common.events.relay`), so that normally no two relays send the same row."""


Sampling = Literal[
    "always_on",
    "always_off",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]
"""OpenTelemetry's names of samplers. `traceidratio` is none of them: services would choose different traces."""


class AppSettings(Addresses, BaseConfig):
    """Settings of everything that serves HTTP, with or without a database."""

    requests_at_once: int | None = Field(
        None,
        ge=4,
        description="Requests under way in a process; by default two for each connection to the database, or 60.",
    )

    issuer: PublicAddress = Field(
        "http://127.0.0.1:8000", description="The site's public address; the `iss` of tokens."
    )

    # Calls to the other services. At a limit a call waits within its deadline, and then counts as failed.
    call_deadline: Annotated[Duration, Gt(timedelta(0)), Le(LONGEST_CALL)] = Field(
        timedelta(seconds=2),
        description="For all calls of one request to other services, with retries and waiting.",
    )
    max_deadline: Duration = Field(
        timedelta(seconds=30), description="The longest X-Deadline-Ms; longer ones are cut to it."
    )
    connect_timeout: Duration = Field(
        timedelta(milliseconds=500), description="For each new connection to another service."
    )
    calls_per_peer: int = Field(20, ge=1, description="Concurrent calls to one other service; further ones wait.")
    call_pool_size: int = Field(
        64, ge=1, description="Connections to other services in all; at least three times CALLS_PER_PEER."
    )
    retry_share: float = Field(0.1, ge=0, le=1, description="Retries per call, for reads only.")
    breaker_failures: int = Field(5, ge=1, description="Failures in a row that open the circuit breaker of a peer.")
    breaker_window: Duration = Field(timedelta(seconds=10), description="Failures further apart do not count together.")
    breaker_pause: Duration = Field(
        timedelta(seconds=2), description="How long an open breaker waits before it lets one call through."
    )

    rate_limits: bool | None = Field(None, description="Enables rate limits; by default in production only.")
    rate_limit_general: int = Field(
        300, ge=1, le=100_000, description="Requests a minute, per person, or per address without a token."
    )
    rate_limit_store: StoreAddress | None = Field(
        None,
        description="valkey://HOST:6379/0, with TLS valkeys://; or redis://, rediss://: counts for all processes.",
    )
    rate_limit_store_password: SecretStr | None = Field(
        None, description="Password of the store; production needs one."
    )
    rate_limit_store_fails: Literal["open", "closed"] = Field(
        "open", description="While the store does not answer. open: each process counts for itself. closed: a 503."
    )
    replicas: int = Field(
        1, ge=1, description="Most processes of this service, for a warning if each counts for itself."
    )
    admin_second_factor: bool = Field(
        False, description="Roles count only in sessions that have proven a second factor; others are asked for it."
    )
    admin_max_age: Annotated[Duration, Ge(timedelta(minutes=1))] | None = Field(
        None, description="Roles count only for so long after a proof of who their holder is; by default for ever."
    )
    cors_origins: Origins = Field(
        default_factory=list, description="JSON list of exact origins whose pages may call; there is no wildcard."
    )
    trusted_proxies: Networks = Field(
        default_factory=list, description="JSON list of the gateway's networks, whose X-Forwarded-For is trusted."
    )
    edge_proxies: SpacedNetworks = Field(
        default_factory=list,
        description="Networks of proxies in front of the gateway, such as a CDN, with spaces between them.",
    )
    drain: Annotated[Duration, Le(MAX_DRAIN)] = Field(
        timedelta(seconds=5), description="How long a service goes on serving after SIGTERM while not ready."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important lines that are written."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="json: one object a line. console: for a terminal."
    )
    otel_exporter_otlp_endpoint: BaseAddress | None = Field(
        None, description="Target of traces, as OTLP over HTTP: http://collector:4318. No traces without it."
    )
    otel_traces_sampler: Sampling = Field(
        "parentbased_always_on", description="Which traces are kept. parentbased: the caller's choice counts."
    )
    otel_traces_sampler_arg: float = Field(
        1.0, ge=0, le=1, description="For `parentbased_traceidratio`: the share of traces."
    )
    traces_per_second: float = Field(
        50.0,
        gt=0,
        description="At most so many traces of requests, and so many of other work, begin in a process in a second.",
    )

    @property
    def proxies(self) -> list[Network]:
        """Networks whose X-Forwarded-For is trusted, in both hops."""
        return [*self.trusted_proxies, *self.edge_proxies]

    @property
    def most_requests(self) -> int:
        """The limit of running requests."""
        return self.requests_at_once or MOST_REQUESTS

    @property
    def page_origins(self) -> Sequence[str]:
        """Origins whose pages may call; `*` is any."""
        return self.cors_origins

    @model_validator(mode="after")
    def keep_connections_for_every_peer(self) -> Self:
        if self.call_pool_size < 3 * self.calls_per_peer:
            raise ValueError("CALL_POOL_SIZE must be at least 3 x CALLS_PER_PEER, or one slow peer blocks the others")
        return self

    @model_validator(mode="after")
    def name_the_store_in_full(self) -> Self:
        if self.rate_limit_store is None and self.rate_limit_store_password is not None:
            raise ValueError("RATE_LIMIT_STORE_PASSWORD is set, but no RATE_LIMIT_STORE")
        if self.rate_limit_store is None and self.rate_limit_store_fails == "closed":
            raise ValueError("RATE_LIMIT_STORE_FAILS is closed, but there is no RATE_LIMIT_STORE")
        if self.profile == "production" and self.rate_limit_store and self.rate_limit_store_password is None:
            raise ValueError("RATE_LIMIT_STORE needs RATE_LIMIT_STORE_PASSWORD (or …_FILE) in production")
        return self

    @model_validator(mode="after")
    def be_strict_in_production(self) -> Self:
        if self.profile == "production" and not self.issuer.startswith("https://"):
            raise ValueError("ISSUER must be the site's https:// address in production")
        if self.profile == "production" and self.rate_limits is False:
            raise ValueError("RATE_LIMITS cannot be off in production; raise the one that is too low")
        return self


class ServiceSettings(AppSettings):
    """Settings that every service with a database has. Its own settings class adds the rest."""

    database_url: DatabaseUrl = Field(description="postgresql://USER@HOST/DATABASE, of the role that reads and writes.")
    database_password: Secret = Field(description="Password of that role.")
    pool_size: int = Field(15, ge=1, description="Connections for writing, kept open.")
    read_pool_size: int = Field(15, ge=1, description="Connections for single reads, kept open.")
    max_overflow: int = Field(
        0, ge=0, description="Connections above either pool's size. Opened for each use: slow under load."
    )
    pool_timeout: Duration = Field(
        timedelta(milliseconds=500),
        description="How long a request waits for a connection before a 503 (R-18). Above 5 s, its statement also may.",
    )
    prepared_statements: bool = Field(True, description="False behind a PgBouncer older than 1.21.")
    jwks_url: Address = Field(
        "http://127.0.0.1:8001/.well-known/jwks.json", description="Internal address of auth's public keys."
    )
    relay: bool = Field(
        True, description="False if `python -m SERVICE relay` sends the events and erases accounts instead."
    )

    @property
    def most_requests(self) -> int:
        """The limit of running requests: those that use a connection, and as many that wait for one."""
        return self.requests_at_once or 2 * (self.pool_size + self.read_pool_size + 2 * self.max_overflow)


class MigrationSettings(BaseConfig):
    """The settings of `migrate`: the role that owns the tables. The running service never knows it."""

    owner_database_url: DatabaseUrl = Field(description="As DATABASE_URL, of the role that owns the tables.")
    owner_database_password: Secret = Field(description="Password of that role.")


def async_url(dsn: PostgresDsn, password: SecretStr) -> URL:
    """SQLAlchemy's address for asyncpg. The password is separate, so that addresses may be printed."""
    return make_url(str(dsn)).set(drivername="postgresql+asyncpg", password=password.get_secret_value())


RIGHT: Final = {
    "missing": "is missing",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number, such as 0.1",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
"""Messages for errors where pydantic names no valid value, or does so in Python's terms."""


def in_words(bound: object) -> str:
    """Bounds of times in seconds. pydantic prints them as Python code: `datetime.timedelta(days=7)`."""
    text = str(bound)
    if not text.startswith("datetime.timedelta("):
        return text
    parts = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", text)}
    return f"{timedelta(**parts) // timedelta(seconds=1)} s"


def explain(error: ValidationError) -> str:
    """Settings errors as text: one line each, which names the environment variable and never the value."""
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        name, *place = (str(part) for part in item["loc"]) if item["loc"] else ("",)
        which = name.upper() + "".join(f" ({int(part) + 1}.)" for part in place if part.isdigit())
        said, bounds = item["msg"], {name: in_words(value) for name, value in item.get("ctx", {}).items()}
        if item["type"] in RIGHT:
            said = RIGHT[item["type"]].format_map(bounds)
        lines.append(f"{which}: {said}" if which else said)
    return "\n".join(lines)


def load(settings: type[S]) -> S:
    """Settings from the environment. A wrong setting ends the process with a line that names it."""
    try:
        return settings()
    except (ValidationError, ValueError) as error:
        said = explain(error) if isinstance(error, ValidationError) else str(error)
        sys.exit(f"Cannot start: the settings are not right.\n{said}")
