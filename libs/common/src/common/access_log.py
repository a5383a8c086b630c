"""The line of each answered request."""

import json
from datetime import UTC, datetime
from typing import Final

import structlog
from starlette.types import Scope

from common.logs import Form, Sink, request_context

log = structlog.get_logger()

encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class AccessLog:
    """Writes the line.

    Built by hand, since every request pays for it: 8 us instead of structlog's 17.
    """

    def __init__(self, service: str, level: str, form: Form, out: Sink) -> None:
        self._service = service
        self._on = level in {"debug", "info"}
        self._json = form == "json"
        self._out = out

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Logs the path only: a query may hold search words."""
        if not self._on:
            return
        ms, client = round(seconds * 1000, 2), scope["state"]["client_ip"]
        about = {"method": scope["method"], "path": scope["path"], "status": status, "ms": ms, "client": client}
        if not self._json:
            log.info("request", **about)
            return
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        head = {"timestamp": now, "level": "info", "event": "request", "service": self._service}
        self._out.write(encode({**head, **request_context(), **about}) + "\n")
        self._out.flush()
