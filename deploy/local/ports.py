"""Finds free ports of 127.0.0.1, and the process that has a port."""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import socket
from pathlib import Path

from deploy.local.errors import StackError

LISTENING = "0A"

# Below 32768 (Linux) and 49152 (macOS), from where on outgoing connections get theirs by default.
BELOW_OUTGOING = range(10_000, 32_000)


class PortTaken(StackError):
    """Another process listens on the port; the message names the port and, if known, the process."""


_candidates = itertools.count(secrets.randbelow(len(BELOW_OUTGOING)))


def free_port(in_a_row: int = 1) -> int:
    """Find a port that is free at this moment, each call another one; the first, where several in a row are wanted.

    Outgoing connections do not use it: a port that the kernel chooses (bind to 0) may be one's own database
    connection when its server is to start, or to start again.

    Raises:
        StackError: no port is free.
    """
    for _ in range(0, len(BELOW_OUTGOING), in_a_row):
        ports = [BELOW_OUTGOING[next(_candidates) % len(BELOW_OUTGOING)] for _ in range(in_a_row)]
        if ports[-1] - ports[0] == in_a_row - 1 and all(is_free(port) for port in ports):
            return ports[0]
    raise StackError(f"no free ports, {in_a_row} in a row, from {BELOW_OUTGOING.start} to {BELOW_OUTGOING.stop}")


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        # as servers do: connections in TIME_WAIT do not count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EACCES:
                raise PortTaken(f"port {port} may only be used by root: choose one above 1023") from error
            return False
        return True


def require_free(port: int, setting: str) -> None:
    """Refuse a port that is taken.

    Raises:
        PortTaken: with the setting that selects another port.
    """
    if not is_free(port):
        raise PortTaken(f"port {port} is taken{_described(holder(port))}: end that, or choose another with {setting}=")


def _described(pid: int | None) -> str:
    if pid is None:
        return ""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        command = "?"
    return f" by process {pid} ({command[:80]})"


def holder(port: int) -> int | None:
    """Find the process that listens on a port, by /proc; None if that is not visible (another user's, or no Linux)."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            if any(os.readlink(handle) in inodes for handle in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue  # it has ended, or is another user's
    return None
