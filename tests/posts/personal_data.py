"""Personal data in posts' tables: see `tests/personal_data.py`."""

from collections.abc import Mapping
from typing import Final

from tests.personal_data import COPY, COUNTER, DERIVED, ERASED, MECHANISM, OUTBOX, PICTURES, REVOKED, Personal, Table

TABLES: Final[Mapping[str, Table]] = {
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
    "cases": Personal(
        "post_id IN (SELECT id FROM posts WHERE author_id = $1)",
        {},
        dict.fromkeys(
            ("id", "post_id", "comment_id", "status", "opened_at", "decided_at"),
            "others' reports for moderators; a removal is exported",
        ),
    ),
    "reports": Personal(
        "reporter_id = $1",
        {
            "case_id": "reports.case_id",
            "reason": "reports.reason",
            "note": "reports.note",
            "created_at": "reports.created_at",
        },
        {"id": "a number of ours", "reporter_id": "it is whose export it is"},
    ),
    "removals": Personal(
        "author_id = $1",
        {
            "id": "removed.id",
            "post_id": "removed.post_id",
            "comment_id": "removed.comment_id",
            "title": "removed.title",
            "description": "removed.description",
            "body": "removed.body",
            "tags": "removed.tags",
            "reason": "removed.reason",
            "note": "removed.note",
            "removed_at": "removed.removed_at",
        },
        {"author_id": "it is whose export it is", "moderator_id": "another person, whom the author is not told"},
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
    "pictures": PICTURES,
    "tags": "a list of words, nobody's",
    "erased": ERASED,
    "ended_sessions": REVOKED,
    "token_floors": REVOKED,
    "outbox": OUTBOX,
    "known_keys": MECHANISM,
}
