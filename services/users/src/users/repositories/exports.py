"""The data that users holds about an account, for its export, without blocks by others: those are their data."""

from collections.abc import Mapping
from typing import Final

from common.events.exports import Section, bounded_rows, moment, name

PROFILE: Final = (
    "SELECT id AS place, id, email, name, username, bio, avatar_url, followers_count, following_count, "
    "coalesce((SELECT posts_count FROM authored a WHERE a.id = profiles.id), 0) AS posts_count, "  # only with posts
    "created_at, updated_at FROM profiles WHERE id = :account AND id > :after ORDER BY id"
)
FOLLOWING: Final = """
    SELECT followee_id AS place, followee_id AS id, name, since FROM follows JOIN profiles ON profiles.id = followee_id
    WHERE follower_id = :account AND active AND followee_id > :after ORDER BY followee_id
"""
FOLLOWERS: Final = """
    SELECT CAST(extract(epoch FROM since) * 1000000 AS bigint) || '.' || follower_id AS place,
           follower_id AS id, name, since
    FROM follows JOIN profiles ON profiles.id = follower_id
    WHERE followee_id = :account AND active AND (since, follower_id) > (:since, :after) ORDER BY since, follower_id
"""
BLOCKED: Final = """
    SELECT blocked_id AS place, blocked_id AS id, name, since FROM blocks JOIN profiles ON profiles.id = blocked_id
    WHERE blocker_id = :account AND active AND blocked_id > :after ORDER BY blocked_id
"""
PICTURES: Final = """
    SELECT name AS place, name, '/users/pictures/' || name || '.webp' AS url, width, height, bytes, created_at
    FROM pictures WHERE account_id = :account AND removed_at IS NULL AND name > :after ORDER BY name
"""
SECTIONS: Final[Mapping[str, Section]] = {
    "profile": Section(bounded_rows(PROFILE, "id")),
    "following": Section(bounded_rows(FOLLOWING, "id")),
    "followers": Section(bounded_rows(FOLLOWERS, "since, id"), "0.0", moment),
    "blocked": Section(bounded_rows(BLOCKED, "id")),
    "pictures": Section(bounded_rows(PICTURES, "name"), "", name),
}
