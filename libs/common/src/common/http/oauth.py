"""Refusals of the OAuth endpoints. RFC 6749, section 5.2, fixes their media type and wants two members.

They stay problems (RFC 9457) in everything else. Strict clients refuse another media type, and would then not know a
dead refresh token from an outage.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.types import Scope

MEDIA_TYPE: Final = "application/json"
INVALID_REQUEST: Final = "invalid_request"
ERRORS: Final[Mapping[int, str]] = {
    401: "invalid_client",
    429: "temporarily_unavailable",
    500: "server_error",
    503: "temporarily_unavailable",
    504: "temporarily_unavailable",
}
"""By status, where no rule has said its own. The last two words are those of section 4.1.2.1."""
UNSPEAKABLE: Final = re.compile(r"[^ !#-\[\]-~]")


def is_oauth_endpoint(scope: Scope) -> bool:
    """Whether the request is for an OAuth endpoint (`oauth` of `common.http.routing.ServiceRoute`)."""
    spoken: bool = getattr(scope.get("route"), "oauth", False)
    return spoken


def error_of(status: int) -> str:
    return ERRORS.get(status, INVALID_REQUEST)


def members(status: int, detail: str) -> dict[str, Any]:
    """What such a refusal has beside the members of a problem. A description has printable ASCII, less `"` and `\\`."""
    return {"error": error_of(status), "error_description": UNSPEAKABLE.sub("?", detail.replace('"', "'"))}
