"""Comments on posts."""

from dataclasses import dataclass
from typing import Final

from common.errors import PreconditionFailed
from common.ports import Page, Versions
from posts.services.authors import AuthorDirectory
from posts.services.errors import CommentNotFound, NotTheAuthor, PostNotFound, author_deleted
from posts.services.events import moderation_event
from posts.services.pictures import names_in
from posts.services.ports import CommentStore, PostReader, UnitOfWork
from posts.services.records import NOBODY, UNSAID, Comment, Editor, Grounds, PostAuthor, Target

CHANGED: Final = "The comment has changed since."


@dataclass(frozen=True, slots=True)
class CommentQueries:
    """Reads comments."""

    posts: PostReader
    comments: CommentStore
    authors: AuthorDirectory

    async def get(self, post_id: int, comment_id: int) -> Comment:
        """One comment. Raises CommentNotFound."""
        comment = await self.comments.get(post_id, comment_id)
        if comment is None:
            raise no_comment(post_id, comment_id)
        await self.authors.fill_in(comment)
        return comment

    async def page(self, post_id: int, viewer_id: int | None, limit: int, after: int | None) -> Page[Comment]:
        """Comments of a published post, the oldest first. Raises PostNotFound.

        Without those of people whom the viewer blocks. Below their own post, viewers see all: they may delete them.
        """
        post = await self.posts.get(post_id, None)
        if post is None or post.status != "published":
            raise PostNotFound(f"There is no post {post_id}.")
        filtered_for = None if viewer_id == post.author.id else viewer_id
        found = await self.comments.page(post_id, filtered_for, limit, after)
        await self.authors.fill_in(*found.rows)
        return found


@dataclass(frozen=True, slots=True)
class CommentCommands:
    """Changes comments, in the transaction of one request."""

    work: UnitOfWork
    authors: AuthorDirectory

    async def add(self, post_id: int, author_id: int, body: str) -> Comment:
        """Comment on a published post.

        Raises:
            PostNotFound: there is no such post, or it is not published.
            Blocked: the post's author has blocked the caller.
            InvalidToken: the caller's account was deleted.
        """
        await self.authors.ensure_known(author_id)
        post_author = await self.work.posts.lock_for_share(post_id, author_id)
        if post_author is None:
            raise PostNotFound(f"There is no post {post_id}.")
        post_author.require_not_blocked()
        await self._keep_pictures(author_id, body)
        comment = await self.work.comments.add(post_id, author_id, body)
        if comment is None:
            raise author_deleted()
        await self.work.posts.count(post_id, comments=+1)
        return comment

    async def revise(
        self, post_id: int, comment_id: int, editor: Editor, body: str, expected: Versions = None
    ) -> Comment:
        """Replace the text of the caller's own comment.

        Raises:
            CommentNotFound: there is no such comment under this post.
            NotTheAuthor: somebody else wrote it.
            Blocked: the post's author has blocked the caller since. They may still delete it.
            PreconditionFailed: it does not have an expected version.
        """
        await self.authors.ensure_known(editor.id)
        post_author, author = await self._lock(post_id, comment_id, editor)
        if author != editor.id:
            raise NotTheAuthor("Only its author may change a comment.")
        post_author.require_not_blocked()
        await self._keep_pictures(author, body)
        comment = await self.work.comments.revise(comment_id, body, expected)
        if comment is None:
            raise PreconditionFailed(CHANGED)
        return comment

    async def delete(
        self,
        post_id: int,
        comment_id: int,
        editor: Editor,
        expected: Versions = None,
        grounds: Grounds | None = None,
    ) -> None:
        """Delete a comment. Allowed for its author, the post's author, and moderators.

        A moderator's deletion is audited, the author keeps a copy, and the pictures that it shows are removed. With
        `grounds`, it is one also below the moderator's own post.

        Raises:
            CommentNotFound: there is no such comment under this post.
            NotTheAuthor: the editor is none of these.
            PreconditionFailed: it does not have an expected version.
        """
        post_author, author = await self._lock(post_id, comment_id, editor)
        own = editor.id in (author, post_author.id)
        if not own and not editor.moderates:
            raise NotTheAuthor("Only its author, the post's author or a moderator may delete a comment.")
        if grounds or not own:
            grounds = grounds or UNSAID
            target = Target(post_id, comment_id, author if author != NOBODY else None)
            await self.work.removals.keep(target, editor.id, grounds)
            comment = await self.work.comments.get(post_id, comment_id)
            if comment and (names := names_in(comment.body)):
                await self.work.pictures.withdraw(author, names)
            await self.work.events.publish(moderation_event(target, editor.id, reason=grounds.reason))
        if not await self.work.comments.remove(comment_id, expected):
            raise PreconditionFailed(CHANGED)
        await self.work.posts.count(post_id, comments=-1)

    async def _keep_pictures(self, author_id: int, body: str) -> None:
        if names := names_in(body):
            await self.work.pictures.check_later(author_id, names)

    async def _lock(self, post_id: int, comment_id: int, editor: Editor) -> tuple[PostAuthor, int]:
        """The authors of post and comment, locked until this transaction ends: the post first, as everywhere."""
        post_author = await self.work.posts.lock_for_share(post_id, editor.id)
        author = await self.work.comments.lock(post_id, comment_id)
        if post_author is None or author is None:
            raise no_comment(post_id, comment_id)
        return post_author, author


def no_comment(post_id: int, comment_id: int) -> CommentNotFound:
    return CommentNotFound(f"There is no comment {comment_id} under post {post_id}.")
