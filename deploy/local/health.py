"""Ask a process over HTTP whether it is usable."""

from __future__ import annotations

import http.client
import json

PATIENCE = 1.0
NO_ANSWER = "no answer"


def is_ready(port: int, path: str) -> bool:
    """Say whether `GET path` answers 200. Straight to the port: no proxy of the person's settings is asked."""
    return why_not_ready(port, path) is None


def why_not_ready(port: int, path: str) -> str | None:
    """Ask a process what it lacks, as in `database: not migrated`; None if it lacks nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        reply = connection.getresponse()
        if reply.status == 200:
            return None
        told = json.loads(reply.read())
        return "; ".join(told.get("missing") or [str(told.get("status", reply.status))])
    except ValueError:
        return f"GET {path} answers no JSON"
    except (OSError, http.client.HTTPException):
        return NO_ANSWER
    finally:
        connection.close()
