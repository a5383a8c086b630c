"""Ask a process over HTTP whether it is usable."""

from __future__ import annotations

import http.client

PATIENCE = 1.0


def is_ready(port: int, path: str) -> bool:
    """Say whether `GET path` answers 200. Straight to the port: no proxy of the person's settings is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
