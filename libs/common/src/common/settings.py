"""Settings from the environment, and secrets from it or from files; a missing or weak secret stops the start.

Every setting `NAME` may be given as `NAME_FILE` instead: the path of a file that holds the value.
"""

import os
import re
import stat
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from annotated_types import Gt, Le
from pydantic import AfterValidator, Field, PostgresDsn, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import URL, make_url

from common.setting_types import (
    Address,
    BaseAddress,
    DatabaseUrl,
    Duration,
    Network,
    Networks,
    Origins,
    PublicAddress,
    SpacedNetworks,
)

MIN_SECRET_LENGTH: Final = 32
MAX_DRAIN: Final = timedelta(seconds=15)
"""Of the 25 s in which a service stops (`common.serving.draining`)."""
GENERATED_PREFIX: Final = "local-"
"""What `make up` puts before the secrets it generates, so that production can refuse them."""


def strong(secret: SecretStr) -> SecretStr:
    """Refuse secrets that are short or plainly a placeholder (S-47)."""
    value = secret.get_secret_value()
    if len(value) < MIN_SECRET_LENGTH:
        raise ValueError(f"must have at least {MIN_SECRET_LENGTH} characters")
    if len(set(value)) < 10 or "changeme" in value.lower():
        raise ValueError("looks like a placeholder; generate a random one, for example with `openssl rand -base64 48`")
    return secret


Secret = Annotated[SecretStr, AfterValidator(strong)]


class FileSettings(PydanticBaseSettingsSource):
    """Reads `NAME_FILE`: the way Docker and Kubernetes hand over secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = f"{field_name}_file".upper()
        path = os.environ.get(variable)
        if path and os.environ.get(field_name.upper()):
            raise ValueError(f"{variable}: {field_name.upper()} is set as well; say it once")
        try:
            return (read_secret(Path(path)) if path else None), field_name, False
        except ValueError as error:
            raise ValueError(f"{variable}: {error}") from error

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def read_secret(path: Path) -> str:
    """The file's text without the final line break.

    Raises:
        ValueError: it cannot be read, or everybody on this machine could. Mounted secrets below /run/secrets are the
            exception: there the folder itself belongs to the container.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:  # its own message holds a byte of the secret
        raise ValueError(f"{path} is not text in UTF-8") from error
    if mode & stat.S_IROTH and not path.is_relative_to("/run/secrets"):
        raise ValueError(f"{path} can be read by everybody; run `chmod 600 {path}`")
    return text.rstrip("\r\n")


class BaseConfig(BaseSettings):
    """How every settings class of ours reads its values."""

    # hide_input_in_errors: a refused secret must not appear in the message that refuses it
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    profile: Literal["local", "production"] = Field(
        default="local",
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
        """One that leaks must not open what another protects."""
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


LONGEST_CALL: Final = timedelta(seconds=10)
"""Below the lease of an event (`common.events.relay`), so that no two relays send the same row in ordinary running."""


class ServiceSettings(BaseConfig):
    """What every service needs to know. Its own settings class adds the rest."""

    database_url: DatabaseUrl = Field(description="postgresql://USER@HOST/DATABASE, of the role that reads and writes.")
    database_password: Secret = Field(description="Of that role.")
    pool_size: int = Field(default=15, ge=1, description="Connections for writing, kept open.")
    read_pool_size: int = Field(default=15, ge=1, description="Connections for single reads, kept open.")
    max_overflow: int = Field(
        default=0, ge=0, description="Connections above either pool's size. Opened anew each time: slow under load."
    )
    pool_timeout: Duration = Field(
        default=timedelta(milliseconds=500),
        description="How long a request waits for a connection; then it is a 503 (R-18).",
    )
    prepared_statements: bool = Field(default=True, description="False behind a PgBouncer older than 1.21.")

    requests_at_once: int | None = Field(
        default=None,
        ge=4,
        description="Requests under way in a process; by default two for each connection to the database.",
    )

    issuer: PublicAddress = Field(
        default="http://127.0.0.1:8000", description="The site's public address; the `iss` of tokens."
    )
    jwks_url: Address = Field(
        default="http://127.0.0.1:8001/.well-known/jwks.json", description="Where auth's public keys are, from inside."
    )
    auth_url: Address = Field(default="http://127.0.0.1:8001", description="Where auth is, from inside.")
    users_url: Address = Field(default="http://127.0.0.1:8002", description="Where users is, from inside.")
    posts_url: Address = Field(default="http://127.0.0.1:8003", description="Where posts is, from inside.")

    # Calls to the other services. At a limit a call waits, within its deadline, and then counts as unanswered.
    call_deadline: Annotated[Duration, Gt(timedelta(0)), Le(LONGEST_CALL)] = Field(
        default=timedelta(seconds=2),
        description="For all calls of one request to other services, retries and waiting included.",
    )
    max_deadline: Duration = Field(
        default=timedelta(seconds=30), description="The most that an X-Deadline-Ms may ask for; longer is cut to it."
    )
    connect_timeout: Duration = Field(
        default=timedelta(milliseconds=500), description="For each new connection to another service."
    )
    calls_per_peer: int = Field(
        default=20, ge=1, description="Concurrent calls to one other service; further ones wait."
    )
    call_pool_size: int = Field(
        default=64, ge=1, description="Connections to other services in all; at least three times CALLS_PER_PEER."
    )
    retry_share: float = Field(default=0.1, ge=0, le=1, description="Second tries per call, of reads only.")
    breaker_failures: int = Field(
        default=5, ge=1, description="Failures in a row that open the circuit breaker of a peer."
    )
    breaker_window: Duration = Field(
        default=timedelta(seconds=10), description="Failures further apart do not count together."
    )
    breaker_pause: Duration = Field(
        default=timedelta(seconds=2), description="How long an open breaker waits before it lets one call try."
    )

    rate_limits: bool | None = Field(
        default=None, description="Whether requests are counted; by default in production only."
    )
    rate_limit_general: int = Field(
        default=300, ge=1, le=100_000, description="Requests a minute, per person, or per address without a token."
    )
    relay: bool = Field(
        default=True,
        description="False where `python -m SERVICE relay` sends the events, and erases, instead.",
    )

    cors_origins: Origins = Field(
        default_factory=list, description="JSON list of exact origins whose pages may call; there is no wildcard."
    )
    trusted_proxies: Networks = Field(
        default_factory=list, description="JSON list of the gateway's networks, whose X-Forwarded-For is believed."
    )
    edge_proxies: SpacedNetworks = Field(
        default_factory=list,
        description="Networks of proxies in front of the gateway, such as a CDN, with spaces between them.",
    )
    drain: Annotated[Duration, Le(MAX_DRAIN)] = Field(
        default=timedelta(seconds=5),
        description="How long a service serves on after SIGTERM, while it is no longer ready.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines that are written."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="json: one object a line. console: for a terminal."
    )
    otel_exporter_otlp_endpoint: BaseAddress | None = Field(
        default=None, description="Where traces go, as OTLP over HTTP: http://collector:4318. None are made without it."
    )

    @property
    def proxies(self) -> list[Network]:
        """Whose X-Forwarded-For is believed, on whichever of the two hops."""
        return [*self.trusted_proxies, *self.edge_proxies]

    @property
    def most_requests(self) -> int:
        """How many requests may be under way: those that work, and as many that wait for their turn."""
        return self.requests_at_once or 2 * (self.pool_size + self.read_pool_size + 2 * self.max_overflow)

    @model_validator(mode="after")
    def keep_connections_for_every_peer(self) -> Self:
        if self.call_pool_size < 3 * self.calls_per_peer:
            raise ValueError("CALL_POOL_SIZE must be at least 3 x CALLS_PER_PEER, or one slow peer blocks the others")
        return self

    @model_validator(mode="after")
    def be_strict_in_production(self) -> Self:
        if self.profile == "production" and not self.issuer.startswith("https://"):
            raise ValueError("ISSUER must be the site's https:// address in production")
        if self.profile == "production" and self.rate_limits is False:
            raise ValueError("RATE_LIMITS cannot be off in production; raise the one that is too low")
        return self


class MigrationSettings(BaseConfig):
    """What `migrate` needs: the role that owns the tables, which the running service never knows."""

    owner_database_url: DatabaseUrl = Field(description="As DATABASE_URL, of the role that owns the tables.")
    owner_database_password: Secret = Field(description="Of that role.")


def async_url(dsn: PostgresDsn, password: SecretStr) -> URL:
    """SQLAlchemy's address for asyncpg. The password is kept apart so that addresses may be printed."""
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
"""Where pydantic does not say what would be right, or does it in Python's words."""


def in_words(bound: object) -> str:
    """pydantic tells the bounds of times as Python writes them: `datetime.timedelta(days=7)`."""
    text = str(bound)
    if not text.startswith("datetime.timedelta("):
        return text
    parts = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", text)}
    return f"{timedelta(**parts) // timedelta(seconds=1)} s"


def explain(error: ValidationError) -> str:
    """Settings errors in words that name the environment variable, one line each, no values."""
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        name, *place = (str(part) for part in item["loc"]) if item["loc"] else ("",)
        which = name.upper() + "".join(f" ({int(part) + 1}.)" for part in place if part.isdigit())
        said, bounds = item["msg"], {name: in_words(value) for name, value in item.get("ctx", {}).items()}
        if item["type"] in RIGHT:
            said = RIGHT[item["type"]].format_map(bounds)
        lines.append(f"{which}: {said}" if which else said)
    return "\n".join(lines)
