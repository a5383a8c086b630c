"""Authorization matrices (S-31, S-31b): the mechanism of each service's `test_matrix.py`, which has the table.

A table has a line for each operation and thing, a column for each kind of caller, and the expected status in the cell.
An operation without a line fails the tests. Each cell also checks three rules: refused and reading requests change no
row, answers have only the fields of their schema, and private values go only to callers who may see them.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient, Response

from common.tokens.scopes import KEY_SCOPES
from tests.contract import document
from tests.matrix_table import Line, operations

Headers = Mapping[str, Sequence[Mapping[str, str]]]
"""Headers of a kind of caller: one, or several that must all get the same answer."""
Things = Callable[[str], Awaitable[dict[str, Any]]]
"""A new thing of the owner for each cell: the values of `{names}` in paths and bodies."""

VERBS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "BREW")
OVERRIDES: Final = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
FORGED: Final[Mapping[str, Any]] = {
    "role": "admin",
    "roles": ["admin"],
    "is_admin": True,
    "id": 1,
    "owner_id": 1,
    "author_id": 1,
    "email_verified": True,
    "created_at": "2020-01-01T00:00:00Z",
    "password_hash": "x",
    "version": 9,
    "status": "active",
    "likes_count": 9,
    "_method": "DELETE",
}
"""Fields that no caller may set."""

NOBODY: Final = "anon"
PROBLEM: Final = "application/problem+json"
BYTES: Final = "application/octet-stream"
OAUTH: Final = ("/auth/token", "/auth/revoke")
LACKS: Final = 'Bearer realm="trivium", error="insufficient_scope", scope="{}"'
SIGNING_IN: Final = ("sessions", "audit_events", "sign_in_addresses", "sign_in_sources")
"""Tables that repeated sign-ins change."""
# Without the copy of auth's keys, which each process renews every 30 s independent of requests.
TABLES: Final = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'known_keys' ORDER BY tablename"
)
ROWS: Final = (
    """SELECT '{0}' AS name, md5(coalesce(string_agg(one::text, '|' ORDER BY one::text), '')) FROM "{0}" one"""
)


@dataclass
class Matrix:
    """A service's table, and the data to test it.

    `bodies`: by operation, or by operation and thing if they differ; `{names}` in them are those of the thing.
    `private`: names of a thing's values, each with the callers who may see the value.
    """

    app: FastAPI
    client: AsyncClient
    database: "asyncpg.Connection[asyncpg.Record]"
    lines: Sequence[Line]
    headers: Headers
    thing: Things
    bodies: Mapping[str, Mapping[str, Any]]
    private: Mapping[str, set[str]]
    key: Callable[[str], Mapping[str, str]]
    """The headers of the caller `key` with other scopes, separated by spaces."""
    told: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.document = document(self.app)

    async def try_cells(self) -> list[str]:
        """Descriptions of wrong cells; empty if all are right."""
        return [wrong for line in self.lines for wrong in await self.try_line(line)]

    async def try_line(self, line: Line) -> list[str]:
        """Callers who are refused or only read share one thing, and must change nothing; the others get one each."""
        wrong: list[str] = []
        changing = [caller for caller, status in line.cells.items() if status < 300 and line.method != "GET"]
        values, before = await self.thing(line.thing), await self.rows()
        for caller in line.cells.keys() - changing:
            for headers in self.headers[caller]:
                wrong += self.judge(line, caller, values, await self.request(line, values, headers))
                if line.method == "GET":
                    reply = await self.client.head(line.url.format_map(values), headers=dict(headers))
                    if reply.status_code != line.cells[caller] or reply.content:
                        wrong.append(f"{line} by {caller}: {reply.status_code} for HEAD, with {reply.text!r}")
        wrong += await self.changed(before, f"{line} by some who may not")
        for caller in changing:
            for number in range(len(self.headers[caller])):
                values = await self.thing(line.thing)
                reply = await self.request(line, values, self.headers[caller][number])
                wrong += self.judge(line, caller, values, reply)
        return wrong

    def judge(self, line: Line, caller: str, values: Mapping[str, Any], reply: Response) -> Iterator[str]:
        where = f"{line} by {caller}"
        if reply.status_code != line.cells[caller]:
            yield f"{where}: {reply.status_code} instead of {line.cells[caller]}: {reply.text}"
        media_type = "application/json" if line.operation.endswith(OAUTH) else PROBLEM
        if reply.is_error and reply.headers["content-type"] != media_type:
            yield f"{where}: no problem, but {reply.text}"
        if reply.status_code == 401:
            code = "sign-in-required" if caller == NOBODY else "invalid-token"
            if reply.json()["code"] != code or not reply.headers["www-authenticate"].startswith("Bearer"):
                yield f"{where}: 401, but not {code}"
        for extra in self.undeclared(line.operation, reply):
            yield f"{where}: {extra} is in the answer and not in its schema"
        for name in [name for name in self.private if name in values and str(values[name]) in reply.text]:
            self.told.add((name, caller))
            if caller not in self.private[name]:
                yield f"{where}: was told the {name}: {reply.text}"

    async def request(self, line: Line, values: Mapping[str, Any], headers: Mapping[str, str], **more: Any) -> Response:
        if self.takes_bytes(line.operation):
            headers, raw = {**headers, "Content-Type": BYTES}, b"some bytes"
            return await self.client.request(line.method, line.url.format_map(values), headers=headers, content=raw)
        body = {**self.body(line, values), **more}
        kind = "data" if self.takes_form(line.operation) else "json"
        sent: dict[str, Any] = {kind: body} if body or line.method in ("POST", "PATCH") else {}
        return await self.client.request(line.method, line.url.format_map(values), headers=dict(headers), **sent)

    def body(self, line: Line, values: Mapping[str, Any]) -> dict[str, Any]:
        found = self.bodies.get(f"{line.operation} {line.thing}", self.bodies.get(line.operation, {}))
        return {name: part.format_map(values) if isinstance(part, str) else part for name, part in found.items()}

    def described(self, operation: str) -> Any:
        method, path = operation.split()
        return self.document["paths"].get(path, {}).get(method.lower(), {})

    def takes_bytes(self, operation: str) -> bool:
        return BYTES in self.described(operation).get("requestBody", {}).get("content", {})

    def takes_form(self, operation: str) -> bool:
        content = self.described(operation).get("requestBody", {}).get("content", {})
        return "application/x-www-form-urlencoded" in content

    async def try_other_verbs(self) -> list[str]:
        """No path accepts another verb than its own, for any caller, and whatever verb a header or parameter names."""
        wrong: list[str] = []
        served = [operation.split() for operation in operations(self.app)]
        callers = [each for some in self.headers.values() for each in some]
        for path, thing in {line.operation.split()[1]: line.thing for line in self.lines}.items():
            url, before = path.format_map(await self.thing(thing)), await self.rows()
            own = {verb for verb, where in served if where == path}
            own |= {"HEAD"} if "GET" in own else set()
            forged, query, taken = dict.fromkeys(OVERRIDES, min(own)), {"_method": min(own)}, self.verbs_at(url)
            for verb in [verb for verb in VERBS if verb not in own]:
                # where no route has the verb, it is refused before the caller is known: two are enough
                for headers in callers if verb in taken else (callers[0], callers[-1]):
                    reply = await self.client.request(verb, url, headers=forged | dict(headers), params=query)
                    # "/posts/feed" also matches "/posts/{post_id}", which has more verbs
                    right = reply.is_client_error if verb in taken else reply.status_code == 405
                    if not right or (reply.status_code == 405 and set(reply.headers["allow"].split(", ")) != own):
                        wrong.append(f"{verb} {url}: {reply.status_code} {reply.headers.get('allow')}")
            wrong += await self.changed(before, f"another verb at {path}")
        return wrong

    def verbs_at(self, url: str) -> set[str]:
        """The verbs of all routes that match an address."""
        found = [context.original_route for context in iter_route_contexts(self.app.routes)]
        verbs = {verb for route in found if route.path_regex.match(url) for verb in route.methods or ()}  # type: ignore[attr-defined]
        return verbs | {"HEAD"} if "GET" in verbs else verbs

    async def try_scopes(self) -> list[str]:
        """A key with only the scope that a route's document names gets the same answer as one with all scopes.

        One with all scopes but this one is told which it lacks.
        """
        wrong: list[str] = []
        for line in self.lines:
            needed = self.scope_of(line.operation)
            if needed is None:
                continue
            values = await self.thing(line.thing)
            before = await self.rows()
            reply = await self.request(line, values, self.key(" ".join(KEY_SCOPES.keys() - {needed})))
            told = reply.headers.get("www-authenticate")
            if (reply.status_code, told) != (403, LACKS.format(needed)) or reply.json()["code"] != "insufficient-scope":
                wrong.append(f"{line} without {needed}: {reply.status_code} {told} {reply.text}")
            wrong += await self.changed(before, f"{line} without {needed}")
            reply = await self.request(line, values, self.key(needed))
            if reply.status_code != line.cells["key"]:
                wrong.append(f"{line} with {needed}: {reply.status_code} {reply.text}")
        return wrong

    def scope_of(self, operation: str) -> str | None:
        """The scope that an API key needs, by the document."""
        scopes = [scope for one in self.described(operation).get("security", ()) for scope in one.get("user", ())]
        return scopes[0] if scopes else None

    async def try_overrides(self) -> list[str]:
        """A GET stays a GET, whatever verb a header or the query names."""
        wrong: list[str] = []
        for line, caller in self.allowed():
            if line.method == "GET":
                values, before = await self.thing(line.thing), await self.rows()
                url = line.url.format_map(values)
                for verb in ("DELETE", "PUT", "PATCH", "POST"):
                    forged = {**self.headers[caller][0], **dict.fromkeys(OVERRIDES, verb)}
                    query = f"{'&' if '?' in url else '?'}_method={verb}"
                    reply = await self.client.get(url + query, headers=forged)
                    if reply.status_code != line.cells[caller]:
                        wrong.append(f"{line} as {verb}: {reply.status_code} {reply.text}")
                wrong += await self.changed(before, f"{line}, called another verb,")
        return wrong

    async def try_assignments(self) -> list[str]:
        """Fields beyond the schema are refused; in forms and events they are ignored, as their standards demand."""
        wrong: list[str] = []
        for line, caller in self.allowed():
            known = self.fields(line.operation)
            if not known:
                continue
            ignored = self.takes_form(line.operation) or line.url.startswith("/internal/")
            values = await self.thing(line.thing)
            if ignored:
                await self.request(line, values, self.headers[caller][0])  # from here on nothing may change
            before = await self.rows()
            for name in FORGED.keys() - known:
                reply = await self.request(line, values, self.headers[caller][0], **{name: FORGED[name]})
                if reply.status_code != (line.cells[caller] if ignored else 422):
                    wrong.append(f"{line} with {name}: {reply.status_code} {reply.text}")
            wrong += await self.changed(before, f"{line} with more fields", but=SIGNING_IN if ignored else ())
        return wrong

    def allowed(self) -> Iterator[tuple[Line, str]]:
        """Each line with the first caller whose request succeeds."""
        for line in self.lines:
            for caller in [caller for caller, status in line.cells.items() if status < 300 and caller != NOBODY][:1]:
                yield line, caller

    def fields(self, operation: str) -> set[str]:
        content = self.described(operation).get("requestBody", {}).get("content", {})
        return {name for one in content.values() for name in self.resolve(one["schema"]).get("properties", {})}

    def undeclared(self, operation: str, reply: Response) -> Iterator[str]:
        content = self.described(operation).get("responses", {}).get(str(reply.status_code), {}).get("content", {})
        if not reply.is_error and "application/json" in content:
            yield from self.beyond(content["application/json"]["schema"], reply.json())

    def beyond(self, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        """Fields of a value that its schema does not have."""
        schema = self.resolve(schema)
        for choice in schema.get("anyOf", ()):
            schema = self.resolve(choice) if "null" not in choice.get("type", "") else schema
        if "discriminator" in schema:
            mark = schema["discriminator"]["propertyName"]
            schema = self.resolve({"$ref": schema["discriminator"]["mapping"][value[mark]]})
        if isinstance(value, list):
            for item in value:
                yield from self.beyond(schema.get("items", {}), item)
        elif isinstance(value, dict) and not schema.get("additionalProperties"):
            known = schema.get("properties", {})
            yield from value.keys() - known.keys()
            for name in value.keys() & known.keys():
                yield from self.beyond(known[name], value[name])

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" in schema:
            found: Mapping[str, Any] = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            return found
        return schema

    async def rows(self) -> dict[str, str]:
        """A digest of each table."""
        names = [row["tablename"] for row in await self.database.fetch(TABLES)]
        found = await self.database.fetch(" UNION ALL ".join(ROWS.format(name) for name in names))
        return {row["name"]: row["md5"] for row in found}

    async def changed(self, before: Mapping[str, str], what: str, but: Sequence[str] = ()) -> list[str]:
        after = await self.rows()
        return [f"{what} changed {name}" for name in after if after[name] != before[name] and name not in but]
