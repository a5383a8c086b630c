"""Changes of posts, and who may make them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.errors import PreconditionFailed
from common.ports import Versions
from posts.services.authors import AuthorDirectory
from posts.services.errors import AlreadyPublished, NotTheAuthor, PostNotFound, author_deleted
from posts.services.events import author_event, moderation_event
from posts.services.pictures import names_in
from posts.services.ports import UnitOfWork
from posts.services.records import UNSAID, AuthorStats, Editor, Grounds, Post, Target

CHANGED: Final = "The post has changed since."


@dataclass(frozen=True, slots=True)
class PostCommands:
    """Changes posts, in the transaction of one request."""

    work: UnitOfWork
    authors: AuthorDirectory

    async def create(self, author_id: int, values: Mapping[str, Any]) -> Post:
        """Store a post or a draft. Raises InvalidToken: the author was deleted a moment ago."""
        await self.authors.ensure_known(author_id)
        if names := names_in(values["body"]):
            await self.work.pictures.check_later(author_id, names)
        added = await self.work.posts.add(author_id, values)
        if added is None:
            raise author_deleted()
        post, stats = added
        if post.status == "published":
            await self._publish(stats)
        return post

    async def revise(self, post_id: int, editor: Editor, changes: Mapping[str, Any], expected: Versions = None) -> Post:
        """Replace some fields of a post. Publishing is one-way.

        Raises:
            PostNotFound: there is no such post, or it is somebody else's draft.
            NotTheAuthor: the editor did not write it.
            AlreadyPublished: it cannot become a draft again.
            PreconditionFailed: it does not have an expected version.
        """
        await self.authors.ensure_known(editor.id)
        author_id, status = await self._may_change(post_id, editor)
        if status == "published" and changes.get("status") == "draft":
            raise AlreadyPublished("A published post cannot become a draft again.")
        if "body" in changes:
            await self.work.pictures.check_later(author_id, names_in(changes["body"]), post_id)
        if changes and not await self.work.posts.revise(post_id, changes, expected):
            raise PreconditionFailed(CHANGED)
        if status == "draft" and changes.get("status") == "published":
            await self._count(author_id, +1)
        post = await self._stored(post_id, editor.id)
        if not changes and expected is not None and post.version not in expected:
            raise PreconditionFailed(CHANGED)
        return post

    async def delete(self, post_id: int, editor: Editor, expected: Versions = None, grounds: Grounds = UNSAID) -> None:
        """Delete a post with everything that belongs to it.

        Moderators may delete published posts: that is audited, the author keeps a copy of the text, and their
        pictures that it shows are removed.

        Raises:
            PostNotFound, NotTheAuthor, PreconditionFailed: as for `revise`.
        """
        author_id, status = await self._may_change(post_id, editor, or_moderate=True)
        if editor.id != author_id:
            target = Target(post_id, None, author_id)
            await self.work.removals.keep(target, editor.id, grounds)
            shown = names_in((await self._stored(post_id, editor.id)).body)
            await self.work.pictures.withdraw(author_id, shown)
            await self.work.events.publish(moderation_event(target, editor.id, reason=grounds.reason))
        else:
            await self.work.pictures.check_later(author_id, [], post_id)
        if not await self.work.posts.remove(post_id, expected):
            raise PreconditionFailed(CHANGED)
        if status == "published":
            await self._count(author_id, -1)

    async def like(self, post_id: int, account_id: int) -> None:
        """Like a published post; a repetition changes nothing.

        Raises:
            PostNotFound: there is no such post, or it is not published.
            Blocked: its author has blocked the caller.
        """
        post_author = await self.work.posts.lock_for_share(post_id, account_id)
        if post_author is None:
            raise PostNotFound(f"There is no post {post_id}.")
        post_author.require_not_blocked()
        if await self.work.posts.like(post_id, account_id):
            await self.work.posts.count(post_id, likes=+1)

    async def unlike(self, post_id: int, account_id: int) -> None:
        """Remove a like; a repetition changes nothing. Allowed also after a block by the post's author."""
        if await self.work.posts.lock_for_share(post_id, account_id) and await self.work.posts.unlike(
            post_id, account_id
        ):
            await self.work.posts.count(post_id, likes=-1)

    async def _may_change(self, post_id: int, editor: Editor, *, or_moderate: bool = False) -> tuple[int, str]:
        """The post's author and status, locked for the change."""
        found = await self.work.posts.lock(post_id)
        if found is None:
            raise PostNotFound(f"There is no post {post_id}.")
        author_id, status = found
        if author_id == editor.id or (or_moderate and editor.moderates and status == "published"):
            return found
        if status == "draft":
            raise PostNotFound(f"There is no post {post_id}.")
        raise NotTheAuthor("Only its author may do this.")

    async def _count(self, author_id: int, step: int) -> None:
        """Raises InvalidToken: the author was deleted while publishing."""
        stats = await self.work.stats.count(author_id, step)
        if stats is not None or step > 0:
            await self._publish(stats)

    async def _publish(self, stats: AuthorStats | None) -> None:
        """Raises InvalidToken: there are no stats, since the author was deleted while publishing."""
        if stats is None:
            raise author_deleted()
        await self.work.events.publish(author_event(stats))

    async def _stored(self, post_id: int, viewer_id: int) -> Post:
        post = await self.work.posts.get(post_id, viewer_id)
        if post is None:
            raise PostNotFound(f"There is no post {post_id}.")
        return post
