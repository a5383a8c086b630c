"""The ports of conduit's rules: calls to the other services, each with the caller's own token.

All raise DependencyUnavailable, and InvalidToken if the caller's session has ended.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any, Protocol

from conduit.services.records import Article, Comment, OpenedSession, Profile, Selection


class Accounts(Protocol):
    """auth: accounts and sessions."""

    async def sign_up(self, email: str, password: str, username: str) -> OpenedSession:
        """Raises EmailTaken, UsernameTaken, FieldsRefused."""

    async def sign_in(self, email: str, password: str) -> OpenedSession:
        """Raises CredentialsInvalid."""

    async def change(self, changes: Mapping[str, str]) -> None:
        """Change `email`, `username` or `password`. Raises EmailTaken, UsernameTaken, UsernameNeeded, FieldsRefused."""


class People(Protocol):
    """users: profiles and follows."""

    async def me(self) -> Profile:
        """The caller's own profile, with the address."""

    async def edit(self, changes: Mapping[str, str | None]) -> Profile:
        """Change `bio` or `image`; and have users learn the account's latest state. Returns the profile."""

    async def named(self, names: Sequence[str]) -> Sequence[Profile]:
        """The existing profiles with these usernames, in their order."""

    async def by_id(self, ids: Set[int]) -> Mapping[int, Profile]:
        """The existing profiles."""

    async def follow(self, user_id: int) -> None:
        """Raises ProfileForbidden, ProfileNotFound, CannotFollowYourself."""

    async def unfollow(self, user_id: int) -> None: ...


class Articles(Protocol):
    """posts: articles, comments, favourites and tags."""

    async def get(self, slug: str) -> Article:
        """Raises ArticleNotFound."""

    async def page(self, wanted: Selection, limit: int, offset: int) -> tuple[Sequence[Article], int]:
        """Some articles without their bodies, the newest first; and how many there are."""

    async def create(self, fields: Mapping[str, Any]) -> Article:
        """Raises FieldsRefused."""

    async def revise(self, article_id: int, fields: Mapping[str, Any]) -> Article:
        """Raises ArticleNotFound, NotYourArticle, FieldsRefused."""

    async def delete(self, article_id: int) -> None:
        """Raises ArticleNotFound, NotYourArticle."""

    async def like(self, article_id: int) -> None:
        """Raises ArticleNotFound, NotYourArticle (blocked)."""

    async def unlike(self, article_id: int) -> None: ...

    async def refresh_follow(self, user_id: int) -> None:
        """Have posts learn whether the caller follows this person, for the feed."""

    async def comments(self, article_id: int) -> Sequence[Comment]:
        """The first 500 comments, the oldest first. Raises ArticleNotFound."""

    async def add_comment(self, article_id: int, body: str) -> Comment:
        """Raises ArticleNotFound, NotYourArticle (blocked), FieldsRefused."""

    async def comment(self, article_id: int, comment_id: int) -> Comment:
        """Raises CommentNotFound."""

    async def delete_comment(self, article_id: int, comment_id: int) -> None:
        """Raises CommentNotFound, NotYourComment."""

    async def tags(self) -> Sequence[str]:
        """Tags in use, those of the latest articles first."""
