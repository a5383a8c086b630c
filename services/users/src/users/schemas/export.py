"""The export, as one JSON document that is written while it is read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from pydantic import Field
from pydantic_core import to_json

from common.schemas import Id, Moment, Outgoing
from users.services.export import Part

Sections = dict[str, list[dict[str, Any]]]


class ExportResponse(Outgoing):
    """All data that the services hold about an account. Later releases may add sections, and fields within them.

    `complete` is the last member. Without it the export is incomplete, and the document is invalid JSON: request it
    again.
    """

    account_id: Id
    exported_at: Moment
    auth: Sections = Field(
        description="`account`, `sessions`, `history`", examples=[{"account": [{"id": 41, "email": "ada@example.com"}]}]
    )
    users: Sections = Field(
        description="`profile`, `following`, `followers`, `blocked`", examples=[{"profile": [{"bio": "Poetical."}]}]
    )
    posts: Sections = Field(
        description="`posts`, `drafts`, `comments`, `likes`", examples=[{"posts": [{"title": "First light"}]}]
    )
    complete: bool = Field(examples=[True], description="Always true, and the last member.")


async def written(account_id: int, parts: AsyncIterator[Part]) -> AsyncIterator[bytes]:
    """The bytes of an ExportResponse, piece by piece."""
    yield to_json({"account_id": account_id, "exported_at": datetime.now(UTC)})[:-1]
    service = section = ""
    async for part in parts:
        start = b""
        if (part.service, part.section) != (service, section):
            end = b"," if not service else b"]," if part.service == service else b"]},"
            opening = b"" if part.service == service else to_json(part.service) + b":{"
            start = end + opening + to_json(part.section) + b":["
            service, section, comma = part.service, part.section, b""
        for item in part.items:
            start += comma + to_json(item)
            comma = b","
        yield start
    yield b']},"complete":true}'
