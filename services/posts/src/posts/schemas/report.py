"""Schemas of reports, cases and removals."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from common.schemas import Id, Incoming, Moment, Outgoing, Text
from posts.schemas.post import AuthorResponse
from posts.services.records import ReportReason

Words = Annotated[Text, StringConstraints(max_length=1000)]
CaseStatus = Literal["open", "dismissed"]
COMMENT = "Null: the post itself."


class ReportCreate(Incoming):
    """Why a post or comment should be looked at."""

    reason: ReportReason = Field(examples=["spam"])
    note: Words = Field(default="", examples=["The same advertisement under ten posts."])


class RemovalCreate(Incoming):
    """Why a post or comment is removed. Its author reads both."""

    reason: ReportReason = Field(examples=["spam"])
    note: Words = Field(default="", examples=["Please do not advertise here."])


class ReportResponse(Outgoing):
    """The caller's report."""

    id: Id
    post_id: Id
    comment_id: Id | None = Field(description=COMMENT)
    reason: ReportReason = Field(examples=["spam"])
    note: str = Field(examples=["The same advertisement under ten posts."])
    created_at: Moment


class CaseReportResponse(ReportResponse):
    """A report, as moderators see it."""

    reporter_id: Id


class CaseResponse(Outgoing):
    """All reports of one post or comment, until a moderator decides."""

    id: Id
    post_id: Id
    comment_id: Id | None = Field(description=COMMENT)
    status: CaseStatus = Field(examples=["open"])
    title: str = Field(examples=["First light"], description="Of the post.")
    excerpt: str = Field(examples=["It was a clear night."], description="The first 500 characters.")
    reports_count: int = Field(examples=[3])
    reasons: dict[str, int] = Field(examples=[{"spam": 2, "other": 1}], description="How many reports have each.")
    opened_at: Moment
    latest_at: Moment = Field(description="Time of the last report.")
    decided_at: Moment | None = Field(description="Null while it is open.")
    author: AuthorResponse | None = Field(description="Null once the author is deleted.")


class OwnRemovalResponse(Outgoing):
    """A post or comment of the caller that a moderator has removed."""

    id: Id
    post_id: Id = Field(description="The post, or the one below which the comment was.")
    comment_id: Id | None = Field(description=COMMENT)
    title: str = Field(examples=["First light"], description="Empty for a comment.")
    description: str = Field(examples=["A clear night at last."])
    body: str = Field(examples=["It was a clear night."])
    tags: list[str] = Field(examples=[["astronomy"]])
    reason: ReportReason = Field(examples=["spam"])
    note: str = Field(examples=["Please do not advertise here."], description="The moderator's words to the author.")
    removed_at: Moment


class RemovalResponse(OwnRemovalResponse):
    """A removal, as moderators see it."""

    moderator_id: Id | None = Field(description="Null once the moderator's account is deleted.")
    author: AuthorResponse | None = Field(description="Null once the author is deleted.")
