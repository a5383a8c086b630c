"""Errors of the OAuth endpoints. RFC 6749, section 5.2, prescribes their media type and two members.

Otherwise they are problems (RFC 9457). Strict clients reject another media type, and could not tell a dead refresh
token from an outage.
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
"""By status, if the error class has no `oauth_error`. The last two values are from section 4.1.2.1."""
UNSPEAKABLE: Final = re.compile(r"[^ !#-\[\]-~]")


def is_oauth_endpoint(scope: Scope) -> bool:
    """Whether the request is for an OAuth endpoint (`oauth` of `common.http.routing.ServiceRoute`)."""
    spoken: bool = getattr(scope.get("route"), "oauth", False)
    return spoken


def error_of(status: int) -> str:
    return ERRORS.get(status, INVALID_REQUEST)


def members(status: int, detail: str) -> dict[str, Any]:
    """The members that it has beside those of a problem. A description is printable ASCII without `"` and `\\`."""
    return {"error": error_of(status), "error_description": UNSPEAKABLE.sub("?", detail.replace('"', "'"))}
