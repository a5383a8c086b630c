"""Templates of a resource's business rules: its service, and the classes that join those of other resources."""

from textwrap import fill
from typing import Final

from deploy.new_resource.code import lines
from deploy.new_resource.names import Resource

WIDTH: Final = 110
INDENT: Final = "    "


def service(one: Resource) -> str:
    its_id, name, kind = one.its_id, one.singular, one.kind
    return f'''"""{one.all_said.capitalize()}. Each belongs to one account, and only that account sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.errors import PreconditionFailed
from common.ports import Page, Versions
from common.tokens.claims import InvalidToken
from {one.service}.services.errors import {kind}NotFound
from {one.service}.services.ports import {kind}Store, UnitOfWork
from {one.service}.services.records import {kind}

CHANGED: Final = "The {one.said} has changed since."


@dataclass(frozen=True, slots=True)
class {kind}Queries:
    """Reads the caller's own {one.all_said}."""

    {one.plural}: {kind}Store

    async def get(self, {its_id}: int, account_id: int) -> {kind}:
        """One of the account's {one.all_said}. Raises {kind}NotFound, also for somebody else's."""
        {name} = await self.{one.plural}.get({its_id}, account_id)
        if {name} is None:
            raise no_{name}({its_id})
        return {name}

    async def page(self, account_id: int, limit: int, after: int | None) -> Page[{kind}]:
        """The account's {one.all_said}, the newest first."""
        return await self.{one.plural}.page(account_id, limit, after)


@dataclass(frozen=True, slots=True)
class {kind}Commands:
    """Changes {one.all_said}, in the transaction of one request."""

    work: UnitOfWork

    async def create(self, account_id: int, values: Mapping[str, Any]) -> {kind}:
        """Store {one.a}. Raises InvalidToken: the account was deleted a moment ago."""
        {name} = await self.work.{one.plural}.add(account_id, values)
        if {name} is None:
            raise InvalidToken("The account of this token was deleted.")
        return {name}

    async def revise(
        self, {its_id}: int, account_id: int, changes: Mapping[str, Any], expected: Versions = None
    ) -> {kind}:
        """Replace some fields of {one.a}.

        Raises:
            {kind}NotFound: there is none, or it is somebody else's.
            PreconditionFailed: it does not have an expected version.
        """
        {name} = await self._lock({its_id}, account_id)
        if changes:
            revised = await self.work.{one.plural}.revise({its_id}, account_id, changes, expected)
        else:
            revised = {name} if expected is None or {name}.version in expected else None
        if revised is None:
            raise PreconditionFailed(CHANGED)
        return revised

    async def delete(self, {its_id}: int, account_id: int, expected: Versions = None) -> None:
        """Delete {one.a}. Raises {kind}NotFound and PreconditionFailed, as `revise`."""
        await self._lock({its_id}, account_id)
        if not await self.work.{one.plural}.remove({its_id}, account_id, expected):
            raise PreconditionFailed(CHANGED)

    async def _lock(self, {its_id}: int, account_id: int) -> {kind}:
        """The {one.said}, locked until this transaction ends."""
        {name} = await self.work.{one.plural}.lock({its_id}, account_id)
        if {name} is None:
            raise no_{name}({its_id})
        return {name}


def no_{name}({its_id}: int) -> {kind}NotFound:
    return {kind}NotFound(f"You have no {one.said} {{{its_id}}}.")
'''


def error(one: Resource) -> str:
    return f'''class {one.kind}NotFound(NotFound):
    """The caller has no such {one.said}; somebody else may have it."""

    code = "{one.code}"
'''


def record(one: Resource) -> str:
    return f'''@dataclass(frozen=True, slots=True)
class {one.kind}:
    """{one.a.capitalize()}, as its owner sees it."""

    id: int
{lines(one, "    {name}: {python}")}
    created_at: datetime
    updated_at: datetime
    version: int
'''


def port(one: Resource) -> str:
    its_id, kind = one.its_id, one.kind
    return f'''class {kind}Store(Protocol):
    """Reads and changes {one.all_said}. Each method sees only those of the given account."""

    async def add(self, account_id: int, values: Mapping[str, Any]) -> {kind} | None:
        """None if the account was deleted."""

    async def get(self, {its_id}: int, account_id: int) -> {kind} | None: ...

    async def page(self, account_id: int, limit: int, after: int | None) -> Page[{kind}]: ...

    async def lock(self, {its_id}: int, account_id: int) -> {kind} | None:
        """Locked until this transaction ends."""

    async def revise(
        self, {its_id}: int, account_id: int, changes: Mapping[str, Any], expected: Versions
    ) -> {kind} | None:
        """Write the given fields; None if it does not have an expected version."""

    async def remove(self, {its_id}: int, account_id: int, expected: Versions) -> bool:
        """False if it does not have an expected version."""
'''


def commands_provider(one: Resource) -> str:
    return f"""async def get_{one.singular}_commands(session: DbSession) -> {one.kind}Commands:
    return {one.kind}Commands(unit_of_work(session))
"""


def aliases(one: Resource) -> str:
    kind, kinds, name = one.kind, one.kinds, one.singular
    return f'''Read{kinds} = Annotated[{kind}Queries, Depends(FromState("{name}_queries"))]
Write{kinds} = Annotated[{kind}Commands, Depends(get_{name}_commands)]
'''


def export(one: Resource) -> str:
    selected = f"SELECT id AS place, {', '.join(one.columns)}"
    columns = fill(selected, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return f'''{one.constant}: Final = """
{columns}
    FROM {one.plural} WHERE account_id = :account AND id > :after ORDER BY id
"""
'''


def section(one: Resource) -> str:
    """The export's section. A null has no size."""
    sizes = [
        f"coalesce(octet_length({field.name}), 0)" if field.optional else f"octet_length({field.name})"
        for field in one.texts
    ]
    size = ', "' + ' + " "'.join(sizes) + '"' if sizes else ""
    return f'Section(bounded_rows({one.constant}, "id"{size}))'
