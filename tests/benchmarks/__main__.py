# folder: only with posts
"""`make bench`: the speed of the main routes, as a ratio to a bare app. A table on stdout, and `.local/bench.json`.

SECONDS is the length of one slice of load, ROUNDS the number of slices each server gets (7 at least), ROWS the size
of the large table. ONLY=get_post,create_post measures some of it.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from deploy.local.errors import StackError
from deploy.local.stack import ROOT
from deploy.seed.__main__ import SEED
from deploy.seed.tables import Databases, fill
from deploy.seed.world import World
from deploy.services import DATABASES, STARTED
from posts.config import Settings as PostsSettings
from posts.main import create_app as create_posts
from tests.benchmarks import checks, lists, rows
from tests.benchmarks.house import LARGE, RIVAL, SMALL, House
from tests.benchmarks.load import Load, find_wrk, median_ratio
from tests.benchmarks.recording import Recording, record_gets, record_page, record_post, recorder
from tests.benchmarks.report import show
from tests.benchmarks.traces import measure_traces
from users.config import Settings as UsersSettings
from users.main import create_app as create_users

GETS: Final = 1_000
"""The number of different ids in requests."""
WORLD: Final = 20_000
"""Posts of the seeded world (`make seed`) for reads and writes of single posts and people."""
PEOPLE: Final = 16
"""Authors who write posts, in turn: only one request at a time can change an author's counter."""
PAGE: Final = 20
FAR: Final = 10_000
NEW_POST: Final = {"title": "Recorded", "body": "It was a clear night. " * 10, "tags": ["astronomy"]}
IDS: Final = {
    "users": "SELECT id FROM profiles ORDER BY id LIMIT $1",
    "posts": "SELECT id FROM posts WHERE status = 'published' ORDER BY id LIMIT $1",
}
Result = dict[str, Any]


@dataclass
class Bench:
    """One run."""

    house: House
    seconds: float
    rounds: int
    size: int
    people: list[checks.Person] = field(default_factory=list)
    ids: dict[str, list[int]] = field(default_factory=dict)
    """Requested ids of profiles and posts, by service."""
    others: dict[str, str] = field(default_factory=dict)
    """Services with other databases than their own."""

    def prepare(self) -> None:
        """Fill the databases, start the services, and create an account."""
        say(f"filling a world of {WORLD:,} posts, and lists of {self.size:,}")
        asyncio.run(self.seed())
        for database, count in ((LARGE, self.size), (SMALL, rows.FEW), (RIVAL, rows.FEW)):
            asyncio.run(rows.fill_posts(self.house.superuser_dsn(database), count))
        self.auth = self.house.start_service("auth")
        self.users = self.house.start_service("users")
        self.posts = self.house.start_service("posts")
        self.people = [checks.sign_up_and_in(self.auth) for _ in range(PEOPLE)]
        for person in self.people:
            # the first requests have extra work: they create the profile and the counter
            httpx.get(f"{self.users}/users/me", headers=person.headers, trust_env=False).raise_for_status()
            made = httpx.post(f"{self.posts}/posts", json=NEW_POST, headers=person.headers, trust_env=False)
            made.raise_for_status()

    async def seed(self) -> None:
        """As `make seed`; nobody signs in as one of its people."""
        async with AsyncExitStack() as stacked:
            found = {service: await asyncpg.connect(self.house.superuser_dsn(service)) for service in DATABASES}
            for connection in found.values():
                stacked.push_async_callback(connection.close)
            databases = Databases(found, progress=lambda _: None)
            await fill(databases, World(WORLD, SEED), password_hash="nobody's")
            for connection in found.values():
                await connection.execute("VACUUM (ANALYZE)")
            self.ids = {name: [row["id"] for row in await found[name].fetch(sql, GETS)] for name, sql in IDS.items()}

    @property
    def tokens(self) -> list[str]:
        return [person.token for person in self.people]

    def start_rivals(self) -> None:
        """Record our requests, and start the two apps that replay them."""
        say("recording the SQL and the answers")
        path = self.house.folder / "recordings.json"
        recordings = asyncio.run(self.record())
        path.write_text(json.dumps({name: recording.to_json() for name, recording in recordings.items()}))
        dsns = {f"{name.upper()}_DSN": self.house.dsn(name, name) for name in ("posts", "users")}
        dsns["RIVAL_DSN"] = self.house.dsn(RIVAL, "posts")
        keys = {"JWKS_URL": f"{self.auth}/.well-known/jwks.json", "ISSUER": self.house.stack.url("gateway")}
        self.limit = self.house.start_app("limit", {**dsns, "RECORDING": str(path)})
        self.plain = self.house.start_app("plain", {**dsns, **keys})

    async def record(self) -> dict[str, Recording]:
        posts = create_posts(PostsSettings.model_validate(self.settings("posts", PostsSettings.model_fields)))
        async with recorder(posts, self.tokens[0]) as listening:
            get_post = await record_gets(listening, "posts", "/posts", self.ids["posts"])
            get_page = await record_page(listening, "posts", f"/posts?limit={PAGE}")
            create_post = await record_post(listening, "rival", "/posts", NEW_POST, [one.id for one in self.people])
        users = create_users(UsersSettings.model_validate(self.settings("users", UsersSettings.model_fields)))
        async with recorder(users, self.tokens[0]) as listening:
            get_user = await record_gets(listening, "users", "/users", self.ids["users"])
        return {"get_post": get_post, "get_page": get_page, "get_user": get_user, "create_post": create_post}

    def settings(self, service: str, names: Iterable[str]) -> dict[str, Any]:
        """The settings of a service's process, for an app of it in this process."""
        environment = self.house.environment(service)
        found: dict[str, Any] = {"log_level": "error", "relay": False}
        for name in names:
            if f"{name.upper()}_FILE" in environment:
                found[name] = Path(environment[f"{name.upper()}_FILE"]).read_text()
            elif name.upper() in environment and name not in found:
                value = environment[name.upper()]
                found[name] = json.loads(value) if value.startswith("[") else value
        return found

    def against_limit(self, name: str, load: Load, base: str) -> Result:
        """Measure the plain idiom, the limit and ours in turn, round by round. The plain idiom has no lists."""
        servers = {"plain": self.plain, "limit": self.limit, "ours": base}
        if name == "get_page":
            del servers["plain"]
        rates = load.rounds(servers, self.rounds, self.seconds)
        speeds = {f"{server}_rps": sorted(rate)[len(rate) // 2] for server, rate in rates.items()}
        ratios = {"ratio_to_limit": median_ratio(rates, "ours", "limit")}
        if "plain" in rates:
            ratios["plain_ratio"] = median_ratio(rates, "plain", "limit")
        each = [ours / limit for ours, limit in zip(rates["ours"], rates["limit"], strict=True)]
        return {"name": name, **speeds, **ratios, "ratios": each}

    def get_post(self) -> Result:
        return self.against_limit("get_post", Load("GET", "/posts/%s", self.tokens, self.ids["posts"]), self.posts)

    def get_user(self) -> Result:
        return self.against_limit("get_user", Load("GET", "/users/%s", self.tokens, self.ids["users"]), self.users)

    def get_page(self) -> Result:
        return self.against_limit("get_page", Load("GET", f"/posts?limit={PAGE}", self.tokens), self.posts)

    def create_post(self) -> Result:
        return self.against_limit("create_post", Load("POST", "/posts", self.tokens), self.posts)

    def list_posts(self) -> Result:
        """The same page from many rows and from few; with one connection, to measure cost instead of throughput."""
        few, many = self.posts_on(SMALL), self.posts_on(LARGE)
        servers = {"few": few, "many": many}
        first = self.pages(servers, {"few": f"/posts?limit={PAGE}", "many": f"/posts?limit={PAGE}"})
        far = min(FAR, self.size // PAGE // 2)
        far_page = walk(many, far * PAGE)
        deep = self.pages(servers, {"few": walk(few, rows.FEW // 2), "many": far_page})
        costs = {"cost_first_page": first["cost"], "cost_far_page": deep["cost"]}
        speeds = {"ours_rps": first["many_rps"], "far_rps": deep["many_rps"], "few_rps": first["few_rps"]}
        return {"name": "list_posts", "cost_1m_over_1k": max(costs.values()), **costs, **speeds}

    def lists(self) -> Result:
        names = ("feed_of_busy", "feed_of_silent", "feed_of_both")
        readers = {name: (one.id, one.token) for name, one in zip(names, self.people, strict=False)}
        return lists.measure(self.posts_on(LARGE), self.house.superuser_dsn(LARGE), readers, self.rounds)

    def longest_posts(self) -> Result:
        return lists.measure_longest(self.posts_on(SMALL), self.house.superuser_dsn(SMALL), self.rounds)

    def traces(self) -> Result:
        loads = {
            "read": Load("GET", "/posts/%s", self.tokens, self.ids["posts"]),
            "create": Load("POST", "/posts", self.tokens),
        }
        return measure_traces(self.house, loads, self.rounds, self.seconds)

    def posts_on(self, database: str) -> str:
        """A separate service on that database, started at first use."""
        if database not in self.others:
            url = f"postgresql://posts@127.0.0.1:{self.house.postgres.port}/{database}"
            self.others[database] = self.house.start_service("posts", database, DATABASE_URL=url)
        return self.others[database]

    def pages(self, servers: dict[str, str], paths: dict[str, str]) -> dict[str, float]:
        rates: dict[str, list[float]] = {name: [] for name in servers}
        for number in range(self.rounds + 1):
            for name, base in servers.items():
                rate = Load("GET", paths[name], self.tokens, connections=1).slice(base, max(1.0, self.seconds / 2))
                if number:
                    rates[name].append(rate)
        middle = {f"{name}_rps": sorted(rate)[len(rate) // 2] for name, rate in rates.items()}
        return {**middle, "cost": median_ratio(rates, "few", "many")}

    def token_check(self) -> Result:
        return checks.measure_token_check(self.rounds)

    def signin_overhead(self) -> Result:
        return checks.signin_overhead(self.auth, self.people[0].email, 5 * self.rounds)

    def memory(self) -> Result:
        """The services' memory after all measurements."""
        held = {f"{service}_mb": self.house.memory_mb(service) for service in STARTED}
        return {"name": "memory", **held}


def walk(base: str, rows_before: int) -> str:
    """The path of the page after so many rows, reached by `next_cursor` in the largest steps."""
    cursor = ""
    with httpx.Client(base_url=base, trust_env=False) as client:
        for _ in range(rows_before // 100):
            reply = client.get(f"/posts?limit=100{cursor}").raise_for_status()
            cursor = f"&cursor={reply.json()['next_cursor']}"
    return f"/posts?limit={PAGE}{cursor}"


def say(text: str) -> None:
    sys.stderr.write(f"bench | {text}\n")


def main() -> None:
    find_wrk()
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    local = ROOT / os.environ.get("LOCAL_DIR", ".local")
    local.mkdir(exist_ok=True)
    seconds = float(os.environ.get("SECONDS") or 2)
    rounds, size = int(os.environ.get("ROUNDS") or 7), int(os.environ.get("ROWS") or rows.MANY)
    with tempfile.TemporaryDirectory(dir=local, prefix="bench-") as folder, House(Path(folder)) as house:
        bench = Bench(house, seconds, rounds, size)
        bench.prepare()
        bench.start_rivals()
        parts: list[Callable[[], Result]] = [
            bench.get_post,
            bench.get_user,
            bench.get_page,
            bench.list_posts,
            bench.lists,
            bench.longest_posts,
        ]
        parts += [bench.create_post, bench.token_check, bench.signin_overhead, bench.traces, bench.memory]
        results = []
        for part in parts:
            if not only or part.__name__ in only:
                say(part.__name__)
                results.append(part())
    (local / "bench.json").write_text(json.dumps({"results": results}, indent=1))
    show(results)


if __name__ == "__main__":
    try:
        main()
    except (StackError, ValueError) as error:
        sys.exit(f"bench | {error}")
