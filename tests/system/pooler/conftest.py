# folder: only with posts
"""A local stack behind PgBouncer, as `overlays/production` has it: `make test-pooler`.

Services connect through the poolers, relays and migrations directly. PGBOUNCER is the program: Debian's by default.
"""

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx import AsyncClient

from deploy.kubernetes.budget import by_name, settings_of
from deploy.kubernetes.check import FOLDER, render
from deploy.kubernetes.manifests import Manifest
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.processes import spawn
from deploy.local.secret_files import ensure_secrets
from deploy.local.stack import GATEWAY, POSTGRES, ROOT, Stack
from deploy.services import FIRST_PORT, REGISTRY, STARTED
from tests.system.conftest import LocalStack, Meet
from tests.system.ledger import Verdict
from tests.system.load import Load
from tests.system.pooler.pgbouncer import Instance, Pooler, prepare, version
from tests.system.verdict import judge

TAKEN = ("POOL_SIZE", "READ_POOL_SIZE", "MAX_OVERFLOW", "PREPARED_STATEMENTS")
"""The settings of production that concern the pooler. Its addresses are the cluster's."""
FEW_REPLICAS = 2
"""Of auth and users. posts has as many as its autoscaler may start."""
PREPARES_SINCE = (1, 21)
"""An older PgBouncer passes no prepared statements on to another connection."""


@dataclass
class PooledStack:
    """The stack, its poolers by service, and the relays beside it."""

    stack: LocalStack
    manifests: Sequence[Manifest]
    postgres: Postgres
    poolers: dict[str, Pooler] = field(default_factory=dict)
    relays: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def instances(self) -> list[Instance]:
        return [instance for pooler in self.poolers.values() for instance in pooler.instances]

    def address(self, service: str) -> str:
        """As a service connects: through its pooler, with its password."""
        password = (self.stack.folder / "secrets" / f"{service}-password").read_text()
        return f"postgresql://{service}:{password}@127.0.0.1:{self.poolers[service].port}/{service}"

    def owner_address(self, service: str) -> str:
        """As migrations connect: directly."""
        password = (self.stack.folder / "secrets" / f"{service}-owner-password").read_text()
        return f"postgresql://{service}_owner:{password}@127.0.0.1:{self.postgres.port}/{service}"

    def settings(self, service: str) -> dict[str, str]:
        found = settings_of(self.manifests, service)
        settings = {name: found[name] for name in TAKEN if name in found}
        return settings if version() >= PREPARES_SINCE else settings | {"PREPARED_STATEMENTS": "false"}

    def start_relays(self) -> None:
        """As many as in production, each with the direct address."""
        base = self.stack.base
        ports = {GATEWAY: base} | {name: base + REGISTRY[name].port - FIRST_PORT for name in STARTED}
        here = Stack(self.stack.folder, ports, self.postgres.port)
        for service in STARTED:
            (relay,) = by_name(self.manifests, "Deployment", f"{service}-relay")
            for number in range(relay["spec"]["replicas"]):
                environment = here.service_environment(service, self.postgres.port) | self.settings(service)
                with (self.stack.folder / "logs" / f"{service}-relay-{number}.log").open("ab") as log:
                    command = [sys.executable, "-m", service, "relay"]
                    self.relays.append(
                        spawn(command, log=log, on_our_death=signal.SIGKILL, environment=environment, cwd=ROOT)
                    )

    def stop(self) -> None:
        for relay in self.relays:
            relay.terminate()
        for relay in self.relays:
            relay.wait(30)
        for pooler in self.poolers.values():
            pooler.stop()


@pytest.fixture(scope="session")
def pooled() -> Iterator[PooledStack]:
    with ExitStack() as cleaning:
        folder = Path(cleaning.enter_context(tempfile.TemporaryDirectory(prefix="trivium-pooler-")))
        folder.chmod(0o711)  # PgBouncer does not run as root
        made = lay_out(folder)
        cleaning.callback(made.stack.run, "reset")
        cleaning.callback(made.stop)
        for pooler in made.poolers.values():
            pooler.start()
        started = made.stack.run("start")
        assert started.returncode == 0, started.stdout + started.stderr
        made.start_relays()
        yield made


def lay_out(folder: Path) -> PooledStack:
    """PostgreSQL with the role that looks up passwords, and the configuration of everything else."""
    manifests = render(FOLDER / "overlays" / "production")
    base = free_port(in_a_row=100)  # replicas are ten ports apart
    ports = {service: base + place for place, service in enumerate(STARTED, start=96)}
    stack = LocalStack(folder / "stack", base)
    postgres = Postgres(stack.folder / POSTGRES, port=base + 99)
    ensure_secrets(stack.folder / "secrets")
    with postgres:
        asyncio.run(prepare(postgres))
    made = PooledStack(stack, manifests, postgres)
    for service, port in ports.items():
        (pooler,) = by_name(manifests, "Pooler", f"{service}-pooler")
        password = (stack.folder / "secrets" / f"{service}-password").read_text()
        made.poolers[service] = Pooler(pooler, folder / service, port, postgres, password)
    (scaler,) = by_name(manifests, "HorizontalPodAutoscaler", "posts-api")
    stack.environment = {
        **made.settings("posts"),
        "RELAY": "false",
        "PG_PORT": str(postgres.port),
        "WAYS": json.dumps({service: {"database": f"127.0.0.1:{port}"} for service, port in ports.items()}),
        "REPLICAS": str(FEW_REPLICAS),
        "REPLICAS_POSTS": str(scaler["spec"]["maxReplicas"]),
    }
    return made


@pytest.fixture(scope="session")
def local_stack(pooled: PooledStack) -> LocalStack:
    """For the fixtures `url`, `gateway` and `meet`."""
    return pooled.stack


def note(**figures: object) -> None:
    """Record figures in .local/pooler.json, one line each."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with (ROOT / ".local" / "pooler.json").open("a") as file:
        file.write(json.dumps({"pgbouncer": ".".join(map(str, version())), **figures}) + "\n")


@asynccontextmanager
async def under_load(pooled: PooledStack, gateway: AsyncClient, meet: Meet, what: str) -> AsyncIterator[Load]:
    """Load without retries; at the end everything is read back, and events have arrived."""
    people = [await meet(f"Person {number}") for number in range(5)]
    load = Load(pooled.stack.url, 2.0)
    async with load.on(people) as users:
        await asyncio.sleep(2)
        yield load
        await asyncio.sleep(2)
        await users.repeat_unknown()
    reasons = sorted({outcome.reason[:90] for outcome in load.failed})
    note(what=what, **load.figures(), reasons=reasons[:5])
    assert await judge(pooled.stack, gateway, people, load.ledger) == Verdict()
