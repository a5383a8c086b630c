"""Reports and cases in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from common.db.database import Executor
from common.db.pages import LIMIT, Rows
from common.db.rows import RowReader
from common.ports import Page
from common.schemas import MAX_ID
from posts.models import Author as People
from posts.models import Case as Table
from posts.models import Comment, Post
from posts.models import Report as ReportTable
from posts.repositories.erasing import REPORTED, left_of_the_erased
from posts.repositories.hidden import of_shown_author, shown
from posts.repositories.post_rows import AUTHOR
from posts.services.records import Case, Grounds, Report, Target

KEPT: Final = timedelta(days=90)
"""How long a dismissed case is kept."""
EXCERPT: Final = 500
"""Characters of a reported text in the queue."""
AFTER: Final = bindparam("after", type_=BigInteger)
CASE: Final = bindparam("case", type_=BigInteger)

# The update changes nothing: it locks the case that is already open, so that nobody decides it meanwhile.
OPEN: Final = (
    insert(Table)
    .values(post_id=bindparam("post"), comment_id=bindparam("comment"))
    .on_conflict_do_update(
        index_elements=[Table.post_id, Table.comment_id],
        index_where=Table.status == literal_column("'open'"),
        set_={"status": Table.status},
    )
    .returning(Table.id)
)
ADD: Final = (
    insert(ReportTable)
    .values(case_id=CASE, reporter_id=bindparam("reporter"), reason=bindparam("why"), note=bindparam("note"))
    .on_conflict_do_nothing(index_elements=[ReportTable.reporter_id, ReportTable.case_id])
)
REPORTS: Final = select(
    ReportTable.id,
    Table.post_id,
    Table.comment_id,
    ReportTable.reporter_id,
    ReportTable.reason,
    ReportTable.note,
    ReportTable.created_at,
).join(Table, Table.id == ReportTable.case_id)
OWN: Final = REPORTS.where(ReportTable.case_id == CASE, ReportTable.reporter_id == bindparam("reporter"))
OF_CASE: Final = (
    REPORTS.where(ReportTable.case_id == CASE, ReportTable.id > AFTER).order_by(ReportTable.id).limit(LIMIT)
)

WRITER: Final = case((Table.comment_id.is_(None), Post.author_id), else_=Comment.author_id)
EXISTING: Final = (
    select()
    .select_from(Table)
    .join(Post, Post.id == Table.post_id)
    .outerjoin(Comment, Comment.id == Table.comment_id)
    .where(shown(Post.author_id))
)
BY_REASON: Final = (
    select(ReportTable.reason, func.count().label("reports"), func.max(ReportTable.created_at).label("latest"))
    .where(ReportTable.case_id == Table.id)
    .group_by(ReportTable.reason)
    .correlate(Table)
    .lateral()
)
TOLD: Final = select(
    func.coalesce(func.sum(BY_REASON.c.reports), 0).cast(BigInteger).label("reports_count"),
    func.coalesce(
        func.jsonb_object_agg(BY_REASON.c.reason, BY_REASON.c.reports), literal_column("'{}'::jsonb"), type_=JSONB
    ).label("reasons"),
    func.max(BY_REASON.c.latest).label("latest"),
).lateral()
CASES: Final = (
    EXISTING.add_columns(
        Table.id,
        Table.post_id,
        Table.comment_id,
        Table.status,
        Post.title,
        func.left(func.coalesce(Comment.body, Post.body), EXCERPT).label("excerpt"),
        TOLD.c.reports_count,
        TOLD.c.reasons,
        Table.opened_at,
        func.coalesce(TOLD.c.latest, Table.opened_at).label("latest_at"),
        Table.decided_at,
        case((shown(WRITER), WRITER)).label("author_id"),
        People.name.label("author_name"),
        People.avatar_url.label("author_avatar_url"),
    )
    .outerjoin(People, People.id == WRITER)
    .join(TOLD, true())
)


def page_of(status: str, later: ColumnElement[bool], order: ColumnElement[Any]) -> Rows:
    """A page, cut from the index of cases before any post or report is read."""
    cut = select(Table.id).where(Table.status == literal_column(f"'{status}'"), of_shown_author(Table.post_id), later)
    ids = func.array(cut.order_by(order).limit(LIMIT).correlate(None).scalar_subquery(), type_=ARRAY(BigInteger))
    return CASES.where(Table.id == func.any(ids)).order_by(order)


PAGES: Final[Mapping[str, tuple[Rows, int]]] = {
    "open": (page_of("open", Table.id > AFTER, Table.id.asc()), 0),
    "dismissed": (page_of("dismissed", Table.id < AFTER, Table.id.desc()), MAX_ID),
}
"""By status: the statement of a page, and the place before the first one."""
TARGET: Final = EXISTING.add_columns(Table.post_id, Table.comment_id, WRITER.label("author_id")).where(Table.id == CASE)
LOCK: Final = select(Table.status).where(Table.id == CASE).with_for_update()
DISMISS: Final = update(Table).where(Table.id == CASE).values(status="dismissed", decided_at=func.now())
OLD: Final = (
    select(Table.id)
    .where(Table.decided_at < func.now() - literal_column(f"interval '{KEPT.days} days'"))
    .order_by(Table.decided_at)
    .limit(bindparam("most", type_=BigInteger))
    .with_for_update(skip_locked=True)
)
FORGET: Final = (
    delete(Table)
    .where(Table.id == func.any(func.array(OLD.scalar_subquery(), type_=ARRAY(BigInteger))))
    .returning(Table.id)
)
FORGET_ERASED: Final = left_of_the_erased(*REPORTED)

CASE_ROW: Final = RowReader(Case, last=AUTHOR)
REPORT: Final = RowReader(Report)
TARGET_ROW: Final = RowReader(Target)


@dataclass(frozen=True, slots=True)
class CaseRepository:
    """`CaseReader` and `CaseStore` in PostgreSQL."""

    session: Executor

    async def page(self, status: str, limit: int, after: int | None) -> Page[Case]:
        statement, start = PAGES[status]
        found = await self.session.execute(statement, {"limit": limit + 1, "after": start if after is None else after})
        return Page.cut(CASE_ROW.all(found), limit)

    async def reports(self, case_id: int, limit: int, after: int | None) -> Page[Report]:
        params = {"case": case_id, "limit": limit + 1, "after": after or 0}
        return Page.cut(REPORT.all(await self.session.execute(OF_CASE, params)), limit)

    async def report(self, target: Target, reporter_id: int, grounds: Grounds) -> Report | None:
        place = {"post": target.post_id, "comment": target.comment_id}
        case_id = (await self.session.execute(OPEN, place)).scalar_one()
        params: dict[str, Any] = {"case": case_id, "reporter": reporter_id}
        await self.session.execute(ADD, {**params, "why": grounds.reason, "note": grounds.note})
        return REPORT.one(await self.session.execute(OWN, params))

    async def target(self, case_id: int) -> Target | None:
        return TARGET_ROW.one(await self.session.execute(TARGET, {"case": case_id}))

    async def lock(self, case_id: int) -> str | None:
        status: str | None = (await self.session.execute(LOCK, {"case": case_id})).scalar_one_or_none()
        return status

    async def dismiss(self, case_id: int) -> None:
        await self.session.execute(DISMISS, {"case": case_id})

    async def forget(self, most: int) -> int:
        return len((await self.session.execute(FORGET, {"most": most})).all())

    async def forget_erased(self, most: int) -> int:
        return len((await self.session.execute(FORGET_ERASED, {"most": most})).all())
