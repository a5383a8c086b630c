"""Personal data in users' tables: see `tests/personal_data.py`."""

from collections.abc import Mapping
from typing import Final

from tests.personal_data import COUNTER, DERIVED, ERASED, MECHANISM, OUTBOX, PICTURES, REVOKED, Personal, Table

TABLES: Final[Mapping[str, Table]] = {
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
    # begin: only with posts
    "authored": Personal("id = $1", {"id": "profile.id", "posts_count": "profile.posts_count"}, {"version": COUNTER}),
    # end: only with posts
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
    "pictures": PICTURES,
    "erased": ERASED,
    "ended_sessions": REVOKED,
    "token_floors": REVOKED,
    "outbox": OUTBOX,
    "known_keys": MECHANISM,
}
