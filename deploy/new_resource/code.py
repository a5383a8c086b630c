"""Templates of a resource's own modules: model, migration, schemas, repository and router."""

from textwrap import indent

from deploy.new_resource.names import Field, Resource


def model(one: Resource) -> str:
    columns = {field.type.column.partition("(")[0] for field in one.fields}
    kinds = ", ".join(sorted({*columns, "BigInteger", "DateTime", "Identity", "Index", "Integer"}, key=str.lower))
    return f'''"""{one.all_said.capitalize()}."""

from datetime import datetime

from sqlalchemy import {kinds}, text
from sqlalchemy.orm import Mapped, mapped_column

from {one.service}.database import Base


class {one.kind}(Base):
    """{one.a.capitalize()} of one account of auth, visible only to it."""

    __tablename__ = "{one.plural}"
    __table_args__ = (Index("ix_{one.plural}_by_account", "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
{lines(one, "    {name}: Mapped[{python}] = mapped_column({column})")}
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
'''


def migration(one: Resource, revision: str, before: str) -> str:
    return f'''"""{one.all_said}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.create_table(
        "{one.plural}",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
{indent(migrated(one), "        ")}
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_{one.plural}")),
    )
    op.create_index("ix_{one.plural}_by_account", "{one.plural}", ["account_id", "id"], unique=False)
    op.execute(
        "CREATE TRIGGER {one.plural}_not_of_the_erased BEFORE INSERT ON {one.plural}"
        " FOR EACH ROW WHEN (is_erased(NEW.account_id)) EXECUTE FUNCTION leave_out()"
    )


def downgrade() -> None:
    op.drop_index("ix_{one.plural}_by_account", table_name="{one.plural}")
    op.drop_table("{one.plural}")
'''


def migrated(one: Resource) -> str:
    return "\n".join(
        f'sa.Column("{field.name}", sa.{called(field.type.column)}, nullable={field.optional}),' for field in one.fields
    )


def called(column: str) -> str:
    return column if column.endswith(")") else f"{column}()"


def schemas(one: Resource) -> str:
    outgoing = {field.type.outgoing for field in one.fields} - {"str", "int", "bool"}
    names = {field.type.incoming for field in one.fields} | outgoing | {"Id", "Incoming", "Moment", "Outgoing"}
    is_partial = any(not field.optional for field in one.fields)
    not_given = "NOT_GIVEN: Any = None  # the default of fields that may be left out but are never null\n\n"
    return f'''"""Schemas of {one.all_said}."""

{"from typing import Any" if is_partial else ""}

from pydantic import Field

from common.schemas import {", ".join(sorted(names))}

{not_given if is_partial else ""}
class {one.kind}Create(Incoming):
    """A new {one.said}."""

{created(one)}


class {one.kind}Update(Incoming):
    """The fields to change; others stay."""

{updated(one)}


class {one.kind}Response(Outgoing):
    """{one.a.capitalize()}."""

    id: Id
{answered(one)}
    created_at: Moment
    updated_at: Moment
'''


def created(one: Resource) -> str:
    return "\n".join(
        f"    {field.name}: {field.type.incoming} | None = Field(default=None, examples=[{field.type.example}])"
        if field.optional
        else f"    {field.name}: {field.type.incoming} = Field(examples=[{field.type.example}])"
        for field in one.fields
    )


def updated(one: Resource) -> str:
    return "\n".join(
        f"    {field.name}: {field.type.incoming} | None = Field(default=None, examples=[{field.type.another}])"
        if field.optional
        else f"    {field.name}: {field.type.incoming} = Field(default=NOT_GIVEN, examples=[{field.type.another}])"
        for field in one.fields
    )


def answered(one: Resource) -> str:
    return "\n".join(
        f"    {field.name}: {field.type.outgoing}{' | None' * field.optional} = Field(examples=[{field.type.example}])"
        for field in one.fields
    )


def repository(one: Resource) -> str:
    texts = ", ".join(f'"{field.name}"' for field in one.texts)
    texts = f"({texts},)" if len(one.texts) == 1 else f"({texts})"
    its_id, row = one.its_id, one.singular.upper()
    return f'''"""{one.all_said.capitalize()} in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, and_, bindparam, delete, desc, exists, func, insert, select, update

from common.db.database import Executor, version_matches, version_params
from common.db.pages import LIMIT, bounded, read_page
from common.db.rows import RowReader
from common.ports import Page, Versions
from {one.service}.models import Erased
from {one.service}.models import {one.kind} as Table
from {one.service}.services.records import {one.kind}

FIELDS: Final = [Table.__table__.c[name] for name in ({", ".join(f'"{name}"' for name in (*one.columns, "version"))})]
TEXTS: Final = {texts}
OWNER: Final = bindparam("account", type_=BigInteger)
# Nothing once the erasure of the account has begun: its rows are hidden at once, and deleted soon.
OWN: Final = and_(Table.account_id == OWNER, ~exists().where(Erased.account_id == OWNER))
THIS: Final = and_(Table.id == bindparam("{its_id}", type_=BigInteger), OWN)
NEWEST: Final = select(*FIELDS).where(OWN).order_by(Table.id.desc()).limit(LIMIT)
FIRST: Final = bounded(NEWEST, desc, "id", texts=TEXTS)
LATER: Final = bounded(NEWEST.where(Table.id < bindparam("after", type_=BigInteger)), desc, "id", texts=TEXTS)
GET: Final = select(*FIELDS).where(THIS)
LOCK: Final = GET.with_for_update()
# Each parameter fills the column of its name.
ADD: Final = insert(Table).returning(*FIELDS)
# Each further parameter changes the column of its name.
REVISE: Final = (
    update(Table)
    .where(THIS, version_matches(Table.version))
    .values(version=Table.version + 1, updated_at=func.now())
    .returning(*FIELDS)
)
REMOVE: Final = delete(Table).where(THIS, version_matches(Table.version)).returning(Table.id)
{row}: Final = RowReader({one.kind})


@dataclass(frozen=True, slots=True)
class {one.kind}Repository:
    """`{one.kind}Store` in PostgreSQL."""

    session: Executor

    async def add(self, account_id: int, values: Mapping[str, Any]) -> {one.kind} | None:
        return {row}.one(await self.session.execute(ADD, {{"account_id": account_id, **values}}))

    async def get(self, {its_id}: int, account_id: int) -> {one.kind} | None:
        return {row}.one(await self.session.execute(GET, {{"{its_id}": {its_id}, "account": account_id}}))

    async def page(self, account_id: int, limit: int, after: int | None) -> Page[{one.kind}]:
        statement = FIRST if after is None else LATER
        place = {{}} if after is None else {{"after": after}}
        found = await self.session.execute(statement, {{"account": account_id, "limit": limit + 1, **place}})
        return read_page(found, {row})

    async def lock(self, {its_id}: int, account_id: int) -> {one.kind} | None:
        return {row}.one(await self.session.execute(LOCK, {{"{its_id}": {its_id}, "account": account_id}}))

    async def revise(
        self, {its_id}: int, account_id: int, changes: Mapping[str, Any], expected: Versions
    ) -> {one.kind} | None:
        this = {{"{its_id}": {its_id}, "account": account_id, **version_params(expected)}}
        return {row}.one(await self.session.execute(REVISE, {{**changes, **this}}))

    async def remove(self, {its_id}: int, account_id: int, expected: Versions) -> bool:
        this = {{"{its_id}": {its_id}, "account": account_id, **version_params(expected)}}
        return (await self.session.execute(REMOVE, this)).one_or_none() is not None
'''


def router(one: Resource) -> str:
    its_id, name, kind = one.its_id, one.singular, one.kind
    create, listed, get, revise, delete = one.operations
    return f'''"""{one.all_said.capitalize()}. Each is private to its owner: to others there is none."""

from common.http.cursors import BadCursor
from common.http.deps import SignedIn
from common.http.etags import IfMatch, WithETag, set_etag
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import service_router
from common.schemas import Id
from {one.service}.deps import Read{one.kinds}, Write{one.kinds}
from {one.service}.schemas.{name} import {kind}Create, {kind}Response, {kind}Update
from {one.service}.services.errors import {kind}NotFound

router = service_router("{one.path}", "{one.all_said}")


@router.post("", status_code=201)
async def {create}(
    new: {kind}Create, caller: SignedIn, commands: Write{one.kinds}, answer: WithETag
) -> {kind}Response:
    """Store {one.a}, visible only to the caller."""
    {name} = await commands.create(caller.account_id, new.model_dump())
    answer.headers["Location"] = f"{one.path}/{{{name}.id}}"
    set_etag(answer, {name}.version)
    return {kind}Response.model_validate({name})


@router.get("", responses=problems(BadCursor))
async def {listed}(caller: SignedIn, queries: Read{one.kinds}, page: Paging) -> PageResponse[{kind}Response]:
    """List the caller's {one.all_said}, the newest first."""
    found = await queries.page(caller.account_id, page.limit, page.after_id("{one.plural}"))
    return page.answer(found, "{one.plural}", lambda {name}: ({name}.id,), {kind}Response)


@router.get("/{{{its_id}}}", responses=problems({kind}NotFound))
async def {get}({its_id}: Id, caller: SignedIn, queries: Read{one.kinds}, answer: WithETag) -> {kind}Response:
    """Get one of the caller's {one.all_said}."""
    {name} = await queries.get({its_id}, caller.account_id)
    set_etag(answer, {name}.version)
    return {kind}Response.model_validate({name})


@router.patch("/{{{its_id}}}", responses=problems({kind}NotFound))
async def {revise}(
    {its_id}: Id,
    changes: {kind}Update,
    caller: SignedIn,
    commands: Write{one.kinds},
    expected: IfMatch,
    answer: WithETag,
) -> {kind}Response:
    """Change some fields of one of the caller's {one.all_said}."""
    {name} = await commands.revise({its_id}, caller.account_id, changes.model_dump(exclude_unset=True), expected)
    set_etag(answer, {name}.version)
    return {kind}Response.model_validate({name})


@router.delete("/{{{its_id}}}", status_code=204, responses=problems({kind}NotFound))
async def {delete}({its_id}: Id, caller: SignedIn, commands: Write{one.kinds}, expected: IfMatch) -> None:
    """Delete one of the caller's {one.all_said}."""
    await commands.delete({its_id}, caller.account_id, expected)
'''


def python_of(field: Field) -> str:
    return field.type.python + " | None" * field.optional


def lines(one: Resource, line: str) -> str:
    """A line for each field."""
    return "\n".join(
        line.format(name=field.name, python=python_of(field), column=field.type.column) for field in one.fields
    )
