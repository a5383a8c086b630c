"""The export, as one JSON document that is written while it is read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, create_model
from pydantic_core import to_json

from common.schemas import Id, Moment, Outgoing
from common.services import EXPORTERS
from users.services.export import Part

Sections = dict[str, list[dict[str, Any]]]


class ExportStart(Outgoing):
    """The first members of an export."""

    account_id: Id
    exported_at: Moment


def section_lists(service: str) -> Any:
    example: Sections = {"things": [{"id": 7, "name": "First light"}]}
    return Sections, Field(
        description=f"The data that {service} holds, as a list for each section.", examples=[example]
    )


ExportResponse = create_model(
    "ExportResponse",
    __base__=ExportStart,
    __doc__="""All data that the services hold about an account. Later releases may add services, sections, and fields.

    `complete` is the last member. Without it the export is incomplete, and the document is invalid JSON: request it
    again.
    """,
    **{service: section_lists(service) for service in EXPORTERS},
    complete=(bool, Field(examples=[True], description="Always true, and the last member.")),
)


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
