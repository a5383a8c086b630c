"""Reports of posts and comments, and what moderators decide about them.

Whoever locks a target and its case locks the target first: its post, then the comment, then the case.
"""

from dataclasses import dataclass

from common.errors import NotFound
from common.ports import Page
from posts.services.authors import AuthorDirectory
from posts.services.comments import CommentCommands, no_comment
from posts.services.errors import CaseDecided, CaseNotFound, OwnContent, PostNotFound, author_deleted
from posts.services.events import moderation_event
from posts.services.ports import CaseReader, RemovalReader, UnitOfWork
from posts.services.post_commands import PostCommands
from posts.services.records import NOBODY, Case, Editor, Grounds, Removal, Report, Target


@dataclass(frozen=True, slots=True)
class ModerationQueries:
    """Reads reports and removals."""

    cases: CaseReader
    removals: RemovalReader
    authors: AuthorDirectory

    async def page(self, status: str, limit: int, after: int | None) -> Page[Case]:
        """Cases: open ones, the oldest first; or dismissed ones, the newest first."""
        found = await self.cases.page(status, limit, after)
        await self.authors.fill_in(*found.rows)
        return found

    async def reports(self, case_id: int, moderator: Editor, limit: int, after: int | None) -> Page[Report]:
        """The reports of a case, the oldest first; none of an unknown one.

        Raises OwnContent: the moderator wrote what was reported, and authors never see who reported.
        """
        target = await self.cases.target(case_id)
        if target is not None:
            require_others(target, moderator)
        return await self.cases.reports(case_id, limit, after)

    async def removed(self, limit: int, after: int | None) -> Page[Removal]:
        """All removals, the newest first."""
        found = await self.removals.page(limit, after)
        await self.authors.fill_in(*found.rows)
        return found

    async def removed_from(self, author_id: int, limit: int, after: int | None) -> Page[Removal]:
        """Removals of what one author wrote, the newest first."""
        return await self.removals.page_of(author_id, limit, after)


@dataclass(frozen=True, slots=True)
class ReportCommands:
    """Reports posts and comments, in the transaction of one request."""

    work: UnitOfWork

    async def report(self, post_id: int, comment_id: int | None, reporter_id: int, grounds: Grounds) -> Report:
        """Report a published post, or a comment below it. A repetition answers the first report of the open case.

        An author's block does not keep anybody from reporting: blocked people still read the post.

        Raises:
            PostNotFound, CommentNotFound: there is no such thing, or it is not published.
            OwnContent: the reporter wrote it.
            InvalidToken: the reporter's account was deleted a moment ago.
        """
        post_author = await self.work.posts.lock_for_share(post_id, reporter_id)
        author: int | None = post_author.id if post_author else None
        if comment_id is not None and post_author is not None:
            author = await self.work.comments.lock(post_id, comment_id)
        if author is None:
            raise not_found(post_id, comment_id)
        if author == reporter_id:
            raise OwnContent("This is your own.")
        target = Target(post_id, comment_id, None if author == NOBODY else author)
        report = await self.work.cases.report(target, reporter_id, grounds)
        if report is None:
            raise author_deleted()
        return report


@dataclass(frozen=True, slots=True)
class ModerationCommands:
    """Decides cases, in the transaction of one request."""

    work: UnitOfWork
    authors: AuthorDirectory

    async def dismiss(self, case_id: int, moderator: Editor) -> None:
        """Decide that the post or comment stays. A later report opens a new case.

        Raises:
            CaseNotFound: there is no such case.
            CaseDecided: somebody has dismissed it.
            OwnContent: the moderator wrote what was reported.
        """
        target = await self._target(case_id, moderator)
        await self._lock(case_id)
        await self.work.cases.dismiss(case_id)
        await self.work.events.publish(moderation_event(target, moderator.id))

    async def remove(self, case_id: int, moderator: Editor, grounds: Grounds) -> None:
        """Remove the post or comment, and so the case. Its author is told the grounds, and keeps a copy.

        Raises:
            CaseNotFound, CaseDecided, OwnContent: as for `dismiss`.
        """
        target = await self._target(case_id, moderator)
        if not await self._lock_target(target, moderator):
            raise no_case(case_id)
        await self._lock(case_id)
        if target.comment_id is None:
            await PostCommands(self.work, self.authors).delete(target.post_id, moderator, grounds=grounds)
        else:
            comments = CommentCommands(self.work, self.authors)
            await comments.delete(target.post_id, target.comment_id, moderator, grounds=grounds)

    async def _target(self, case_id: int, moderator: Editor) -> Target:
        target = await self.work.cases.target(case_id)
        if target is None:
            raise no_case(case_id)
        require_others(target, moderator)
        return target

    async def _lock_target(self, target: Target, moderator: Editor) -> bool:
        """False if it is gone."""
        if target.comment_id is None:
            return await self.work.posts.lock(target.post_id) is not None
        if await self.work.posts.lock_for_share(target.post_id, moderator.id) is None:
            return False
        return await self.work.comments.lock(target.post_id, target.comment_id) is not None

    async def _lock(self, case_id: int) -> None:
        status = await self.work.cases.lock(case_id)
        if status is None:
            raise no_case(case_id)
        if status != "open":
            raise CaseDecided("Somebody has decided this case.")


def require_others(target: Target, moderator: Editor) -> None:
    """Raises OwnContent."""
    if target.author_id == moderator.id:
        raise OwnContent("Somebody else sees to what you wrote.")


def no_case(case_id: int) -> CaseNotFound:
    return CaseNotFound(f"There is no case {case_id}.")


def not_found(post_id: int, comment_id: int | None) -> NotFound:
    return PostNotFound(f"There is no post {post_id}.") if comment_id is None else no_comment(post_id, comment_id)
