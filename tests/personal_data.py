"""Columns with data about an account, their place in its export, and the data that remain after its deletion.

A new table or column fails `tests/test_personal_data.py` until it is listed here, and the service's own tests of export
and erasure until both match this list. Each exception has its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Personal:
    """A table with rows about an account."""

    rows: str
    """The condition that selects an account's rows; `$1` is its id."""
    exported: Mapping[str, str] = field(default_factory=dict)
    """Column -> `section.field` of this service's part of the export; of several sections, any."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Column -> why it is not in the export."""
    kept: str | None = None
    """Why its rows outlive the account; None if they must not."""

    @property
    def columns(self) -> set[str]:
        return {*self.exported, *self.left_out}


OUTBOX: Final = "news on its way, which its receivers hold"
MECHANISM: Final = "no person's"
COPY: Final = "a copy of what users exports"
COUNTER: Final = "says only how often the row was changed"
SECRET: Final = "lets somebody in, or tries it"
HASHED: Final = "known by a hash of an address only, and forgotten by the retention within 30 days"
DERIVED: Final = "made from other columns, for searching"

Table = Personal | str
"""A string is the reason why a whole table has no data about accounts, or is kept."""

REVOKED: Final = "refuses tokens for as long as they last, and is then forgotten"
ERASED: Final = "keeps a deleted account from coming back: its number, for ever"

PERSONAL_DATA: Final[Mapping[str, Mapping[str, Table]]] = {
    "auth": {
        "accounts": Personal(
            "id = $1",
            {
                "id": "account.id",
                "email": "account.email",
                "name": "account.name",
                "username": "account.username",
                "roles": "account.roles",
                "status": "account.status",
                "email_verified_at": "account.email_verified_at",
                "created_at": "account.created_at",
            },
            {"password_hash": SECRET, "tokens_not_before": REVOKED, "version": COUNTER, "search": DERIVED},
            kept="an empty row, so that its number is never given again",
        ),
        "audit_events": Personal(
            "account_id = $1",
            {"at": "history.at", "action": "history.action", "detail": "history.detail"},
            {
                "id": "numbers the lines of all accounts",
                "account_id": "it is whose export it is",
                "actor": "who else did something is theirs; `by_yourself` tells one's own",
                "ip": "of others it is theirs; one's own are in `history.ip`",
            },
            kept="the trail of what was done outlives the account, without its address",
        ),
        "one_time_tokens": Personal(
            "account_id = $1",
            {},
            dict.fromkeys(("token_hash", "purpose", "account_id", "email", "expires_at", "created_at"), SECRET),
        ),
        "sessions": Personal(
            "account_id = $1",
            {
                "id": "sessions.id",
                "client": "sessions.client",
                "user_agent": "sessions.user_agent",
                "ip": "sessions.ip",
                "created_at": "sessions.created_at",
                "rotated_at": "sessions.last_used_at",
                "reissued_at": "sessions.last_used_at",
                "ended_at": "sessions.ended_at",
                "end_reason": "sessions.end_reason",
            },
            {
                "account_id": "it is whose export it is",
                "generation": COUNTER,
                "reissued_for": COUNTER,
                "reissued_as": COUNTER,
                "reissues": COUNTER,
                "secret": SECRET,
            },
        ),
        "deletions": "how far a deletion has come, until it is over",
        "idempotency_keys": "answers to what was asked twice: for 24 h; a deletion takes the account's at once",
        "mail_counts": HASHED,
        "sign_in_addresses": HASHED,
        "sign_in_sources": HASHED,
        "ended_sessions": REVOKED,
        "token_floors": REVOKED,
        "outbox": OUTBOX,
        "service_clients": MECHANISM,
        "signing_keys": MECHANISM,
    },
    "users": {
        "profiles": Personal(
            "id = $1",
            {
                "id": "profile.id",
                "email": "profile.email",
                "name": "profile.name",
                "username": "profile.username",
                "bio": "profile.bio",
                "avatar_url": "profile.avatar_url",
                "followers_count": "profile.followers_count",
                "following_count": "profile.following_count",
                "created_at": "profile.created_at",
                "updated_at": "profile.updated_at",
            },
            {"search": DERIVED, "folded": DERIVED, "version": COUNTER, "account_version": COUNTER},
        ),
        "authored": Personal(
            "id = $1", {"id": "profile.id", "posts_count": "profile.posts_count"}, {"version": COUNTER}
        ),
        "follows": Personal(
            "$1 IN (follower_id, followee_id) AND active",
            {
                "follower_id": "followers.id profile.id",
                "followee_id": "following.id profile.id",
                "since": "followers.since following.since",
            },
            {"active": "only what is active is exported", "version": COUNTER},
        ),
        "blocks": Personal(
            "blocker_id = $1 AND active",
            {"blocked_id": "blocked.id", "since": "blocked.since"},
            {
                "blocker_id": "it is whose export it is; who blocks somebody is the blocker's",
                "active": "only what is active is exported",
                "version": COUNTER,
            },
        ),
        "erased": ERASED,
        "ended_sessions": REVOKED,
        "token_floors": REVOKED,
        "outbox": OUTBOX,
        "known_keys": MECHANISM,
    },
    "posts": {
        "posts": Personal(
            "author_id = $1",
            {
                "id": "posts.id drafts.id",
                "title": "posts.title drafts.title",
                "description": "posts.description drafts.description",
                "body": "posts.body drafts.body",
                "tags": "posts.tags drafts.tags",
                "created_at": "posts.created_at drafts.created_at",
                "updated_at": "posts.updated_at drafts.updated_at",
                "published_at": "posts.published_at",
            },
            {
                "author_id": "it is whose export it is",
                "status": "the section says it",
                "version": COUNTER,
                "words": DERIVED,
            },
        ),
        "comments": Personal(
            "author_id = $1",
            {
                "id": "comments.id",
                "post_id": "comments.post_id",
                "body": "comments.body",
                "created_at": "comments.created_at",
                "updated_at": "comments.updated_at",
            },
            {"author_id": "it is whose export it is", "version": COUNTER},
            kept="those on others' posts stay, without their author",
        ),
        "likes": Personal(
            "account_id = $1",
            {"post_id": "likes.post_id", "created_at": "likes.created_at"},
            {"account_id": "it is whose export it is"},
        ),
        "post_stats": Personal(
            "post_id IN (SELECT id FROM posts WHERE author_id = $1)",
            {},
            dict.fromkeys(("post_id", "likes_count", "comments_count"), "counts what others did"),
        ),
        "post_tags": Personal(
            "post_id IN (SELECT id FROM posts WHERE author_id = $1)",
            {},
            dict.fromkeys(("post_id", "tag", "published_at"), "a copy of the post's, for the lists by tag"),
        ),
        "post_words": Personal(
            "author_id = $1",
            {},
            dict.fromkeys(("post_id", "author_id", "published_at", "words", "cleared"), DERIVED),
        ),
        "author_stats": Personal(
            "author_id = $1",
            {},
            dict.fromkeys(("author_id", "posts_count", "version"), "a count of the posts exported"),
        ),
        "authors": Personal("id = $1", {}, dict.fromkeys(("id", "name", "avatar_url", "version"), COPY)),
        "follows": Personal(
            "$1 IN (follower_id, followee_id)",
            {},
            dict.fromkeys(("follower_id", "followee_id", "active", "version"), COPY),
        ),
        "blocks": Personal(
            "$1 IN (blocker_id, blocked_id)", {}, dict.fromkeys(("blocker_id", "blocked_id", "active", "version"), COPY)
        ),
        "idempotency_keys": Personal(
            "subject = $1::bigint::text",
            {},
            dict.fromkeys(
                ("subject", "method", "path", "key", "fingerprint", "status", "headers", "body", "created_at"),
                "repeats an answer for 24 h, of which the post itself is exported",
            ),
        ),
        "tags": "a list of words, nobody's",
        "erased": ERASED,
        "ended_sessions": REVOKED,
        "token_floors": REVOKED,
        "outbox": OUTBOX,
        "known_keys": MECHANISM,
    },
}


def personal(service: str) -> Mapping[str, Personal]:
    return {name: table for name, table in PERSONAL_DATA[service].items() if isinstance(table, Personal)}


def kept(service: str) -> set[str]:
    return {name for name, table in personal(service).items() if table.kept}
