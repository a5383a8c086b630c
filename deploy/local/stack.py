"""The local stack: its folder, its ports, and each process's command and settings."""

from __future__ import annotations

import hmac
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from deploy.local.binaries import caddy
from deploy.local.errors import StackError
from deploy.local.ports import PortTaken
from deploy.services import CLIENTS, DATABASES, FIRST_PORT, ISSUER, REGISTRY, SERVICES, setting_of

ROOT = Path(__file__).resolve().parents[2]
CADDYFILE = ROOT / "deploy" / "gateway" / "Caddyfile"
GATEWAY = "gateway"
POSTGRES = "postgres"
CONSOLE = "console"
CONSOLE_TOKEN = "console-token"  # noqa: S105  # the name of its secret, see deploy/console/guard.py
CONSOLE_OFFSET = 10  # from PORT_BASE: no service or replica is there
CONTACT = re.compile(r"(mailto:|tel:|https://)[!-~]+")  # of RFC 9116
MOST_REPLICAS = 9  # of a service: their ports are ten apart
# Front ends under development may call the API from these origins.
DEVELOPMENT_ORIGINS = ("http://localhost:3000", "http://localhost:5173")


@dataclass(frozen=True, slots=True)
class Replica:
    """One process of a service. A single process has the service's name and port."""

    name: str
    service: str
    port: int


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack on this machine; another LOCAL_DIR with other ports is a second stack.

    `ports` has the port of each service, of the gateway and, unless it is off, of the console. If a service has several
    processes, a load balancer (Caddy as well) listens on that port, and the processes on 8011, 8021, … for 8001.
    """

    folder: Path
    ports: Mapping[str, int]
    postgres_port: int | None
    log_format: str = "json"
    counts: Mapping[str, int] = field(default_factory=dict)
    """Replicas by service; one if it is not named."""

    @classmethod
    def from_environment(cls) -> Stack:
        """Read LOCAL_DIR, PORT, PORT_BASE, AUTH_PORT, …, CONSOLE, PG_PORT, and REPLICAS, REPLICAS_AUTH, …."""
        base = _port("PORT_BASE", 8000)
        ports = {GATEWAY: _port("PORT", base)}
        services = [name for name in SERVICES if not REGISTRY[name].off or _is_on(name)]
        for name in services:
            ports[name] = _port(f"{name.upper()}_PORT", base + REGISTRY[name].port - FIRST_PORT)
        if _is_on(CONSOLE, default=True):
            ports[CONSOLE] = _port("CONSOLE_PORT", base + CONSOLE_OFFSET)
        postgres_port = _port("PG_PORT", 0) or None
        counts = {service: _count(f"REPLICAS_{service.upper()}", _count("REPLICAS", 1)) for service in services}
        stack = cls((ROOT / os.environ.get("LOCAL_DIR", ".local")).absolute(), ports, postgres_port, counts=counts)
        named = [*stack.named_ports.values(), *([postgres_port] if postgres_port else [])]
        for port in named:
            if named.count(port) > 1:
                raise PortTaken(f"port {port} is asked for twice: see PORT, PORT_BASE, AUTH_PORT, … and PG_PORT")
        return stack

    def replicas(self, service: str) -> list[Replica]:
        """The names of a service's processes."""
        count, port = self.counts.get(service, 1), self.ports[service]
        if count == 1:
            return [Replica(service, service, port)]
        return [Replica(f"{service}-{number}", service, port + 10 * number) for number in range(1, count + 1)]

    @property
    def services(self) -> list[str]:
        """The services that run in this stack."""
        return [name for name in SERVICES if name in self.ports]

    @property
    def databases(self) -> list[str]:
        """Those of them that have a database."""
        return [name for name in self.services if name in DATABASES]

    @property
    def all_replicas(self) -> list[Replica]:
        """The names of all services' processes."""
        return [replica for service in self.services for replica in self.replicas(service)]

    @property
    def named_ports(self) -> dict[str, int]:
        """Ports by name: of the services, their replicas and the gateway."""
        return {**self.ports, **{replica.name: replica.port for replica in self.all_replicas}}

    @property
    def logs(self) -> Path:
        """The folder of the logs, one file per process."""
        return self.folder / "logs"

    @property
    def site(self) -> Path:
        """The folder of the files for / and /docs, see deploy/gateway/site.py."""
        return self.folder / "site"

    @property
    def mail(self) -> Path:
        """The folder of the mails that auth sends, one file each."""
        return self.folder / "mail"

    @property
    def pictures(self) -> Path:
        """The folder of the pictures that people upload."""
        return self.folder / "pictures"

    @property
    def secrets(self) -> Path:
        """The folder of the secrets, one file each, see secret_files."""
        return self.folder / "secrets"

    def secret(self, name: str) -> str:
        """Read one secret."""
        return (self.secrets / name).read_text()

    def url(self, name: str) -> str:
        """The address of a service, a replica or the gateway."""
        return f"http://127.0.0.1:{self.named_ports[name]}"

    @property
    def console_link(self) -> str | None:
        """The console's address with its token; None if it is off, or has never started."""
        if CONSOLE not in self.ports or not (self.secrets / CONSOLE_TOKEN).exists():
            return None
        return f"{self.url(CONSOLE)}/?token={self.secret(CONSOLE_TOKEN)}"

    def programs(self, postgres_port: int) -> dict[str, tuple[list[str], dict[str, str]]]:
        """The command and environment of each process but PostgreSQL's."""
        run = ["run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
        found = {}
        for replica in self.all_replicas:
            serve = ["-m", replica.service, "serve", "--host", "127.0.0.1", "--port", str(replica.port)]
            environment = self.service_environment(replica.service, postgres_port)
            found[replica.name] = [sys.executable, *serve], environment
        found[GATEWAY] = [str(caddy()), *run], self.gateway_environment()
        if CONSOLE in self.ports:  # it reads the same settings as we do
            found[CONSOLE] = [sys.executable, "-m", "deploy.console"], dict(os.environ)
        return found

    def migration_command(self, service: str) -> list[str]:
        """The command and settings of a service's migration."""
        return [sys.executable, "-m", service, "migrate"]

    @property
    def origins(self) -> str:
        """Origins that may call the API: the stack's own, at both of its names, and front ends under development."""
        port = self.ports[GATEWAY]
        return json.dumps([f"http://127.0.0.1:{port}", f"http://localhost:{port}", *DEVELOPMENT_ORIGINS])

    def service_environment(self, service: str, postgres_port: int) -> dict[str, str]:
        """A service's environment; the user's own variables (LOG_LEVEL, PROFILE, …) are part of it."""
        defaults = {
            "PROFILE": "local",
            "CORS_ORIGINS": self.origins,
            "PYTHONUNBUFFERED": "1",
            "DRAIN": "PT1S",
            "LOG_FORMAT": self.log_format,
            "PICTURES_URL": f"file://{self.pictures}",
        }
        settings = {
            "ISSUER": self.url(GATEWAY),
            "TRUSTED_PROXIES": json.dumps(["127.0.0.1"]),
            "REPLICAS": str(self.counts.get(service, 1)),
        }
        ways = json.loads(os.environ.get("WAYS", "{}")).get(service, {})  # through the proxies and poolers of tests
        if service in DATABASES:
            place = ways.get("database", f"127.0.0.1:{postgres_port}")
            settings["DATABASE_URL"] = f"postgresql://{service}@{place}/{service}"
            settings["DATABASE_PASSWORD_FILE"] = self._file(f"{service}-password")
        if service in CLIENTS:
            settings["CLIENT_SECRET_FILE"] = self._file(f"svc-{service}-secret")
        for secret in REGISTRY[service].secrets:
            settings[setting_of(secret)] = self._file(secret)
        for other in self.services:
            settings[f"{other.upper()}_URL"] = ways.get(other, self.url(other))
        settings["JWKS_URL"] = f"{settings['AUTH_URL']}/.well-known/jwks.json"
        if service == ISSUER:
            defaults["MAIL_DIR"] = str(self.mail)  # SMTP_URL takes precedence
            defaults["MAIL_CODES"] = "true"
            defaults["TRUSTED_DEVICE"] = "P30D"
        environment = {**defaults, **os.environ, **settings, **self._traces()}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling our modules at each start costs 0.2 s of 1.4
        return environment

    @property
    def traces_token(self) -> str:
        """The services send their traces with it. They get nothing with which they could use the console."""
        return hmac.digest(self.secret(CONSOLE_TOKEN).encode(), b"traces", "sha256").hex()

    def _traces(self) -> dict[str, str]:
        """The console takes the services' traces, unless the user has chosen another place for them."""
        if self.console_link is None or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
            return {}
        token = f"Authorization=Bearer%20{self.traces_token}"
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url(CONSOLE),
            "OTEL_EXPORTER_OTLP_HEADERS": token,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            # Enough for a person's clicks. Under load, tracing every request would take nearly half of the speed.
            "TRACES_PER_SECOND": os.environ.get("TRACES_PER_SECOND", "10"),
            "OTEL_BSP_SCHEDULE_DELAY": "1000",  # ms: somebody waits for them
            "OTEL_BSP_MAX_QUEUE_SIZE": "1024",  # spans: less memory
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "256",
        }

    def migration_environment(self, service: str, postgres_port: int) -> dict[str, str]:
        """Add the owner's database access, which the running service never gets."""
        settings = {
            "OWNER_DATABASE_URL": f"postgresql://{service}_owner@127.0.0.1:{postgres_port}/{service}",
            "OWNER_DATABASE_PASSWORD_FILE": self._file(f"{service}-owner-password"),
        }
        if service == ISSUER:
            settings |= {
                setting_of(secret): self._file(secret) for secret in (f"svc-{name}-secret" for name in CLIENTS)
            }
        return {**self.service_environment(service, postgres_port), **settings}

    def gateway_environment(self) -> dict[str, str]:
        """The Caddyfile's placeholders. Caddy's own files stay in our folder."""
        upstreams, balancers = {}, ""
        for service in self.services:
            replicas = self.replicas(service)
            addresses = " ".join(f"127.0.0.1:{replica.port}" for replica in replicas)
            upstreams[f"{service.upper()}_UPSTREAM"] = addresses
            upstreams[f"{service.upper()}_REPLICAS"] = "one" if len(replicas) == 1 else "several"
            if len(replicas) > 1:
                balancers += f"http://:{self.ports[service]} {{\nreverse_proxy {addresses} {{\nimport several\n}}\n}}\n"
        own = {"XDG_DATA_HOME": str(self.folder / "caddy"), "XDG_CONFIG_HOME": str(self.folder / "caddy")}
        own["DOCS_FOLDER"] = str(self.site)
        address = {"GATEWAY_ADDRESS": f"http://:{self.ports[GATEWAY]}", "GATEWAY_BIND": "127.0.0.1"}
        for name in ("DOCS", "PAGE"):
            _is_on(name)
        contact = os.environ.get("SECURITY_CONTACT", "")
        if contact and not CONTACT.fullmatch(contact):
            raise StackError("SECURITY_CONTACT must be an address such as mailto:security@example.com or https://…")
        origins = {"CORS_ORIGINS": os.environ.get("CORS_ORIGINS", self.origins) or "[]"}
        return {**os.environ, **upstreams, **own, **address, **origins, "GATEWAY_MORE": balancers}

    def _file(self, name: str) -> str:
        return str(self.secrets / name)


def code_version() -> str:
    """The version of the current code: the packages' version and, in a Git clone, the commit."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git
        commit = ""
    return metadata.version("trivium-common") + (f"+{commit}" if commit else "")


def shown(path: Path) -> Path:
    """A path relative to the current folder, for messages."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _port(name: str, otherwise: int) -> int:
    value = os.environ.get(name) or str(otherwise)
    if not value.isdigit() or not (int(value) < 65536):
        raise PortTaken(f"{name}={value} is no port: choose a number from 1024 to 65535")
    return int(value)


def _is_on(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name.upper(), "")
    if value not in {"", "on", "off"}:
        raise StackError(f"{name.upper()} must be on or off")
    return value == "on" if value else default


def _count(name: str, otherwise: int) -> int:
    value = os.environ.get(name) or str(otherwise)
    if value not in {str(number) for number in range(1, MOST_REPLICAS + 1)}:
        raise StackError(f"{name}={value}: choose a number from 1 to {MOST_REPLICAS}")
    return int(value)
