"""The data that posts holds about an account, for its export. Copies of users' data (names, follows) are left out."""

from collections.abc import Mapping
from typing import Final

from common.events.exports import Section, bounded_rows, moment, name

POST: Final = "id, title, description, body, tags, created_at, updated_at"
SIZE: Final = "octet_length(title) + octet_length(description) + octet_length(body)"
POSTS: Final = f"""
    SELECT CAST(extract(epoch FROM published_at) * 1000000 AS bigint) || '.' || id AS place, {POST}, published_at
    FROM posts WHERE author_id = :account AND status = 'published' AND (published_at, id) > (:since, :after)
    ORDER BY published_at, id
"""  # noqa: S608  # constants
DRAFTS: Final = f"""
    SELECT id AS place, {POST} FROM posts
    WHERE author_id = :account AND status = 'draft' AND id > :after ORDER BY id
"""  # noqa: S608
COMMENTS: Final = """
    SELECT id AS place, id, post_id, body, created_at, updated_at FROM comments
    WHERE author_id = :account AND id > :after ORDER BY id
"""
LIKES: Final = """
    SELECT post_id AS place, post_id, created_at FROM likes
    WHERE account_id = :account AND post_id > :after ORDER BY post_id
"""
REPORTS: Final = """
    SELECT case_id AS place, case_id, cases.post_id, cases.comment_id, reason, note, created_at
    FROM reports JOIN cases ON cases.id = case_id
    WHERE reporter_id = :account AND case_id > :after ORDER BY case_id
"""
REMOVED: Final = """
    SELECT id AS place, id, post_id, comment_id, title, description, body, tags, reason, note, removed_at FROM removals
    WHERE author_id = :account AND id > :after ORDER BY id
"""
PICTURES: Final = """
    SELECT name AS place, name, '/posts/pictures/' || name || '.webp' AS url, width, height, bytes, created_at
    FROM pictures WHERE account_id = :account AND removed_at IS NULL AND name > :after ORDER BY name
"""
SECTIONS: Final[Mapping[str, Section]] = {
    "posts": Section(bounded_rows(POSTS, "published_at, id", SIZE), "0.0", moment),
    "drafts": Section(bounded_rows(DRAFTS, "id", SIZE)),
    "comments": Section(bounded_rows(COMMENTS, "id", "octet_length(body)")),
    "likes": Section(bounded_rows(LIKES, "post_id")),
    "pictures": Section(bounded_rows(PICTURES, "name"), "", name),
    "reports": Section(bounded_rows(REPORTS, "place", "octet_length(note)")),
    "removed": Section(bounded_rows(REMOVED, "place", f"{SIZE} + octet_length(note)")),
}
