"""Checks over HTTP whether a process is usable."""

from __future__ import annotations

import http.client
import json

PATIENCE = 1.0
NO_ANSWER = "no answer"


def is_ready(port: int, path: str) -> bool:
    """Whether `GET path` answers 200. Direct to the port: proxy settings of the environment are ignored."""
    return why_not_ready(port, path) is None


def why_not_ready(port: int, path: str) -> str | None:
    """The reason why a process is not ready, such as `database: not migrated`; None if it is ready."""
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
